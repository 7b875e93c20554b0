import type { Delivery } from '@erp-steward/messaging/consumer'
import type { EntityManager } from 'typeorm'
import type { Control } from './rules/control.ts'
import { newestFacts, touchedBy, type ControlFact } from './rules/touched-by.ts'

const COLUMNS = `clause_id text, key text, effect text, at timestamptz, ends_at timestamptz, service text, unit_id uuid,
  event_id uuid, event_type text, subject text, received_at timestamptz`

/**
 * Keeps what events say of the clauses: the newest fact of each clause, key and effect, and each fact as evidence.
 *
 * A fact that arrives late does not displace a newer one; of equals the higher id stays, so that any order of arrival
 * ends in the same rows.
 */
export async function takeFacts(
  tx: EntityManager,
  register: readonly Control[],
  deliveries: readonly Delivery[],
): Promise<void> {
  const facts = deliveries.flatMap(({ event, act }) => touchedBy(register, event, act.now))
  if (facts.length === 0) return
  // In the order of the key, so that two events at the same moment cannot wait for each other.
  await tx.query(
    `insert into control_fact as held (clause_id, key, effect, at, ends_at, service, unit_id, event_id, event_type,
                                       subject, received_at)
     select clause_id, key, effect, at, ends_at, service, unit_id, event_id, event_type, subject, received_at
       from json_to_recordset($1) as fact (${COLUMNS}) order by clause_id, key, effect
     on conflict on constraint control_fact_pkey do update
       set at = excluded.at, ends_at = excluded.ends_at, service = excluded.service, unit_id = excluded.unit_id,
           event_id = excluded.event_id, event_type = excluded.event_type, subject = excluded.subject,
           received_at = excluded.received_at
       where (excluded.at, excluded.event_id) > (held.at, held.event_id)`,
    [rowsOf(newestFacts(facts))],
  )
  await tx.query(
    `insert into control_evidence (clause_id, key, effect, at, service, unit_id, event_id, event_type, subject,
                                   received_at)
     select clause_id, key, effect, at, service, unit_id, event_id, event_type, subject, received_at
       from json_to_recordset($1) as fact (${COLUMNS}) order by clause_id, key, effect
     on conflict on constraint control_evidence_pkey do nothing`,
    [rowsOf(facts)],
  )
}

function rowsOf(facts: readonly ControlFact[]): string {
  return JSON.stringify(
    facts.map((fact) => ({
      clause_id: fact.clauseId,
      key: fact.key,
      effect: fact.effect,
      at: fact.at,
      ends_at: fact.endsAt,
      service: fact.service,
      unit_id: fact.unitId,
      event_id: fact.eventId,
      event_type: fact.eventType,
      subject: fact.subject,
      received_at: fact.receivedAt,
    })),
  )
}
