import { ObservationKind, Severity } from '@erp-steward/contracts/assessment-events'
import { InstantOut, nullable, Uuid } from '@erp-steward/contracts/values'
import { Type } from 'typebox'
import { standings, type Observation } from './observation.ts'

export const StandingView = Type.Enum([...standings])

/** An observation on the wire. */
export const ObservationView = Type.Object({
  id: Uuid,
  kind: ObservationKind,
  severity: nullable(Severity),
  points: nullable(Type.Integer()),
  personId: nullable(Uuid),
  departmentId: nullable(Uuid),
  unitId: Uuid,
  moduleCode: nullable(Type.String()),
  reference: Type.String(),
  description: Type.String(),
  month: Type.String({ description: 'Month in Asia/Shanghai, the sheet it counts in.' }),
  occurredAt: InstantOut,
  foundAt: InstantOut,
  recordedAt: InstantOut,
  recordedBy: Type.String(),
  eventId: nullable(Uuid),
  originId: nullable(Uuid),
  standing: StandingView,
  voidedAt: nullable(InstantOut),
  voidedReason: nullable(Type.String()),
  correction: nullable(
    Type.Object({
      dueAt: nullable(InstantOut),
      fault: nullable(Type.String({ description: 'Why there is no due date.' })),
      parameterVersion: nullable(Type.Integer()),
      correctedAt: nullable(InstantOut),
      withinTarget: nullable(Type.Boolean()),
      confirmed: Type.Boolean({
        description: 'Whether somebody who is not measured by it said that it was corrected.',
      }),
    }),
  ),
})

export function observationView(observation: Observation) {
  const { dueAt, dueFault, dueParameterVersion, correctedAt, overdueAt } = observation
  const late = overdueAt !== null || (correctedAt !== null && dueAt !== null && correctedAt > dueAt)
  const inTime = correctedAt !== null && dueAt !== null && correctedAt <= dueAt
  return {
    ...observation,
    correction:
      observation.kind === 'data-error'
        ? {
            dueAt,
            fault: dueFault,
            parameterVersion: dueParameterVersion,
            correctedAt,
            withinTarget: inTime ? true : late ? false : null,
            confirmed: observation.correctionConfirmedAt !== null,
          }
        : null,
  }
}
