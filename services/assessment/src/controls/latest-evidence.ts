import type { EntityManager } from 'typeorm'
import type { ControlEvidence } from './control-fact.ts'
import type { OpenBreach } from './rules/control-state.ts'

/** Most open breaches that one answer lists, the oldest; the reason has their number. */
const MOST_BREACHES = 200

/**
 * The newest facts of a clause, newest first, with the ids under which the audit ledger has them; those of one unit for
 * a caller who sees that unit only.
 */
export async function latestEvidence(
  tx: EntityManager,
  clauseId: string,
  onlyUnitId: string | null,
  limit: number,
): Promise<ControlEvidence[]> {
  return tx.query(
    `select clause_id as "clauseId", key, effect, at, service, unit_id as "unitId", event_id as "eventId",
            event_type as "eventType", subject, received_at as "receivedAt"
       from control_evidence
      where clause_id = $1 and ($2::uuid is null or unit_id = $2)
      order by at desc, event_id desc, effect, key limit $3`,
    [clauseId, onlyUnitId, limit],
  )
}

/** The facts behind the open breaches, oldest first; of one unit for a caller who sees that unit only. */
export async function breakingFacts(
  tx: EntityManager,
  clauseId: string,
  breaches: readonly OpenBreach[],
  onlyUnitId: string | null,
): Promise<Omit<ControlEvidence, 'clauseId' | 'effect'>[]> {
  return tx.query(
    `select key, at, service, unit_id as "unitId", event_id as "eventId", event_type as "eventType", subject,
            received_at as "receivedAt"
       from control_fact
      where clause_id = $1 and (effect, key) in (select * from unnest($2::text[], $3::text[])) and ($4::uuid is null or unit_id = $4)
      order by at, key limit ${MOST_BREACHES}`,
    [clauseId, breaches.map(({ effect }) => effect), breaches.map(({ key }) => key), onlyUnitId],
  )
}
