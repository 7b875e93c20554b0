import type { Act } from '@erp-steward/contracts/act'
import { ObservationRecorded } from '@erp-steward/contracts/assessment-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import { monthOf } from '../months/rules/month.ts'
import type { Observation } from './observation.ts'

/** What is known of an observation before it is recorded. */
export type NewObservation = Pick<
  Observation,
  | 'id'
  | 'kind'
  | 'severity'
  | 'points'
  | 'personId'
  | 'departmentId'
  | 'unitId'
  | 'moduleCode'
  | 'reference'
  | 'description'
  | 'occurredAt'
  | 'foundAt'
  | 'fingerprint'
  | 'originId'
  | 'dueAt'
  | 'dueFault'
  | 'dueMissingYear'
  | 'dueParameterVersion'
  | 'byConcerned'
>

/**
 * Records observations and states each in an event; ids that are taken are left as they are. The caller has begun a
 * change of facts.
 *
 * @returns the ids that are new
 */
export async function stateObservations(
  tx: EntityManager,
  observations: readonly NewObservation[],
  act: Act,
): Promise<ReadonlySet<string>> {
  // In the order of ids, so that two calls with the same ids wait for each other and never in a circle.
  const rows = observations
    .map((each) => ({ ...each, month: monthOf(each.occurredAt) }))
    .sort((a, b) => (a.id < b.id ? -1 : 1))
  const inserted: { id: string }[] = await tx.query(
    `insert into observation
       (id, kind, severity, points, person_id, department_id, unit_id, module_code, reference, description, month,
        occurred_at, found_at, fingerprint, origin_id, due_at, due_fault, due_missing_year, due_parameter_version, standing,
        recorded_at, recorded_by, recorded_by_person_id, recorded_by_controllers, by_concerned, recorded_order,
        corrected_by_controllers)
     select "id", "kind", "severity", "points", "personId", "departmentId", "unitId", "moduleCode", "reference",
            "description", "month", "occurredAt", "foundAt", "fingerprint", "originId", "dueAt", "dueFault",
            "dueMissingYear", "dueParameterVersion", 'recorded', $2, $3, $4, $5, "byConcerned",
            nextval('fact_order'), '{}'
       from jsonb_to_recordset($1::jsonb) as fact (
         "id" uuid, "kind" text, "severity" text, "points" integer, "personId" uuid, "departmentId" uuid,
         "unitId" uuid, "moduleCode" text, "reference" text, "description" text, "month" text,
         "occurredAt" timestamptz, "foundAt" timestamptz, "fingerprint" text, "originId" uuid,
         "dueAt" timestamptz, "dueFault" text, "dueMissingYear" integer, "dueParameterVersion" integer, "byConcerned" boolean)
     on conflict (id) do nothing
     returning id`,
    [JSON.stringify(rows), act.now, act.actor, act.personId, act.controllers],
  )
  const fresh = new Set(inserted.map(({ id }) => id))
  const events: { id: string; eventId: string }[] = []
  for (const observation of observations) {
    if (!fresh.has(observation.id)) continue
    events.push({ id: observation.id, eventId: await announce(tx, observation, act) })
  }
  await tx.query(
    `update observation set event_id = stated.event_id
       from unnest($1::uuid[], $2::uuid[]) as stated (id, event_id) where observation.id = stated.id`,
    [events.map(({ id }) => id), events.map(({ eventId }) => eventId)],
  )
  return fresh
}

function announce(tx: EntityManager, observation: NewObservation, act: Act): Promise<string> {
  const { id, kind, severity, personId, departmentId, unitId, moduleCode, reference } = observation
  return appendEvent(
    tx,
    'assessment',
    ObservationRecorded,
    id,
    {
      observationId: id,
      kind,
      severity,
      personId,
      departmentId,
      unitId,
      moduleCode,
      reference,
      occurredAt: observation.occurredAt.toISOString(),
      recordedAt: act.now.toISOString(),
    },
    act,
  )
}
