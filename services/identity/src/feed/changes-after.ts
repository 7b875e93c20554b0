import { eventCatalog } from '@erp-steward/contracts/event-catalog'
import {
  DepartmentChanged,
  ModuleChanged,
  PersonChanged,
  PositionChanged,
  UnitChanged,
} from '@erp-steward/contracts/directory-events'
import { about, InstantOut, Uuid } from '@erp-steward/contracts/values'
import { Type, type Static } from 'typebox'
import type { EntityManager } from 'typeorm'

const TOPICS = ['identity.directory', 'identity.account', 'identity.provisioning']

/** Types of facts that the feed tells. */
export const feedTypes: readonly string[] = eventCatalog
  .filter(({ topic }) => TOPICS.some((name) => topic.startsWith(`${name}.`)))
  .map(({ type }) => type)

/** Facts about the register, which everybody who may read people may read whole. */
const OF_EVERYBODY = [UnitChanged, DepartmentChanged, PositionChanged, ModuleChanged].map(
  ({ type }) => type,
)

/** Records of the ledger that one request looks at, whether the caller is told of them or not. */
export const MOST_LOOKED_AT = 5_000

const Position = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })

const FeedItem = Type.Object(
  {
    position: about(Position, 'Where it stands; later facts have higher ones.'),
    eventId: about(Uuid, 'Id of the event that stated the fact.'),
    type: Type.String({
      description: 'Type of the event with its version; docs/events.md has all.',
    }),
    subject: Type.String({ description: 'Id of what the fact is about.' }),
    actor: Type.String({ description: 'Account, client or service that caused it.' }),
    recordedAt: about(InstantOut, 'When the fact was recorded.'),
  },
  { title: 'ChangesFeedItem' },
)
export type FeedItem = Static<typeof FeedItem>

export const FeedPage = Type.Object(
  {
    items: Type.Array(FeedItem, { description: 'In an order that never changes.' }),
    next: about(Position, '`after` of the next request.'),
    end: about(Position, 'Position of the newest fact.'),
  },
  { title: 'ChangesFeed' },
)
export type FeedPage = Static<typeof FeedPage>

/** Where a request goes on. */
export const After = about(
  Position,
  '`next` of the answer before; 0 for all that is online; without it only `next` and `end` are answered.',
)

export interface FeedQuery {
  /** `null` answers nothing but the end. */
  readonly after: number | null
  readonly types: readonly string[]
  /** The unit of a caller whose range is a unit; `null` for the company. */
  readonly unitId: string | null
  readonly limit: number
}

/**
 * Facts after a position, in the order of the ledger. Recording waits at the head of the ledger until the one before has
 * committed, so a number that can be seen has no number below it that still comes: nothing is skipped, however late
 * the change itself was committed. One statement, hence one look at the head and the records.
 */
export async function changesAfter(
  tx: EntityManager,
  { after, types, unitId, limit }: FeedQuery,
): Promise<FeedPage> {
  // One row without a fact when there is none.
  const rows: ({ end: number } & (FeedItem | { eventId: null }))[] = await tx.query(
    `select head.seq::float8 as "end", told.*
       from audit_head head
       left join lateral (
         select r.seq::float8 as position, r.event_id as "eventId", r.type, r.subject, r.actor,
                r.recorded_at as "recordedAt"
           from audit_record r
          where r.seq > $1 and r.seq <= $1 + $6 and r.type = any($2)
            and ($3::uuid is null or r.type = any($4)
              or exists (select from person where person.id::text = r.subject and person.unit_id = $3)
              or exists (select from account join person on person.id = account.person_id
                          where account.id::text = r.subject and person.unit_id = $3)
              -- Who has just left for another unit belonged here until then.
              or r.type = $5 and $3::text = (
                   select p.envelope::json -> 'data' ->> 'unitId' from audit_record p
                    where p.subject = r.subject and p.type = $5 and p.seq < r.seq order by p.seq desc limit 1))
          order by r.seq limit $7) as told on true
      order by told.position`,
    [after, types, unitId, OF_EVERYBODY, PersonChanged.type, MOST_LOOKED_AT, limit],
  )
  const end = rows[0]?.end ?? 0
  const items = rows.flatMap(({ end: _, ...item }) => (item.eventId === null ? [] : [item]))
  if (after === null) return { items: [], next: end, end }
  const last = items.at(-1)
  const next =
    items.length === limit && last !== undefined
      ? last.position
      : Math.max(after, Math.min(after + MOST_LOOKED_AT, end))
  return { items, next, end }
}
