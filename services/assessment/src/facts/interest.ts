import type { Act } from '@erp-steward/contracts/act'
import { PersonChanged } from '@erp-steward/contracts/directory-events'
import { on, type Subscription } from '@erp-steward/messaging/consumer'
import { handsOf } from '@erp-steward/service-kit/another-person'
import { STILL_OF_INTEREST_DAYS } from '@erp-steward/service-kit/measured-interest'
import type { EntityManager } from 'typeorm'

/** Whom a fact is held for or against. */
export interface Measured {
  readonly personIds: readonly (string | null)[]
  readonly unitIds: readonly string[]
}

/** Tells whether the actor has an interest in what is measured. */
export type HasInterest = (measured: Measured) => boolean

/**
 * Whether the actor has an interest in what is measured: is one of the people, is or lately was of one of the units or of
 * a unit that one of the people is or lately was of, or acts through a client that such a person controls. Who is measured
 * does not make the measure, and a person who moved counts for both units. Source, B-5.6.
 *
 * @param people whom the answers will be asked about, so that their units are known
 */
export async function interestOf(
  tx: EntityManager,
  act: Act,
  people: readonly (string | null)[],
): Promise<HasInterest> {
  const { personId, unitId, now } = act
  const hands = handsOf(act)
  const unitsOf = await unitsOfPeople(tx, [...hands, ...people], now)
  const units = new Set(hands.flatMap((hand) => unitsOf.get(hand) ?? []))
  // The token may be newer than the copy of the directory.
  if (personId !== null && unitId !== null) units.add(unitId)
  return ({ personIds, unitIds }) =>
    hands.some((hand) => personIds.includes(hand)) ||
    unitIds.some((id) => units.has(id)) ||
    personIds.some((id) => id !== null && unitsOf.get(id)?.some((unit) => units.has(unit)) === true)
}

/** The units that people are or lately were of, by person. */
export async function unitsOfPeople(
  tx: EntityManager,
  people: readonly (string | null)[],
  now: Date,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const lately = new Date(now.getTime() - STILL_OF_INTEREST_DAYS * 86_400_000)
  const rows: { personId: string; unitIds: string[] }[] = await tx.query(
    `select person_id as "personId", array_agg(unit_id) as "unitIds" from person_unit
      where person_id = any($1) and (left_at is null or left_at > $2) group by person_id`,
    [[...new Set(people)].filter((id) => id !== null), lately],
  )
  return new Map(rows.map(({ personId, unitIds }) => [personId, unitIds]))
}

/** Everybody whom `interestOf` finds to have an interest in what is measured. */
export async function peopleOfInterest(
  tx: EntityManager,
  { personIds, unitIds }: Measured,
  now: Date,
): Promise<string[]> {
  const people = personIds.filter((id) => id !== null)
  const lately = new Date(now.getTime() - STILL_OF_INTEREST_DAYS * 86_400_000)
  const rows: { personId: string }[] = await tx.query(
    `with past as (select person_id, unit_id from person_unit where left_at is null or left_at > $3)
     select distinct person_id as "personId" from past
      where unit_id = any($2) or unit_id in (select unit_id from past where person_id = any($1))`,
    [people, unitIds, lately],
  )
  return [...people, ...rows.map(({ personId }) => personId)]
}

/** Keeps which units a person was of, and when each was left; events may come in any order. */
export const onPersonMoved: Subscription = on(PersonChanged, async (tx, { data }, { now }) => {
  const { personId, unitId, version } = data
  await tx.query(
    `insert into person_unit (person_id, unit_id, version, left_at)
     select $1, $2, $3, case when exists (
              select from person_unit where person_id = $1 and version > $3) then $4::timestamptz end
     on conflict on constraint person_unit_pkey do update
       set version = excluded.version, left_at = excluded.left_at
       where person_unit.version < excluded.version`,
    [personId, unitId, version, now],
  )
  await tx.query(
    `update person_unit set left_at = $4
      where person_id = $1 and unit_id <> $2 and version < $3 and left_at is null`,
    [personId, unitId, version, now],
  )
})
