import type { Act } from '@erp-steward/contracts/act'
import { Problem } from '@erp-steward/contracts/problem'
import type { EntityManager } from 'typeorm'
import { AccountEntity } from '../accounts/account.ts'
import { assertNotAbout } from '../accounts/another-hand.ts'
import { endRightsOfMover } from '../accounts/change-rights.ts'
import { assertNoAdministrator } from '../accounts/may-administer.ts'
import { carriesRights, PositionEntity } from '../organisation/position.ts'
import { queueUserUpdate } from '../provisioning/queue-access.ts'
import { announcePerson } from './announce-person.ts'
import { PersonEntity, type Person } from './person.ts'
import type { Place } from './place.ts'
import { assertBorn } from './rules/assert-born.ts'
import { openPerson, sealPerson } from './sealed-person.ts'
import { assertNoTwin } from './twin.ts'

export interface ChangePerson {
  readonly name?: string | undefined
  readonly email?: string | null | undefined
  readonly birthday?: string | null | undefined
  /** Where the person belongs from now on. */
  readonly place?: Place
}

export type PersonOutcome = 'moved' | 'changed' | 'unchanged'

/**
 * Moves a person, or changes name, address and birthday; what is the same already changes nothing and is not announced. A mover
 * loses the old set of rights and every token at once; the new set waits for an approval. Nobody moves or changes himself,
 * in whatever account or through whatever client. Source.
 *
 * The caller holds the person's row.
 *
 * @throws Problem `person-left`, `same-person`, `person-twin`, `administrator-has-business-role`, `validation-failed`
 */
export async function changePerson(
  tx: EntityManager,
  before: Person,
  { name, email, birthday, place }: ChangePerson,
  act: Act,
): Promise<{ person: Person; outcome: PersonOutcome }> {
  if (!before.active) throw new Problem('person-left', 'The person has left.')
  assertBorn(birthday, act.now)
  const known = openPerson(tx, before)
  const plain = {
    ...known,
    name: name ?? known.name,
    email: email === undefined ? known.email : email,
    birthday: birthday === undefined ? known.birthday : birthday,
  }
  const renamed = plain.name !== known.name || plain.email !== known.email
  const rewritten = renamed || plain.birthday !== known.birthday
  const person: Person = {
    ...before,
    ...(rewritten && sealPerson(tx, before.id, plain)),
    ...(place !== undefined && {
      unitId: place.unit.id,
      departmentId: place.department.id,
      positionId: place.position.id,
    }),
    version: before.version + 1,
  }
  const moved = (['unitId', 'departmentId', 'positionId'] as const).some(
    (member) => person[member] !== before[member],
  )
  if (!moved && !rewritten) return { person: before, outcome: 'unchanged' }
  await assertNotAbout(tx, act, person.id, 'Nobody moves or changes himself.')
  if (moved && place !== undefined && carriesRights(place.position))
    await assertNoAdministrator(tx, person.id)
  // Only what changes: who was somebody's twin before it was looked at may still get a birthday.
  await assertNoTwin(tx, {
    id: person.id,
    emailLookup: plain.email === known.email ? null : person.emailLookup,
    twinLookup: person.twinLookup === before.twinLookup ? null : person.twinLookup,
  })
  await tx.save(PersonEntity, person)
  await announcePerson(tx, person, act)
  if (renamed) await updateEbsUser(tx, person, act)
  if (moved && place !== undefined) {
    const from = await tx.findOneByOrFail(PositionEntity, { id: before.positionId })
    // Another department of the same unit gives the same rights in the same range.
    if (person.positionId !== before.positionId || person.unitId !== before.unitId)
      await endRightsOfMover(tx, person, from, place.position, act)
  }
  return { person, outcome: moved ? 'moved' : 'changed' }
}

async function updateEbsUser(tx: EntityManager, person: Person, act: Act) {
  const account = await tx.findOneBy(AccountEntity, { personId: person.id })
  if (account?.administratorRole === null && account.status !== 'disabled')
    await queueUserUpdate(tx, account, person, act)
}
