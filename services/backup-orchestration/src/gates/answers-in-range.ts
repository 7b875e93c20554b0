import { said } from '@erp-steward/contracts/bilingual'
import type { EntityManager } from 'typeorm'
import type { GateAnswer, KeptReason } from './gate.ts'

const HIDDEN = said('It is about a target of another unit.', '涉及其他单位的备份对象。')

/**
 * The answers as a unit reads them: what was answered about another unit's target, before systems belonged to a unit or while
 * theirs served the company, does not name it.
 *
 * @param unitId the unit of a caller whose range is a unit; `null` for the company, who reads all
 */
export async function answersInRange(
  tx: EntityManager,
  answers: readonly GateAnswer[],
  unitId: string | null,
): Promise<GateAnswer[]> {
  if (unitId === null) return [...answers]
  const named = answers.flatMap(({ reasons }) => reasons.flatMap((each) => each.targetCode ?? []))
  const readable: { code: string }[] = await tx.query(
    `select t.code from backup_target t join backup_system s on s.code = t.system_code
      where t.code = any($1) and (t.unit_id = $2 or (s.serves = 'company' and s.unit_id = t.unit_id))`,
    [named, unitId],
  )
  const codes = new Set(readable.map(({ code }) => code))
  const shown = (reason: KeptReason): KeptReason =>
    reason.targetCode === null || codes.has(reason.targetCode)
      ? reason
      : { code: reason.code, targetCode: null, detail: HIDDEN }
  return answers.map((answer) => ({ ...answer, reasons: answer.reasons.map(shown) }))
}
