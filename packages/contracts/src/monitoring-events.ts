import { Type, type Static } from 'typebox'
import { defineEvent } from './event.ts'
import { Instant, LocalDate, nullable, Uuid } from './values.ts'

export const AlertLevel = Type.Enum(['warning', 'critical'], {
  title: 'AlertLevel',
  description: 'How grave it is: which of the two limits was passed. Source: A-3.2.2.',
})
export type AlertLevel = Static<typeof AlertLevel>

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

/** Why an episode ended; only `recovered` says that the value is good again. */
const EndReason = Type.Enum([
  'recovered',
  'threshold-withdrawn',
  'threshold-changed',
  'source-disabled',
])

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
  payload: Type.Object({
    ...episode,
    since: Instant,
    firedAt: Instant,
    /**
     * An ended episode of the same series under the same threshold of which a person in charge was told, at this level or
     * a graver one, less than parameter monitoring.alert.suppress ago; absent from facts stated before it was asked.
     */
    repeats: Type.Optional(nullable(Uuid)),
  }),
})

export const AlertResolved = defineEvent({
  type: 'monitoring.alert.resolved.v1',
  summary: 'A firing alert ended: the value recovered, or its threshold or source was taken away.',
  clauses: ['A-3.2.3'],
  payload: Type.Object({ ...episode, reason: EndReason, resolvedAt: Instant }),
})

/** Ends an episode that never fired; nobody was told of it and nobody need be now. */
export const AlertCleared = defineEvent({
  type: 'monitoring.alert.cleared.v1',
  summary: 'A pending alert ended before the time of the rule.',
  clauses: ['A-3.2.1'],
  payload: Type.Object({ ...episode, reason: EndReason, clearedAt: Instant }),
})

const confirmed = {
  episodeId: Uuid,
  thresholdId: Uuid,
  unitId: Uuid,
  level: AlertLevel,
  /** When the breach was confirmed here, of this level; sample times may lie before. */
  confirmedAt: Instant,
}

/**
 * Once for each level. `withinTarget`: not later after the confirmation than parameter monitoring.alert.notify_within.
 */
export const AlertNotified = defineEvent({
  type: 'monitoring.alert.notified.v1',
  summary:
    'A person in charge was reached about a confirmed alert at its level, for the first time.',
  clauses: ['A-3.2.3'],
  payload: Type.Object({
    ...confirmed,
    /** `null` where the message is about no ticket. */
    ticketId: nullable(Uuid),
    deliveredAt: Instant,
    /**
     * Who was reached, and by what; absent from facts stated while a webhook counted too. What was told of the same alert a
     * moment before it came again is told, and said of nobody anew.
     */
    personId: Type.Optional(nullable(Uuid)),
    by: Type.Optional(Type.Enum(['mail', 'webhook', 'acknowledgement', 'earlier-message'])),
    withinTarget: Type.Boolean(),
  }),
})

export const AlertNotifyOverdue = defineEvent({
  type: 'monitoring.alert.notify-overdue.v1',
  summary: 'Nobody in charge has been reached about a confirmed alert at its level in time.',
  clauses: ['A-3.2.3'],
  payload: Type.Object({ ...confirmed, dueAt: Instant, noticedAt: Instant }),
})

export const AlertAcknowledged = defineEvent({
  type: 'monitoring.alert.acknowledged.v1',
  summary: 'A person took the ticket of a confirmed alert.',
  clauses: ['A-3.2.3'],
  payload: Type.Object({
    ...confirmed,
    ticketId: Uuid,
    acknowledgedByPersonId: Uuid,
    acknowledgedAt: Instant,
  }),
})

export const AlertAckOverdue = defineEvent({
  type: 'monitoring.alert.ack-overdue.v1',
  summary: 'A firing alert was not taken by anybody in the time of its level.',
  clauses: ['A-3.1.3', 'A-3.2.3'],
  /** `ticketId` is `null` where no ticket is known. */
  payload: Type.Object({
    ...confirmed,
    ticketId: nullable(Uuid),
    dueAt: Instant,
    noticedAt: Instant,
  }),
})

