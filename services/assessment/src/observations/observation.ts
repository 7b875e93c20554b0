import type { Act } from '@erp-steward/contracts/act'
import {
  ObservationVoided,
  type ObservationKind,
  type Severity,
} from '@erp-steward/contracts/assessment-events'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { EntitySchema, type EntityManager } from 'typeorm'

/** `recorded`: counts; `upheld`: counts, an appeal failed; `voided`: no longer counts in sheets computed later. */
export const standings = ['recorded', 'upheld', 'voided'] as const
export type Standing = (typeof standings)[number]

/**
 * Something that counts for or against a person, a department or (neither given) a unit. Nothing of it changes but its
 * standing and its correction.
 */
export interface Observation {
  id: string
  kind: ObservationKind
  severity: Severity | null
  /** What an improvement is worth, in points; `null` for every other kind. */
  points: number | null
  personId: string | null
  departmentId: string | null
  unitId: string
  moduleCode: string | null
  reference: string
  description: string
  /** Month in Asia/Shanghai of `occurredAt`: the sheet it counts in. */
  month: string
  occurredAt: Date
  foundAt: Date
  recordedAt: Date
  recordedBy: string
  recordedByPersonId: string | null
  /** The people behind a client that recorded it. */
  recordedByControllers: readonly string[]
  /** Recorded by somebody of the unit that it is held for or against: it counts, and makes nobody measured. */
  byConcerned: boolean
  /** Place among all changes of facts; a sheet counts what lies before its cut-off. */
  recordedOrder: string
  /** Digest of what the caller sent, to tell a repetition from another observation under the same id. */
  fingerprint: string
  /** The event that stated it. */
  eventId: string | null
  /** The data error or time node that it follows from. */
  originId: string | null
  standing: Standing
  voidedAt: Date | null
  voidedOrder: string | null
  voidedReason: string | null
  /** By when a data error is corrected; `null` with a fault when the calendar lacks the year. */
  dueAt: Date | null
  dueFault: string | null
  dueParameterVersion: number | null
  correctedAt: Date | null
  /** Who said so last. */
  correctedBy: string | null
  correctedByPersonId: string | null
  correctedByControllers: readonly string[]
  /** When somebody who is not measured by it said so; `null`: nobody has yet. */
  correctionConfirmedAt: Date | null
  /** When the missing correction was noticed. */
  overdueAt: Date | null
}

