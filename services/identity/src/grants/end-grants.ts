import type { Act } from '@erp-steward/contracts/act'
import { GrantsEnded } from '@erp-steward/contracts/grant-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { ask } from '@erp-steward/messaging/statement'
import type { EntityManager } from 'typeorm'
import { inForceAt } from './access-grant.ts'
import type { GrantItem } from './rules/grant-item.ts'

/** Why a grant ended whose date had come. */
export const EXPIRED = 'expired'

/** A grant that ended. */
export interface EndedGrant extends GrantItem {
  readonly id: string
  readonly personId: string
  readonly accountId: string
  readonly endedAt: Date
  readonly reason: string
  /** Whether EBS may have it and should not: it had begun, and nothing else that is in force gives the person the same. */
  readonly leavesEbs: boolean
}

/** Which grants of some people end: those that are named, by default all. */
export interface WhichGrants {
  readonly ids?: readonly string[]
  /** Only those whose date has come. */
  readonly due?: boolean
  /** Only these things, from the position. */
  readonly ofPosition?: readonly GrantItem[]
}

const END = {
  name: 'end grants',
  text: `with ended as (
           update access_grant
              set ended_at = least($2, ends_at), ended_by = $3,
                  end_reason = case when ends_at <= $2 then '${EXPIRED}' else $4 end, version = version + 1
            where person_id = any($1) and ended_at is null and ($5::uuid[] is null or id = any($5))
              and (not $6 or ends_at <= $2)
              and ($7::json is null
                or source = 'position' and (kind, name) in (
                     select kind, name from json_to_recordset($7) as item (kind text, name text)))
           returning *
         )
         select id, person_id as "personId", account_id as "accountId", kind, name, ended_at as "endedAt",
                end_reason as reason,
                starts_at <= $2 and not exists (
                  select from access_grant other
                   where other.person_id = ended.person_id and other.kind = ended.kind and other.name = ended.name
                     and ${inForceAt('other', '$2')}
                     and not exists (select from ended as gone where gone.id = other.id)) as "leavesEbs"
           from ended order by person_id, kind, name`,
}

/**
 * Ends grants, in one statement for all people, and states it of each of them. One whose date had come ended then, whoever
 * is the first to notice. The caller holds the rows of the people.
 *
 * Source.
 */
export async function endGrants(
  tx: EntityManager,
  personIds: readonly string[],
  { ids, due = false, ofPosition }: WhichGrants,
  reason: string,
  act: Act,
): Promise<EndedGrant[]> {
  if (personIds.length === 0 || ofPosition?.length === 0) return []
  const items = ofPosition === undefined ? null : JSON.stringify(ofPosition)
  const which = [ids ?? null, due, items]
  const ended = await ask<EndedGrant>(tx, END, [personIds, act.now, act.actor, reason, ...which])
  for (const [personId, grants] of Map.groupBy(ended, (grant) => grant.personId)) {
    const fact = {
      personId,
      accountId: grants[0]?.accountId ?? '',
      grants: grants.map(({ id: grantId, kind, name, endedAt, reason: why }) => ({
        ...{ grantId, kind, name, reason: why },
        endedAt: endedAt.toISOString(),
      })),
    }
    await appendEvent(tx, 'identity', GrantsEnded, personId, fact, act)
  }
  return ended
}
