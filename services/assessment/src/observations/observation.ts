import type { Act } from '@erp-steward/contracts/act'
import {
  ObservationKind,
  ObservationVoided,
  Severity,
} from '@erp-steward/contracts/assessment-events'
import { said, type Bilingual } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { about, InstantOut, nullable, UnitId, Uuid } from '@erp-steward/contracts/values'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import type { Language } from '@erp-steward/service-kit/language'
import { CalendarYearMissing } from '@erp-steward/work-calendar/calendar-year-missing'
import { Type, type Static } from 'typebox'
import type { EntityManager } from 'typeorm'

export const Standing = Type.Enum(['recorded', 'upheld', 'voided'], {
  title: 'ObservationStanding',
  description:
    '`recorded`: counts; `upheld`: counts, an appeal failed; `voided`: no longer counts in sheets computed later.',
})

/**
 * Something that counts for or against a person, a department or (neither given) a unit. Nothing of it changes but its
 * standing and its correction.
 */
export const ObservationView = Type.Object(
  {
    id: about(Uuid, 'As the caller chose it.'),
    kind: ObservationKind,
    severity: nullable(Severity, 'Null where the kind has none.'),
    points: nullable(
      Type.Integer(),
      'What an improvement is worth, in points; null for every other kind.',
    ),
    personId: nullable(Uuid, 'Whom it is held for or against; null: the department, or the unit.'),
    departmentId: nullable(
      Uuid,
      'Department of the person, or that which it is held against; null: none.',
    ),
    unitId: UnitId,
    moduleCode: nullable(Type.String(), 'The module that it was seen in; null: none.'),
    reference: Type.String({ description: 'The document or case that it was seen at.' }),
    description: Type.String({ description: 'What was seen.' }),
    month: Type.String({ description: 'Month in Asia/Shanghai, the sheet it counts in.' }),
    occurredAt: about(InstantOut, 'When it happened.'),
    foundAt: about(InstantOut, 'When it was found.'),
    recordedAt: about(InstantOut, 'When it was recorded here.'),
    recordedBy: Type.String({ description: 'Account, client or service that recorded it.' }),
    eventId: nullable(Uuid, 'The event that stated it.'),
    originId: nullable(Uuid, 'The data error or time node that it follows from.'),
    standing: Standing,
    voidedAt: nullable(InstantOut, 'When it was voided; null while it counts.'),
    voidedReason: nullable(Type.String(), 'Why it no longer counts.'),
    correction: nullable(
      Type.Object(
        {
          dueAt: nullable(
            InstantOut,
            'Until when it is to be corrected (A-2.3.5); null with a fault.',
          ),
          fault: nullable(Type.String(), 'Why there is no due date.'),
          parameterVersion: nullable(
            Type.Integer(),
            'Version of `assessment.error.fix_within` that set it; null with a fault.',
          ),
          correctedAt: nullable(InstantOut, 'When it was corrected; null: not yet.'),
          withinTarget: nullable(
            Type.Boolean(),
            'Whether that was in time; null while nobody knows, or without a due date.',
          ),
          confirmed: Type.Boolean({
            description: 'Whether somebody who is not measured by it said that it was corrected.',
          }),
        },
        { title: 'ErrorCorrection' },
      ),
      'Of a data error.',
    ),
  },
  { title: 'Observation' },
)

const People = Type.Unsafe<readonly string[]>(Type.Array(Uuid))

export const ObservationEntity = entityOf(ObservationView, {
  table: 'observation',
  derived: ['correction'],
  kept: {
    recordedByPersonId: nullable(Uuid),
    /** The people behind a client that recorded it. */
    recordedByControllers: People,
    /** Recorded by somebody of the unit that it is held for or against: it counts, and makes nobody measured. */
    byConcerned: Type.Boolean(),
    /** Place among all changes of facts; a sheet counts what lies before its cut-off. */
    recordedOrder: Type.String(),
    /** Digest of what the caller sent, to tell a repetition from another observation under the same id. */
    fingerprint: Type.String(),
    voidedOrder: nullable(Type.String()),
    /** By when a data error is corrected; `null` with a fault when the calendar lacks the year. */
    dueAt: nullable(InstantOut),
    /** The fault in English; older than the year, and read by releases before. */
    dueFault: nullable(Type.String()),
    /** The year for want of which there is no due date. */
    dueMissingYear: nullable(Type.Integer()),
    dueParameterVersion: nullable(Type.Integer()),
    correctedAt: nullable(InstantOut),
    /** Who said so last. */
    correctedBy: nullable(Type.String()),
    correctedByPersonId: nullable(Uuid),
    correctedByControllers: People,
    /** When somebody who is not measured by it said so; `null`: nobody has yet. */
    correctionConfirmedAt: nullable(InstantOut),
    /** When the missing correction was noticed. */
    overdueAt: nullable(InstantOut),
  },
  columns: { recordedOrder: { type: 'bigint' }, voidedOrder: { type: 'bigint' } },
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
      name: 'observation_still_wrong',
      columns: ['dueAt'],
      where: "((due_at IS NOT NULL) AND (corrected_at IS NULL) AND (standing <> 'voided'::text))",
    },
    {
      name: 'observation_unconfirmed',
      columns: ['dueAt'],
      where:
        '((due_at IS NOT NULL) AND (corrected_at IS NOT NULL) AND (correction_confirmed_at IS NULL) AND (overdue_at IS NULL))',
    },
  ],
})
export type Observation = RowOf<typeof ObservationEntity>

/** An observation as callers see it. */
export function observationView(
  observation: Observation,
  language: Language,
): Static<typeof ObservationView> {
  const { dueAt, dueParameterVersion, correctedAt, overdueAt } = observation
  const late = overdueAt !== null || (correctedAt !== null && dueAt !== null && correctedAt > dueAt)
  const inTime = correctedAt !== null && dueAt !== null && correctedAt <= dueAt
  return {
    ...observation,
    correction:
      observation.kind === 'data-error'
        ? {
            dueAt,
            fault: faultOf(observation)?.[language] ?? null,
            parameterVersion: dueParameterVersion,
            correctedAt,
            withinTarget: inTime ? true : late ? false : null,
            confirmed: observation.correctionConfirmedAt !== null,
          }
        : null,
  }
}

/** Why a data error has no due date; what a release before wrote is English for everybody. */
function faultOf({ dueFault, dueMissingYear }: Observation): Bilingual | null {
  if (dueFault === null) return null
  if (dueMissingYear === null) return said(dueFault, dueFault)
  return said(dueFault, new CalendarYearMissing(dueMissingYear).chinese)
}

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
    throw new Problem(
      'observation-not-found',
      said(`There is no observation ${id}.`, `没有考核事项 ${id}。`),
    )
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