/** Every version of a threshold, with author and reason: the history that asks for. */
export const ThresholdSet = defineEvent({
  type: 'monitoring.threshold.set.v1',
  summary: 'A threshold was created, changed or withdrawn.',
  clauses: ['A-3.2.2'],
  payload: Type.Object({
    thresholdId: Uuid,
    version: Type.Integer({ minimum: 1 }),
    change: Type.Enum(['created', 'changed', 'withdrawn']),
    unitId: Uuid,
    moduleCode: nullable(Type.String()),
    name: Type.String(),
    category: Type.String(),
    metric: Type.String(),
    comparison: Type.Enum(['above', 'below']),
    warning: nullable(Type.Number()),
    critical: nullable(Type.Number()),
    forSeconds: Type.Integer(),
    reason: Type.String(),
  }),
})

/** Why a threshold in force judges nothing. */
const Unfed = Type.Enum(['no-source', 'no-source-of-module', 'metric-unknown', 'no-samples'])

export const ThresholdUnfed = defineEvent({
  type: 'monitoring.threshold.unfed.v1',
  summary: 'A threshold in force judges nothing: no sample of now reaches it.',
  clauses: ['A-3.2.2', 'A-3.2.3'],
  payload: Type.Object({ thresholdId: Uuid, unitId: Uuid, reason: Unfed, foundAt: Instant }),
})

export const ThresholdFed = defineEvent({
  type: 'monitoring.threshold.fed.v1',
  summary: 'Samples reach a threshold that judged nothing before.',
  clauses: ['A-3.2.2', 'A-3.2.3'],
  payload: Type.Object({ thresholdId: Uuid, unitId: Uuid, fedAt: Instant }),
})

const source = {
  sourceId: Uuid,
  name: Type.String(),
  unitId: Uuid,
  moduleCode: nullable(Type.String()),
}

export const SourceChanged = defineEvent({
  type: 'monitoring.source.changed.v1',
  summary: 'A source of samples was registered, given a new token or disabled.',
  clauses: ['A-3.2.1'],
  payload: Type.Object({
    ...source,
    change: Type.Enum(['registered', 'token-issued', 'disabled']),
  }),
})

export const SourceSilent = defineEvent({
  type: 'monitoring.source.silent.v1',
  summary: 'A source has sent no sample for longer than it may.',
  clauses: ['A-3.2.1'],
  /** `lastHeardAt` is `null` for one that never sent. */
  payload: Type.Object({ ...source, lastHeardAt: nullable(Instant), noticedAt: Instant }),
})

export const SourceHeard = defineEvent({
  type: 'monitoring.source.heard.v1',
  summary: 'A source sends for the first time, or again after a silence.',
  clauses: ['A-3.2.1'],
  /** `silentSince` is `null` where no silence was noticed before. */
  payload: Type.Object({ ...source, silentSince: nullable(Instant), heardAt: Instant }),
})

/**
 * Stated when it changes and once when a unit that runs the ERP is first seen. `watched`: a plausible sample of now is
 * there; `guarded`: a threshold in force judges it, with a limit that is not beyond the one of the parameters.
 */
export const KeyFigureStated = defineEvent({
  type: 'monitoring.source.key-figure-stated.v1',
  summary: 'Whether a key figure of a unit is watched in real time, and guarded by a threshold.',
  clauses: ['A-3.2.1', 'A-3.2.2', 'A-3.2.3'],
  payload: Type.Object({
    unitId: Uuid,
    figure: Type.Enum(['cpu', 'memory', 'disk-io']),
    watched: Type.Boolean(),
    guarded: Type.Boolean(),
    statedAt: Instant,
  }),
})

const round = { roundId: Uuid, unitId: Uuid, date: LocalDate }

export const InspectionGenerated = defineEvent({
  type: 'monitoring.inspection.generated.v1',
  summary: 'The inspection round of a unit and day was drawn up.',
  clauses: ['A-3.1.1', 'A-3.1.2'],
  payload: Type.Object({
    ...round,
    inspectorPersonId: nullable(Uuid),
    deputyPersonId: nullable(Uuid),
    dueAt: Instant,
    deputyDueAt: Instant,
  }),
})

