import type { Act } from '@erp-steward/contracts/act'
import { Problem } from '@erp-steward/contracts/problem'
import type { EntityManager } from 'typeorm'
import { AccountEntity } from '../accounts/account.ts'
import { createPersonAccount } from '../accounts/create-account.ts'
import { enableAccount } from '../accounts/enable-account.ts'
import { lockAccount } from '../accounts/lock-account.ts'
import { stateStanding } from '../accounts/state-standing.ts'
import { announcePerson } from './announce-person.ts'
import { leaverReason } from './leave-person.ts'
import { PersonEntity, type Person } from './person.ts'
import type { Place } from './place.ts'

/**
 * Takes a former employee back under the same employee number: the account that the leave shut opens again with the
 * rights of the new position. One that was frozen or disabled before waits for the security administrator, by an account
 * change of kind `enable-account`. The caller holds the person's row.
 *
 * Source.
 *
 * @throws Problem `person-active`
 */
export async function rejoinPerson(
  tx: EntityManager,
  before: Person,
  place: Place,
  act: Act,
): Promise<Person> {
  if (before.active) throw new Problem('person-active', 'The person has not left.')
  const person: Person = {
    ...before,
    unitId: place.unit.id,
    departmentId: place.department.id,
    positionId: place.position.id,
    active: true,
    leaveOn: null,
    leaveKind: null,
    noticedAt: null,
    leftOn: null,
    version: before.version + 1,
  }
  await tx.save(PersonEntity, person)
  await announcePerson(tx, person, act)
  const account = await tx.findOneBy(AccountEntity, { personId: person.id })
  const held = account === null ? null : await lockAccount(tx, account.id)
  if (held === null)
    await createPersonAccount(tx, { person, position: place.position, userName: null }, act)
  else if (held.account.disabledReason === leaverReason(before)) await enableAccount(tx, held, act)
  else await stateStanding(tx, person.id, act)
  return person
}
