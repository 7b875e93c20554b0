import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import type { EntityManager } from 'typeorm'
import { AccountEntity } from '../accounts/account.ts'
import { assertNotAbout } from '../accounts/another-hand.ts'
import { askForGrant } from '../accounts/change-rights.ts'
import { createPersonAccount } from '../accounts/create-account.ts'
import { enableAccount } from '../accounts/enable-account.ts'
import { lockAccount, type HeldAccount } from '../accounts/lock-account.ts'
import { assertNoAdministrator } from '../accounts/may-administer.ts'
import { hasOpenCase } from '../detection/account-case.ts'
import { carriesRights } from '../organisation/position.ts'
import { supersedeAsked } from '../accounts/request-account-change.ts'
import { stateStanding } from '../accounts/state-standing.ts'
import { announcePerson } from './announce-person.ts'
import { leaverReason } from './leave-person.ts'
import { PersonEntity, type Person } from './person.ts'
import { noteHand } from './person-hand.ts'
import { begunAt, type Place } from './place.ts'
import { assertBorn } from './rules/assert-born.ts'
import { openPerson, sealPerson } from './sealed-person.ts'
import { assertNoTwin } from './twin.ts'

export interface RejoinPerson {
  readonly place: Place
  /** Without, the one that is known stays. */
  readonly birthday?: string | null | undefined
}

/**
 * Takes a former employee back under the same employee number: the account that the leave shut opens again, and the
 * rights of the new position wait for an approval, as a mover's do. One that was frozen or disabled before, that a
 * case is open about, and an administrator's, waits for the security administrator, by an account change of kind `enable-account`. The caller holds
 * the person's row.
 *
 * Source.
 *
 * @throws Problem `person-active`, `same-person`, `person-twin`, `administrator-has-business-role`, `validation-failed`
 */
export async function rejoinPerson(
  tx: EntityManager,
  before: Person,
  { place, birthday }: RejoinPerson,
  act: Act,
): Promise<Person> {
  if (before.active)
    throw new Problem('person-active', said('The person has not left.', '该人员并未离开。'))
  await assertNotAbout(
    tx,
    act,
    before.id,
    said('Nobody takes himself back.', '不得为本人办理复职。'),
  )
  const rightsPending = carriesRights(place.position)
  if (rightsPending) await assertNoAdministrator(tx, [before.id])
  assertBorn(birthday, act.now)
  const person: Person = {
    ...before,
    ...(birthday !== undefined &&
      sealPerson(tx, before.id, { ...openPerson(tx, before), birthday })),
    ...begunAt(place),
    version: before.version + 1,
  }
  await assertNoTwin(tx, person)
  await tx.save(PersonEntity, person)
  await noteHand(tx, person.id, 'placed', act)
  await announcePerson(tx, person, act)
  await supersedeAsked(tx, person.id, act)
  const account = await tx.findOneBy(AccountEntity, { personId: person.id })
  const held = account === null ? null : await lockAccount(tx, account.id)
  const { position } = place
  if (held === null)
    await createPersonAccount(tx, { person, position, userName: null, rightsPending }, act)
  else if (isShutByLeave(held, before) && !(await hasOpenCase(tx, held.account.id)))
    await enableAccount(tx, held, act, rightsPending)
  else {
    await stateStanding(tx, person.id, act)
    return person
  }
  if (rightsPending) await askForGrant(tx, person.id, 'rejoined', act)
  return person
}

function isShutByLeave({ account }: HeldAccount, before: Person): boolean {
  return account.administratorRole === null && account.disabledReason === leaverReason(before)
}
