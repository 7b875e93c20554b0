import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { ask } from '@erp-steward/messaging/statement'
import { Uuid } from '@erp-steward/contracts/values'
import { Type, type Static } from 'typebox'
import type { EntityManager } from 'typeorm'
import { itemsOf, type GrantItem, type Rights } from '../grants/rules/grant-item.ts'

/** Most violations that a refusal names. */
const NAMED = 20

export const ViolatedPair = Type.Object(
  {
    personId: Type.Union([Uuid, Type.Null()], {
      description: 'Who holds both, or would; null: whoever gets what was asked about.',
    }),
    first: Type.String({ description: 'Code of one duty.' }),
    second: Type.String({ description: 'Code of the other.' }),
    held: Type.Array(Type.String(), {
      description: 'Names of the grants that carry them.',
    }),
    exceptionId: Type.Union([Uuid, Type.Null()], {
      description: 'The exception in force that covers it; null: none does.',
    }),
  },
  { title: 'SodViolatedPair' },
)
export type ViolatedPair = Static<typeof ViolatedPair>

/** What somebody would hold besides what he holds. */
export interface Wanted {
  /** `null` stands for somebody who holds nothing yet. */
  readonly personId: string | null
  readonly items: readonly GrantItem[]
}

/** What is to come counts too: it takes effect without anybody who looks again. */
const VIOLATED = {
  name: 'violated pairs',
  text: `with wanted as (
           select "personId" as person_id, item.kind, item.name
             from json_to_recordset($1) as wanted ("personId" uuid, items json)
            cross join lateral json_to_recordset(items) as item (kind text, name text)
         ), held as (
           select person_id, kind, name from wanted
           union
           select person_id, kind, name from access_grant
            where person_id = any($2) and ended_at is null and (ends_at is null or ends_at > $3)
         ), carried as materialized (
           select person_id, duty, array_agg(name order by name) as names
             from held join sod_carrier using (kind, name) group by person_id, duty
         )
         select one.person_id as "personId", pair.first, pair.second,
                array(select distinct unnest(one.names || other.names) order by 1) as held,
                (select exception.id from sod_exception exception
                  where exception.person_id = one.person_id and exception.first = pair.first
                    and exception.second = pair.second and exception.starts_at <= $3 and exception.ends_at > $3
                  limit 1) as "exceptionId"
           from carried one
           join sod_pair pair on pair.first = one.duty
           join carried other on other.duty = pair.second and other.person_id is not distinct from one.person_id
          order by 1, 2, 3`,
  reads: ['access_grant'],
}

/**
 * The pairs of incompatible duties that people would hold at an instant with what is wanted for them, by the rules in force;
 * those that an exception covers are among them.
 *
 * Source, defaults 2.8.
 */
export function violatedPairs(
  tx: EntityManager,
  wanted: readonly Wanted[],
  at: Date,
): Promise<ViolatedPair[]> {
  const people = wanted.flatMap(({ personId }) => personId ?? [])
  return ask<ViolatedPair>(tx, VIOLATED, [JSON.stringify(wanted), people, at])
}

/** What the rights of a position violate by themselves, whoever gets them. */
export const violatedByItself = (
  tx: EntityManager,
  position: Rights,
  at: Date,
): Promise<ViolatedPair[]> => violatedPairs(tx, [{ personId: null, items: itemsOf(position) }], at)

/** How a grant was checked that begins. */
export type CheckedAs = 'clear' | 'excepted'

/**
 * Refuses to give people what would make one of them hold incompatible duties without an exception in force. What they hold
 * against the rules already, and what is given does not touch, is for `findViolations`. Answers how each was checked.
 *
 * @throws Problem `sod-violation` with `violations`, at most 20
 */
export async function assertCompatible(
  tx: EntityManager,
  personIds: readonly string[],
  items: readonly GrantItem[],
  at: Date,
): Promise<(personId: string) => CheckedAs> {
  if (personIds.length === 0 || items.length === 0) return () => 'clear'
  const names = new Set(items.map(({ name }) => name))
  const wanted = personIds.map((personId) => ({ personId, items }))
  const touched = (await violatedPairs(tx, wanted, at)).filter(({ held }) =>
    held.some((name) => names.has(name)),
  )
  const bare = touched.filter(({ exceptionId }) => exceptionId === null)
  if (bare.length > 0)
    throw new Problem(
      'sod-violation',
      said(
        `Somebody would hold incompatible duties: ${textOf(bare)}.`,
        `将有人持有不相容的职责：${textOf(bare)}。`,
      ),
      { violations: bare.slice(0, NAMED) },
    )
  const excepted = new Set(touched.map(({ personId }) => personId))
  return (personId) => (excepted.has(personId) ? 'excepted' : 'clear')
}

const textOf = (pairs: readonly ViolatedPair[]) =>
  [...new Set(pairs.map(({ first, second }) => `${first} × ${second}`))].slice(0, NAMED).join(', ')
