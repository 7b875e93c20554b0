import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { chinaDay } from './china-day.ts'

/**
 * Refuses a birthday after today in China.
 *
 * @throws Problem `validation-failed`
 */
export function assertBorn(birthday: string | null | undefined, now: Date): void {
  if (birthday === null || birthday === undefined || birthday <= chinaDay(now)) return
  const detail = said('The birthday is in the future.', '出生日期在将来。')
  throw new Problem('validation-failed', detail, { errors: [{ pointer: '#/birthday', detail }] })
}