export const InspectionDone = defineEvent({
  type: 'monitoring.inspection.done.v1',
  summary: 'A named person signed the inspection round: every item has its verdict.',
  clauses: ['A-3.1.1', 'A-3.1.2'],
  payload: Type.Object({
    ...round,
    signedByPersonId: Uuid,
    signedAt: Instant,
    withinTarget: Type.Boolean(),
    /** Whether it was signed on the calendar day it is about; a day that is over cannot be inspected any more. */
    onDay: Type.Boolean(),
    /** Whether the answers look copied; then they prove no look at the system. */
    suspicious: Type.Boolean(),
    abnormalItems: Type.Integer({ minimum: 0 }),
  }),
})

export const InspectionSuspicious = defineEvent({
  type: 'monitoring.inspection.suspicious.v1',
  summary: 'A round was signed whose answers are all the same, or the same as on the days before.',
  clauses: ['A-3.1.2'],
  payload: Type.Object({
    ...round,
    reasons: Type.Array(Type.Enum(['same-everywhere', 'same-as-before'])),
    signedByPersonId: Uuid,
    signedAt: Instant,
  }),
})

export const InspectionItemOverruled = defineEvent({
  type: 'monitoring.inspection.item-overruled.v1',
  summary: 'A second person said why a value beyond its limit is no finding.',
  clauses: ['A-3.1.2', 'A-3.1.3'],
  /** `recordedByPersonId` is `null` where the value was measured. */
  payload: Type.Object({
    ...round,
    item: Type.String(),
    level: AlertLevel,
    value: nullable(Type.String()),
    reason: Type.String(),
    recordedByPersonId: nullable(Uuid),
    overruledByPersonId: Uuid,
    overruledAt: Instant,
  }),
})

export const InspectionRosterSet = defineEvent({
  type: 'monitoring.inspection.roster-set.v1',
  summary: 'Somebody named who inspects a unit and who stands in.',
  clauses: ['A-3.1.1'],
  payload: Type.Object({
    unitId: Uuid,
    inspectorPersonId: Uuid,
    deputyPersonId: nullable(Uuid),
    version: Type.Integer({ minimum: 1 }),
    setAt: Instant,
  }),
})

export const InspectionUncovered = defineEvent({
  type: 'monitoring.inspection.uncovered.v1',
  summary: 'Nobody on the roster of a unit is able to inspect it, or it has no roster.',
  clauses: ['A-3.1.1'],
  payload: Type.Object({
    unitId: Uuid,
    reason: Type.Enum(['no-roster', 'nobody-able']),
    inspectorPersonId: nullable(Uuid),
    deputyPersonId: nullable(Uuid),
    foundAt: Instant,
  }),
})

export const InspectionCovered = defineEvent({
  type: 'monitoring.inspection.covered.v1',
  summary: 'The roster of a unit names somebody who is able to inspect it again.',
  clauses: ['A-3.1.1'],
  payload: Type.Object({ unitId: Uuid, uncoveredSince: Instant, coveredAt: Instant }),
})

export const InspectionOverdue = defineEvent({
  type: 'monitoring.inspection.overdue.v1',
  summary: 'An inspection round was not signed by its time.',
  clauses: ['A-3.1.1'],
  payload: Type.Object({
    ...round,
    inspectorPersonId: nullable(Uuid),
    dueAt: Instant,
    noticedAt: Instant,
  }),
})

export const InspectionHandedOver = defineEvent({
  type: 'monitoring.inspection.handed-over.v1',
  summary:
    'A round went to the deputy: it was still not signed, or the inspector ceased to be able.',
  clauses: ['A-3.1.1'],
  payload: Type.Object({
    ...round,
    inspectorPersonId: nullable(Uuid),
    deputyPersonId: nullable(Uuid),
    handedOverAt: Instant,
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
