import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import type { EntityManager } from 'typeorm'
import { AccountEntity } from '../accounts/account.ts'
import { assertNotAbout } from '../accounts/another-hand.ts'
import { endRightsOfMover } from '../accounts/change-rights.ts'
import { assertNoAdministrator } from '../accounts/may-administer.ts'
import { carriesRights, PositionEntity } from '../organisation/position.ts'
import { tellDeparture } from '../departures/tell-departure.ts'
import { queueUserUpdate } from '../provisioning/queue-access.ts'
import { announcePerson } from './announce-person.ts'
import { PersonEntity, type Person } from './person.ts'
import { noteHand } from './person-hand.ts'
import { idsOf, type Place } from './place.ts'
import { assertBorn } from './rules/assert-born.ts'
import { chinaDay } from './rules/china-day.ts'
import { openPerson, sealPerson } from './sealed-person.ts'
import { assertNoTwin, isKnownHuman } from './twin.ts'

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
 * loses the old set of rights and every token at once; the new set waits for an approval. So do the rights of somebody who
 * gets the address, or the name and birthday, of a leaver or of another entry before: most likely one human with two.
 * Nobody moves or changes himself, in whatever account or through whatever client. Source.
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
  if (!before.active)
    throw new Problem('person-left', said('The person has left.', '该人员已离开。'))
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
    ...(place !== undefined && idsOf(place)),
    version: before.version + 1,
  }
  const moved = (['unitId', 'departmentId', 'positionId'] as const).some(
    (member) => person[member] !== before[member],
  )
  if (!moved && !rewritten) return { person: before, outcome: 'unchanged' }
  await assertNotAbout(
    tx,
    act,
    person.id,
    said('Nobody moves or changes himself.', '不得调动或更改本人。'),
  )
  if (moved && place !== undefined && carriesRights(place.position))
    await assertNoAdministrator(tx, [person.id])
  // Only what changes: who was somebody's twin before it was looked at may still get a birthday.
  const fresh = changedLookups(before, person)
  await assertNoTwin(tx, fresh)
  await tx.save(PersonEntity, person)
  if (moved) {
    await noteHand(tx, person.id, 'placed', act)
    await tellDeparture(
      tx,
      before,
      { kind: 'move', effectiveOn: chinaDay(act.now), toldBy: 'personnel' },
      act,
    )
  }
  if (rewritten) await noteHand(tx, person.id, 'rewritten', act, changedLookups(person, before))
  await announcePerson(tx, person, act)
  if (renamed) await updateEbsUser(tx, person, act)
  // Another department of the same unit gives the same rights in the same range.
  const elsewhere = person.positionId !== before.positionId || person.unitId !== before.unitId
  if (elsewhere || (await isKnownHuman(tx, fresh))) {
    const { positionId: id } = person
    const position = place?.position ?? (await tx.findOneByOrFail(PositionEntity, { id }))
    await endRightsOfMover(tx, person, position, elsewhere ? 'moved' : 'rejoined', act)
  }
  return { person, outcome: moved ? 'moved' : 'changed' }
}

/** What of `to` is compared and is not as in `from`. */
function changedLookups(from: Person, to: Person) {
  return {
    id: to.id,
    emailLookup: to.emailLookup === from.emailLookup ? null : to.emailLookup,
    twinLookup: to.twinLookup === from.twinLookup ? null : to.twinLookup,
  }
}

async function updateEbsUser(tx: EntityManager, person: Person, act: Act) {
  const account = await tx.findOneBy(AccountEntity, { personId: person.id })
  if (account?.administratorRole === null && account.status !== 'disabled')
    await queueUserUpdate(tx, account, person, act)
}
