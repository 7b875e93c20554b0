import { randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { SodViolationEnded, SodViolationFound } from '@erp-steward/contracts/grant-events'
import { about, Id, InstantOut, nullable, Uuid } from '@erp-steward/contracts/values'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { columnsOf, entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import { insertRows } from '@erp-steward/service-kit/insert-rows'
import { defineTask } from '@erp-steward/service-kit/jobs'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'
import { inForceAt } from '../grants/access-grant.ts'

export const SodViolationState = Type.Enum(['open', 'excepted', 'ended'], {
  title: 'SodViolationState',
  description:
    '`open`: somebody holds both duties; `excepted`: an exception in force covers it; `ended`: nobody does any more.',
})

/** Somebody who holds two incompatible duties, as callers see it. */
export const SodViolationView = Type.Object(
  {
    id: Id,
    personId: about(Uuid, 'Who holds both.'),
    first: Type.String({ description: 'Code of one duty.' }),
    second: Type.String({ description: 'Code of the other.' }),
    held: Type.Array(Type.String(), {
      description: 'Names of the grants that carried them when it was found.',
    }),
    state: SodViolationState,
    exceptionId: nullable(Uuid, 'The exception in force that covers it.'),
    foundAt: about(InstantOut, 'When a look over all people found it.'),
    endedAt: nullable(InstantOut, 'When a later look no longer did.'),
  },
  { title: 'SodViolation' },
)

/** What the looks over all people found. */
export const SodViolationEntity = entityOf(SodViolationView, {
  table: 'sod_violation',
  derived: ['state', 'exceptionId'],
  kept: {
    /** Whether it stands as found in the facts: no exception was in force when somebody last looked. */
    told: Type.Boolean(),
  },
  indices: [
    {
      name: 'sod_violation_open_key',
      columns: ['personId', 'first', 'second'],
      unique: true,
      where: 'ended_at is null',
    },
    { name: 'sod_violation_by_age', columns: ['foundAt', 'id'] },
  ],
  foreignKeys: [
    {
      name: 'sod_violation_person_id_fkey',
      target: 'person',
      columnNames: ['person_id'],
      referencedColumnNames: ['id'],
    },
  ],
})
export type SodViolation = RowOf<typeof SodViolationEntity>

type Pair = Pick<SodViolation, 'personId' | 'first' | 'second'>
type Held = Pair & Pick<SodViolation, 'held'>

const keyOf = ({ personId, first, second }: Pair) => `${personId} ${first} ${second}`

/** SQL: who holds which incompatible duties at `$1`, by relations of pairs and carriers. */
const holders = (pairs: string, carriers: string) => `
  with carried as materialized (
    select person_id, duty, array_agg(distinct access_grant.name) as names
      from ${carriers} as carrier (kind, name, duty)
      join access_grant on access_grant.name = carrier.name and access_grant.kind = carrier.kind
       and ${inForceAt('access_grant', '$1')}
     group by person_id, duty
  )
  select one.person_id as "personId", pair.first, pair.second,
         array(select distinct unnest(one.names || other.names) order by 1) as held
    from ${pairs} as pair (first, second)
    join carried one on one.duty = pair.first
    join carried other on other.duty = pair.second and other.person_id = one.person_id
   order by 1, 2, 3`

/** Who holds incompatible duties at an instant, by the rules in force. */
export const holdersNow = (tx: EntityManager, at: Date): Promise<Held[]> =>
  tx.query(holders('sod_pair', 'sod_carrier'), [at])

/** Who holds duties at an instant that other rules would make incompatible. */
export const holdersUnder = (
  tx: EntityManager,
  { pairs, carriers }: { readonly pairs: unknown; readonly carriers: unknown },
  at: Date,
): Promise<Held[]> =>
  tx.query(
    holders(
      '(select first, second from json_to_recordset($2) as each (first text, second text))',
      '(select kind, name, duty from json_to_recordset($3) as each (kind text, name text, duty text))',
    ),
    [at, JSON.stringify(pairs), JSON.stringify(carriers)],
  )

/** Any number; of two looks at once the second finds what the first wrote. */
const LOOK_LOCK = 7_411_021

/**
 * Looks over all people: keeps who holds incompatible duties, and states who has come to hold them without an exception in
 * force, and who no longer does. Grants are checked where they begin; this finds what an exception that ended, or other
 * rules, leave behind.
 *
 * Source: defaults 2.8.
 */
export async function findViolations(tx: EntityManager, act: Act): Promise<void> {
  await tx.query('select pg_advisory_xact_lock($1)', [LOOK_LOCK])
  const now = await holdersNow(tx, act.now)
  const known: SodViolation[] = await tx.query(
    `select ${columnsOf(SodViolationEntity)} from sod_violation where ended_at is null order by id`,
  )
  const excepted: Pair[] = await tx.query(
    `select distinct person_id as "personId", first, second from sod_exception
      where starts_at <= $1 and ends_at > $1`,
    [act.now],
  )
  const covered = new Set(excepted.map(keyOf))
  const open = new Set(known.map(keyOf))
  const held = new Set(now.map(keyOf))
  const isBare = (each: Pair) => held.has(keyOf(each)) && !covered.has(keyOf(each))
  const fresh = now
    .filter((each) => !open.has(keyOf(each)))
    .map((each): SodViolation => ({
      ...{ id: randomUUID(), ...each, foundAt: act.now, endedAt: null },
      told: isBare(each),
    }))
  const over = known.filter((each) => each.told && !isBare(each))
  const bare = known.filter((each) => !each.told && isBare(each))
  const ids = (violations: readonly SodViolation[]) => violations.map(({ id }) => id)
  await tx.query('update sod_violation set told = id = any($1) where id = any($1 || $2::uuid[])', [
    ids(bare),
    ids(over),
  ])
  await tx.query('update sod_violation set ended_at = $2 where id = any($1)', [
    ids(known.filter((each) => !held.has(keyOf(each)))),
    act.now,
  ])
  await insertRows(tx, SodViolationEntity, fresh)
  for (const each of over) await stateOver(tx, each, act)
  for (const { id, personId, first, second, held: names } of [
    ...bare,
    ...fresh.filter(({ told }) => told),
  ])
    await appendEvent(
      tx,
      'identity',
      SodViolationFound,
      personId,
      { violationId: id, personId, first, second, held: names, foundAt: act.now.toISOString() },
      act,
    )
}

/** States at once that an exception covers what was found, if it was. */
export async function coverViolation(
  tx: EntityManager,
  { personId, first, second }: Pair,
  act: Act,
): Promise<void> {
  const [covered]: [SodViolation[], number] = await tx.query(
    `update sod_violation set told = false
      where person_id = $1 and first = $2 and second = $3 and ended_at is null and told
      returning ${columnsOf(SodViolationEntity)}`,
    [personId, first, second],
  )
  for (const each of covered) await stateOver(tx, each, act)
}

async function stateOver(
  tx: EntityManager,
  { id: violationId, personId, first, second }: SodViolation,
  act: Act,
): Promise<void> {
  const fact = { violationId, personId, first, second, endedAt: act.now.toISOString() }
  await appendEvent(tx, 'identity', SodViolationEnded, personId, fact, act)
}

/** Every night, over everybody. */
export const findViolationsNightly = defineTask(
  'find-sod-violations',
  Type.Object({}),
  (tx, _, act) => findViolations(tx, act),
)
