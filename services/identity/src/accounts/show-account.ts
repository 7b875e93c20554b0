import { personalDataOf } from '@erp-steward/service-kit/personal-data'
import type { EntityManager } from 'typeorm'
import { maskedName } from '../people/rules/mask.ts'
import { seesName, type Viewer } from '../people/show-person.ts'
import type { AccountInRange } from './accounts-in-range.ts'
import { openUserName } from './sealed-user-name.ts'

type Shown = Pick<AccountInRange, 'id' | 'userName' | 'personId' | 'personName' | 'unitId'>

/**
 * The account with the name of its person as the viewer may see it; the user name is shown, for it is what whoever may
 * read accounts works with. Source.
 */
export function showAccount<Row extends Shown>(tx: EntityManager, viewer: Viewer, row: Row): Row {
  const account = { ...row, userName: openUserName(tx, row) }
  const { personId, personName: sealed, unitId } = account
  if (personId === null || sealed === null) return account
  const name = personalDataOf(tx).open(personId, 'name', sealed)
  const whole = seesName(viewer, { id: personId, unitId })
  return { ...account, personName: whole ? name : maskedName(name) }
}
