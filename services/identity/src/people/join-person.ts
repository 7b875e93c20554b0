import { randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { ask } from '@erp-steward/messaging/statement'
import type { EntityManager } from 'typeorm'
import type { Account } from '../accounts/account.ts'
import { askForGrant } from '../accounts/change-rights.ts'
import { createPersonAccount } from '../accounts/create-account.ts'
import { carriesRights } from '../organisation/position.ts'
import { stateBlocked } from '../sod/state-blocked.ts'
import { violatedByItself } from '../sod/violations-of.ts'
import { announcePerson } from './announce-person.ts'
import type { Person } from './person.ts'
import { noteHand } from './person-hand.ts'
import { begunAt, type Place } from './place.ts'
import { assertBorn } from './rules/assert-born.ts'
import { sealPerson, type PlainPerson } from './sealed-person.ts'
import { assertNoTwin, isKnownHuman } from './twin.ts'

export interface JoinPerson {
  readonly employeeNumber: string
  readonly name: string
  readonly email: string | null
  readonly birthday: string | null
  readonly place: Place
  /** `null` derives one. */
  readonly userName: string | null
  /** Without, the account waits for an account change of kind `create-account`. */
  readonly withAccount: boolean
}

/**
 * A joiner: the person, the account and its EBS user with the approved rights of the position, in one commit. Whoever has
 * left before under another number gets no rights without an approval, as if that number had rejoined; so does who has
 * what another entry had before, and who joins a position whose rights are incompatible with each other.
 *
 * Source, defaults 2.8.
 *
 * @throws Problem `employee-number-taken`, `user-name-taken`, `person-twin`, `validation-failed`
 */
export async function joinPerson(
  tx: EntityManager,
  joiner: JoinPerson,
  act: Act,
): Promise<{ person: Person; account: Account | null }> {
  const { place, userName, withAccount } = joiner
  const person = newPerson(tx, joiner, act)
  const { position } = place
  // Sent together and done in this order; whatever refuses the joiner undoes the others.
  const [, isNew, isKnown, incompatible] = await Promise.all([
    assertNoTwin(tx, person),
    insertUnlessThere(tx, person),
    withAccount && carriesRights(position) && isKnownHuman(tx, person),
    withAccount ? violatedByItself(tx, position, act.now) : [],
  ])
  if (!isNew)
    throw new Problem(
      'employee-number-taken',
      said('The employee number is in the register.', '该工号已登记。'),
    )
  await noteHand(tx, person.id, 'placed', act)
  await announcePerson(tx, person, act)
  if (!withAccount) return { person, account: null }
  const rightsPending = isKnown || incompatible.length > 0
  const account = await createPersonAccount(tx, { person, position, userName, rightsPending }, act)
  if (incompatible.length > 0) {
    const violations = incompatible.map((each) => ({ ...each, personId: person.id }))
    await stateBlocked(tx, 'joinPerson', violations, act)
  }
  if (rightsPending)
    await askForGrant(tx, person.id, isKnown ? 'rejoined' : 'incompatible duties', act)
  return { person, account }
}

/**
 * A joiner as the row of the register, not written yet.
 *
 * @throws Problem `validation-failed` for a birthday that cannot be
 */
export function newPerson(
  tx: EntityManager,
  { place, employeeNumber, name, email, birthday }: PlainPerson & Pick<JoinPerson, 'place'>,
  act: Act,
): Person {
  assertBorn(birthday, act.now)
  const id = randomUUID()
  return {
    id,
    ...sealPerson(tx, id, { employeeNumber, name, email, birthday }),
    ...begunAt(place),
    version: 1,
    createdAt: act.now,
  }
}

const INSERT_PERSON = {
  name: 'insert person',
  text: `insert into person (id, employee_number, employee_number_lookup, name, name_lookup, email, email_lookup, birthday,
                             twin_lookup, unit_id, department_id, position_id, active, version, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, true, 1, $13)
         on conflict on constraint person_employee_number_key do nothing returning id`,
}

/** The constraint decides whether the number is free, not a look before. */
async function insertUnlessThere(tx: EntityManager, person: Person): Promise<boolean> {
  const inserted = await ask(tx, INSERT_PERSON, [
    person.id,
    person.employeeNumber,
    person.employeeNumberLookup,
    person.name,
    person.nameLookup,
    person.email,
    person.emailLookup,
    person.birthday,
    person.twinLookup,
    person.unitId,
    person.departmentId,
    person.positionId,
    person.createdAt,
  ])
  return inserted.length === 1
}
