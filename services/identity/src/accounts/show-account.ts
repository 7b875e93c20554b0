import { personalDataOf } from '@erp-steward/service-kit/personal-data'
import type { EntityManager } from 'typeorm'
import { maskedName } from '../people/rules/mask.ts'
import type { Viewer } from '../people/show-person.ts'
import type { AccountInRange } from './accounts-in-range.ts'

/** The account with the name of its person as the viewer may see it. Source. */
export function showAccount(
  tx: EntityManager,
  { seesAll, personId: self, unitId: own, sensitive }: Viewer,
  account: AccountInRange,
): AccountInRange {
  const { personId, personName: sealed, unitId } = account
  if (personId === null || sealed === null) return account
  const name = personalDataOf(tx).open(personId, 'name', sealed)
  const whole = seesAll || self === personId || own === unitId || !sensitive.includes('name')
  return { ...account, personName: whole ? name : maskedName(name) }
}