export const ObservationEntity = new EntitySchema<Observation>({
  name: 'Observation',
  tableName: 'observation',
  columns: {
    id: { type: 'uuid', primary: true, primaryKeyConstraintName: 'observation_pkey' },
    kind: { type: 'text' },
    severity: { type: 'text', nullable: true },
    points: { type: 'integer', nullable: true },
    personId: { type: 'uuid', name: 'person_id', nullable: true },
    departmentId: { type: 'uuid', name: 'department_id', nullable: true },
    unitId: { type: 'uuid', name: 'unit_id' },
    moduleCode: { type: 'text', name: 'module_code', nullable: true },
    reference: { type: 'text' },
    description: { type: 'text' },
    month: { type: 'text' },
    occurredAt: { type: 'timestamptz', name: 'occurred_at' },
    foundAt: { type: 'timestamptz', name: 'found_at' },
    recordedAt: { type: 'timestamptz', name: 'recorded_at' },
    recordedBy: { type: 'text', name: 'recorded_by' },
    recordedByPersonId: { type: 'uuid', name: 'recorded_by_person_id', nullable: true },
    recordedByControllers: { type: 'uuid', array: true, name: 'recorded_by_controllers' },
    byConcerned: { type: 'boolean', name: 'by_concerned' },
    recordedOrder: { type: 'bigint', name: 'recorded_order' },
    fingerprint: { type: 'text' },
    eventId: { type: 'uuid', name: 'event_id', nullable: true },
    originId: { type: 'uuid', name: 'origin_id', nullable: true },
    standing: { type: 'text' },
    voidedAt: { type: 'timestamptz', name: 'voided_at', nullable: true },
    voidedOrder: { type: 'bigint', name: 'voided_order', nullable: true },
    voidedReason: { type: 'text', name: 'voided_reason', nullable: true },
    dueAt: { type: 'timestamptz', name: 'due_at', nullable: true },
    dueFault: { type: 'text', name: 'due_fault', nullable: true },
    dueParameterVersion: { type: 'integer', name: 'due_parameter_version', nullable: true },
    correctedAt: { type: 'timestamptz', name: 'corrected_at', nullable: true },
    correctedBy: { type: 'text', name: 'corrected_by', nullable: true },
    correctedByPersonId: { type: 'uuid', name: 'corrected_by_person_id', nullable: true },
    correctedByControllers: { type: 'uuid', array: true, name: 'corrected_by_controllers' },
    correctionConfirmedAt: {
      type: 'timestamptz',
      name: 'correction_confirmed_at',
      nullable: true,
    },
    overdueAt: { type: 'timestamptz', name: 'overdue_at', nullable: true },
  },
  checks: [
    { name: 'observation_kind_check', expression: 'kind in (…)' },
    { name: 'observation_severity_check', expression: `severity in ('light', 'medium', 'heavy')` },
    {
      name: 'observation_standing_check',
      expression: `standing in ('recorded', 'upheld', 'voided')`,
    },
    {
      name: 'observation_voided_check',
      expression: `(standing = 'voided') = (voided_order is not null)`,
    },
  ],
  indices: [
    { name: 'observation_by_month', columns: ['month', 'recordedOrder'] },
    { name: 'observation_by_person', columns: ['personId', 'month'] },
    { name: 'observation_by_recording', columns: ['recordedAt', 'id'] },
    {
      name: 'observation_by_origin',
      columns: ['originId'],
      where: '(origin_id IS NOT NULL)',
    },
    {
      name: 'observation_uncorrected',
      columns: ['dueAt'],
      where: '((due_at IS NOT NULL) AND (corrected_at IS NULL) AND (overdue_at IS NULL))',
    },
    {
      name: 'observation_unconfirmed',
      columns: ['dueAt'],
      where:
        '((due_at IS NOT NULL) AND (corrected_at IS NOT NULL) AND (correction_confirmed_at IS NULL) AND (overdue_at IS NULL))',
    },
  ],
})

/**
 * The observation, locked until the transaction ends; the caller has begun a change of facts (`beginFacts`) before.
 *
 * @throws Problem `observation-not-found`
 */
export async function lockObservation(tx: EntityManager, id: string): Promise<Observation> {
  const observation = await tx.findOne(ObservationEntity, {
    where: { id },
    lock: { mode: 'pessimistic_write' },
  })
  if (observation === null)
    throw new Problem('observation-not-found', `There is no observation ${id}.`)
  return observation
}

/**
 * Takes an observation, and what follows from it, out of the sheets computed from now on, and states each; voided ones
 * stay as they are.
 */
export async function voidObservation(
  tx: EntityManager,
  id: string,
  reason: string,
  act: Act,
): Promise<void> {
  const [voided]: [Pick<Observation, 'id' | 'kind' | 'originId' | 'unitId' | 'month'>[], number] =
    await tx.query(
      `update observation
          set standing = 'voided', voided_at = $2, voided_reason = $3, voided_order = nextval('fact_order')
        where (id = $1 or origin_id = $1) and standing <> 'voided'
        returning id, kind, origin_id as "originId", unit_id as "unitId", month`,
      [id, act.now, reason],
    )
  for (const { id: observationId, ...rest } of voided) {
    const fact = { observationId, ...rest, reason, voidedAt: act.now.toISOString() }
    await appendEvent(tx, 'assessment', ObservationVoided, observationId, fact, act)
  }
}
