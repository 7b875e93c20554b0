import { about, nullable, Uuid } from '@erp-steward/contracts/values'
import { columnsOf } from '@erp-steward/service-kit/entity'
import { Type, type Static } from 'typebox'
import type { EntityManager } from 'typeorm'
import { SessionEntity, SessionView, viewOf, type Session } from './session.ts'

export const SessionState = Type.Enum(['open', 'ended'], { description: 'Open, or over.' })

/** A session as administrators see it. */
export const AccountSession = Type.Object(
  {
    ...SessionView.properties,
    accountId: about(Uuid, 'The account that is signed in.'),
    personId: nullable(Uuid, 'Whose account it is; null: of an administrator not yet named.'),
  },
  { title: 'AccountSession' },
)

export interface SessionFilter {
  readonly id?: string | undefined
  readonly accountId?: string | undefined
  readonly personId?: string | undefined
  readonly sourceIp?: string | undefined
  readonly state?: Static<typeof SessionState> | undefined
  readonly endReason?: string | undefined
  /** Only sessions of people of this unit; `null` for all. */
  readonly unitId: string | null
  /** Beginning and id of the last row of the page before, two `null`s for the first page. */
  readonly after: readonly [at: string | null, id: string | null]
  readonly limit: number
}

/** Sessions, the newest first, as long as they are kept. */
export async function sessionsInRange(
  tx: EntityManager,
  { id, accountId, personId, sourceIp, state, endReason, unitId, after, limit }: SessionFilter,
): Promise<Static<typeof AccountSession>[]> {
  const rows: (Session & { personId: string | null })[] = await tx.query(
    `select ${columnsOf(SessionEntity, 'session')}, account.person_id as "personId"
       from session join account on account.id = session.account_id
       left join person on person.id = account.person_id
      where ($1::uuid is null or session.id = $1) and ($2::uuid is null or session.account_id = $2)
        and ($3::uuid is null or account.person_id = $3) and ($4::text is null or session.source_ip = $4)
        and ($5::text is null or $5 = case when session.ended_at is null then 'open' else 'ended' end)
        and ($6::text is null or session.end_reason = $6) and ($7::uuid is null or person.unit_id = $7)
        and ($8::timestamptz is null or (session.started_at, session.id) < ($8, $9::uuid))
      order by session.started_at desc, session.id desc limit $10`,
    [
      ...[id ?? null, accountId ?? null, personId ?? null, sourceIp ?? null, state ?? null],
      ...[endReason ?? null, unitId, ...after, limit],
    ],
  )
  return rows.map(viewOf)
}
