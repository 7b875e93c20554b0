import { Type } from 'typebox'
import { defineEvent } from './event.ts'
import { Instant, nullable, Uuid } from './values.ts'

export const AlertLevel = Type.Enum(['warning', 'critical'])

/** What every alert event says of its episode: from firing to resolved it is one and the same. */
const episode = {
  episodeId: Uuid,
  thresholdId: Uuid,
  name: Type.String(),
  metric: Type.String(),
  /** Labels of the series that breached. */
  labels: Type.Record(Type.String(), Type.String()),
  unitId: Uuid,
  moduleCode: nullable(Type.String()),
  level: AlertLevel,
  value: Type.Number(),
  limit: Type.Number(),
}

export const AlertPending = defineEvent({
  type: 'monitoring.alert.pending.v1',
  summary: 'A threshold is exceeded, not yet for the time of the rule.',
  clauses: ['A-3.2.1'],
  payload: Type.Object({ ...episode, since: Instant }),
})

export const AlertFiring = defineEvent({
  type: 'monitoring.alert.firing.v1',
  summary: 'A threshold has been exceeded for the time of the rule, or its level rose.',
  clauses: ['A-3.2.1', 'A-3.2.2', 'A-3.2.3'],
  payload: Type.Object({ ...episode, since: Instant, firedAt: Instant }),
})

export const AlertResolved = defineEvent({
  type: 'monitoring.alert.resolved.v1',
  summary: 'The value is back below the recover level, or the rule was withdrawn.',
  clauses: ['A-3.2.3'],
  payload: Type.Object({
    ...episode,
    reason: Type.Enum(['recovered', 'threshold-withdrawn']),
    resolvedAt: Instant,
  }),
})

export const InspectionFindingRaised = defineEvent({
  type: 'monitoring.inspection.finding-raised.v1',
  summary: 'An inspection item was abnormal.',
  clauses: ['A-3.1.3', 'A-3.1.4', 'A-3.1.5'],
  payload: Type.Object({
    findingId: Uuid,
    roundId: Uuid,
    unitId: Uuid,
    item: Type.String(),
    severity: Type.Enum(['simple', 'complex']),
    level: AlertLevel,
    note: Type.String(),
    value: nullable(Type.String()),
    foundAt: Instant,
  }),
})
