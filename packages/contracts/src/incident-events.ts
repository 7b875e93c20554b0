import { Type } from 'typebox'
import { defineEvent } from './event.ts'
import { AlertLevel } from './monitoring-events.ts'
import { Code, Instant, nullable, Priority, SupportTier, Uuid } from './values.ts'

export const TicketOpened = defineEvent({
  type: 'incident.ticket.opened.v1',
  summary: 'A ticket was opened by a person, a script or an alert.',
  clauses: ['A-1.3.4', 'A-5.2.1', 'B-4.0'],
  payload: Type.Object({
    ticketId: Uuid,
    number: Type.String(),
    title: Type.String(),
    priority: Priority,
    category: Type.String(),
    unitId: Uuid,
    moduleCode: nullable(Code),
    tiers: Type.Array(SupportTier),
    alertEpisodeId: nullable(Uuid),
    reporterPersonId: nullable(Uuid),
    openedAt: Instant,
    acknowledgeDueAt: nullable(Instant),
    restoreDueAt: nullable(Instant),
  }),
})

export const TicketAcknowledged = defineEvent({
  type: 'incident.ticket.acknowledged.v1',
  summary: 'A person of the tier took the ticket: the first response.',
  clauses: ['A-5.2.2', 'A-5.2.3'],
  payload: Type.Object({
    ticketId: Uuid,
    ownerPersonId: Uuid,
    tier: SupportTier,
    acknowledgedAt: Instant,
    withinTarget: Type.Boolean(),
    /** The level that the ticket told of its alert when it was taken; absent from facts stated before levels were told. */
    alertLevel: Type.Optional(nullable(AlertLevel)),
  }),
})

export const TicketEscalated = defineEvent({
  type: 'incident.ticket.escalated.v1',
  summary: 'The ticket moved one tier up, by its owner with an analysis or by the timer.',
  clauses: ['B-4.0', 'B-4.1.4', 'A-5.2.4'],
  payload: Type.Object({
    ticketId: Uuid,
    from: SupportTier,
    to: SupportTier,
    by: Type.Enum(['owner', 'timer', 'empty-tier']),
    analysis: nullable(Type.String()),
    escalatedAt: Instant,
  }),
})

export const TicketProgressNoted = defineEvent({
  type: 'incident.ticket.progress-noted.v1',
  summary: 'The reporter was told how the work goes.',
  clauses: ['A-5.2.5'],
  payload: Type.Object({ ticketId: Uuid, note: Type.String(), notedAt: Instant }),
})

export const TicketResolved = defineEvent({
  type: 'incident.ticket.resolved.v1',
  summary: 'The owner reported service restored or a work-around.',
  clauses: ['A-5.2.3', 'B-4.3.6'],
  payload: Type.Object({
    ticketId: Uuid,
    resolution: Type.String(),
    resolvedAt: Instant,
    withinTarget: Type.Boolean(),
    confirmDueAt: nullable(Instant),
  }),
})

export const TicketConfirmed = defineEvent({
  type: 'incident.ticket.confirmed.v1',
  summary: 'The reporter confirmed or rejected the resolution.',
  clauses: ['B-4.0'],
  payload: Type.Object({
    ticketId: Uuid,
    accepted: Type.Boolean(),
    comment: nullable(Type.String()),
    confirmedAt: Instant,
  }),
})

export const TicketClosed = defineEvent({
  type: 'incident.ticket.closed.v1',
  summary: 'The ticket was closed, by confirmation or because nobody answered in time.',
  clauses: ['B-4.0'],
  payload: Type.Object({
    ticketId: Uuid,
    by: Type.Enum(['confirmation', 'timer']),
    closedAt: Instant,
  }),
})

export const TicketClockBreached = defineEvent({
  type: 'incident.ticket.clock-breached.v1',
  summary: 'A clock of the ticket ran past its deadline.',
  clauses: ['A-1.3.4', 'A-5.2.3'],
  payload: Type.Object({
    ticketId: Uuid,
    clock: Type.Enum(['acknowledge', 'restore', 'progress-note', 'tier', 'final', 'unsolved']),
    tier: nullable(SupportTier),
    dueAt: Instant,
    noticedAt: Instant,
  }),
})

export const TicketReleased = defineEvent({
  type: 'incident.ticket.released.v1',
  summary: 'The owner may no longer work the ticket; the tier that holds it is called again.',
  clauses: ['A-1.3.1', 'A-1.3.4'],
  payload: Type.Object({
    ticketId: Uuid,
    tier: SupportTier,
    previousOwnerPersonId: Uuid,
    /** `not-able`: frozen, moved, or without the right or the duty. */
    reason: Type.Enum(['left', 'not-able']),
    releasedAt: Instant,
  }),
})

export const TicketReassigned = defineEvent({
  type: 'incident.ticket.reassigned.v1',
  summary: 'The O&M authority gave the ticket to a tier, whoever had it before.',
  clauses: ['A-1.3.4', 'B-4.0'],
  payload: Type.Object({
    ticketId: Uuid,
    from: SupportTier,
    to: SupportTier,
    previousOwnerPersonId: nullable(Uuid),
    reason: Type.String(),
    reassignedAt: Instant,
  }),
})

export const TicketSuperiorsCalled = defineEvent({
  type: 'incident.ticket.superiors-called.v1',
  summary: 'A P1 was not restored in time and reached a superior.',
  clauses: ['A-1.3.4', 'A-3.1.5', 'A-4.4.5', 'B-5.3.2'],
  payload: Type.Object({
    ticketId: Uuid,
    step: Type.Enum(['department-head', 'leading-group', 'top-manager']),
    /** Whom it reached; empty where there is nobody at all. */
    personIds: Type.Array(Uuid),
    /** Nobody stands on the step: the next one is called at once, and the O&M authority and the unit's leaders hear of it. */
    inStead: Type.Boolean(),
    /** The step whose people were called; `null` where nobody stands from this step on upwards. */
    reached: Type.Optional(
      nullable(Type.Enum(['department-head', 'leading-group', 'top-manager'])),
    ),
    calledAt: Instant,
  }),
})

export const TicketUserSilent = defineEvent({
  type: 'incident.ticket.user-silent.v1',
  summary:
    'Nobody confirmed the resolution in time; the key users and leaders of the unit are asked.',
  clauses: ['B-4.0'],
  payload: Type.Object({ ticketId: Uuid, silentAt: Instant }),
})

export const TicketRootCauseReported = defineEvent({
  type: 'incident.ticket.root-cause-reported.v1',
  summary: 'The root cause of a restored P1 was reported.',
  clauses: ['A-3.1.5', 'A-5.2.3', 'B-6.6.1'],
  payload: Type.Object({
    ticketId: Uuid,
    report: Type.String(),
    withinTarget: Type.Boolean(),
    reportedAt: Instant,
  }),
})

export const SuperiorsNamed = defineEvent({
  type: 'incident.superiors.named.v1',
  summary: 'The superiors whom an unrestored P1 reaches were named.',
  clauses: ['A-4.4.5', 'B-5.3.2'],
  payload: Type.Object({
    step: Type.Enum(['department-head', 'leading-group', 'top-manager']),
    personIds: Type.Array(Uuid),
    version: Type.Integer({ minimum: 1 }),
  }),
})

export const SuperiorGapFound = defineEvent({
  type: 'incident.superiors.gap-found.v1',
  summary: 'A step of the ladder above an unrestored P1 has nobody who can be called now.',
  clauses: ['A-3.1.5', 'A-4.4.5', 'B-5.3.2'],
  payload: Type.Object({
    step: Type.Enum(['department-head', 'leading-group', 'top-manager']),
    foundAt: Instant,
  }),
})

export const SuperiorGapMended = defineEvent({
  type: 'incident.superiors.gap-mended.v1',
  summary: 'A step of the ladder has somebody again who can be called.',
  clauses: ['A-3.1.5', 'A-4.4.5', 'B-5.3.2'],
  payload: Type.Object({
    step: Type.Enum(['department-head', 'leading-group', 'top-manager']),
    mendedAt: Instant,
  }),
})

export const TicketPriorityRaised = defineEvent({
  type: 'incident.ticket.priority-raised.v1',
  summary: 'The fault turned out graver; its clocks got the graver targets.',
  clauses: ['A-5.2.3'],
  payload: Type.Object({
    ticketId: Uuid,
    from: Priority,
    to: Priority,
    reason: Type.String(),
    raisedAt: Instant,
  }),
})

export const TicketAlertEnded = defineEvent({
  type: 'incident.ticket.alert-ended.v1',
  summary: 'The alert behind the ticket has recovered; the ticket waits for its people.',
  clauses: ['A-3.2.3'],
  payload: Type.Object({ ticketId: Uuid, alertEpisodeId: Uuid, endedAt: Instant }),
})

export const TicketAlertRepeated = defineEvent({
  type: 'incident.ticket.alert-repeated.v1',
  summary:
    'The alert of a ticket that is worked on came again: nobody is told anew, and the ticket is its.',
  clauses: ['A-3.2.3'],
  payload: Type.Object({
    ticketId: Uuid,
    alertEpisodeId: Uuid,
    /** Of which people were told. */
    earlierEpisodeId: Uuid,
    level: AlertLevel,
    /** Who works on it; `null` while nobody took it. */
    ownerPersonId: nullable(Uuid),
    repeatedAt: Instant,
  }),
})

export const KeyUserNominated = defineEvent({
  type: 'incident.key-user.nominated.v1',
  summary: 'A person was named key user of a module in a unit or for the company.',
  clauses: ['B-4.1.1', 'B-6.4.1', 'B-7.3.2'],
  payload: Type.Object({
    keyUserId: Uuid,
    personId: Uuid,
    tier: SupportTier,
    kind: Type.Enum(['MODULE', 'IT']),
    unitId: nullable(Uuid),
    moduleCode: nullable(Code),
    validFrom: Instant,
  }),
})

export const KeyUserRemoved = defineEvent({
  type: 'incident.key-user.removed.v1',
  summary: 'A key-user duty ended.',
  clauses: ['B-4.1.1'],
  payload: Type.Object({
    keyUserId: Uuid,
    personId: Uuid,
    reason: Type.String(),
    endedAt: Instant,
  }),
})

export const KeyUserGapFound = defineEvent({
  type: 'incident.key-user.gap-found.v1',
  summary:
    'A module has no key user in a unit who can do the duty, or the company has none for it.',
  clauses: ['B-4.1.2', 'B-4.2.2', 'B-7.3.2'],
  payload: Type.Object({
    unitId: nullable(Uuid),
    tier: SupportTier,
    kind: Type.Enum(['MODULE', 'IT']),
    moduleCode: nullable(Code),
    foundAt: Instant,
  }),
})

export const KeyUserGapMended = defineEvent({
  type: 'incident.key-user.gap-mended.v1',
  summary: 'A duty that nobody could do has its key user, or is needed no longer.',
  clauses: ['B-4.1.2', 'B-4.2.2', 'B-7.3.2'],
  payload: Type.Object({
    unitId: nullable(Uuid),
    tier: SupportTier,
    kind: Type.Enum(['MODULE', 'IT']),
    moduleCode: nullable(Code),
    mendedAt: Instant,
  }),
})

export const NotificationDelivered = defineEvent({
  type: 'incident.notification.delivered.v1',
  summary: 'A message was accepted by its receiver.',
  clauses: ['A-3.2.3', 'A-5.2.5'],
  payload: Type.Object({
    notificationId: Uuid,
    /** `null` where the message is about no ticket, for example gaps of the key-user register. */
    ticketId: nullable(Uuid),
    channel: Type.Enum(['mail', 'webhook']),
    /** Why it was written, for example `opened`, `progress-noted`, `confirm-reminder`. */
    occasion: Type.String(),
    attempts: Type.Integer(),
    /** When the receiver had accepted it, not when the try began. */
    deliveredAt: Instant,
    /**
     * The person whom it was written to; `null` where it was a system, which hands it on to nobody that is known here.
     * This and the next are absent from facts stated before they were told.
     */
    personId: Type.Optional(nullable(Uuid)),
    /** The alert that it tells of, and the level that it says. */
    alert: Type.Optional(nullable(Type.Object({ episodeId: Uuid, level: AlertLevel }))),
  }),
})

export const NotificationFailed = defineEvent({
  type: 'incident.notification.failed.v1',
  summary: 'A message could not be delivered and is not tried again.',
  clauses: ['A-3.2.3'],
  payload: Type.Object({
    notificationId: Uuid,
    /** As of a delivered one. */
    ticketId: nullable(Uuid),
    channel: Type.Enum(['mail', 'webhook']),
    /** Why it was written, for example `opened`, `progress-noted`, `confirm-reminder`. */
    occasion: Type.String(),
    attempts: Type.Integer(),
    reason: Type.String(),
    failedAt: Instant,
  }),
})

export const NotificationResent = defineEvent({
  type: 'incident.notification.resent.v1',
  summary: 'A person had a message tried again that had not reached its receiver.',
  clauses: ['A-3.2.3'],
  payload: Type.Object({
    notificationId: Uuid,
    ticketId: nullable(Uuid),
    channel: Type.Enum(['mail', 'webhook']),
    /** As of a failed one. */
    occasion: Type.String(),
    /** Tries until then. */
    attempts: Type.Integer(),
    resentAt: Instant,
  }),
})

export const NotificationFellBack = defineEvent({
  type: 'incident.notification.fell-back.v1',
  summary: 'A message does not reach its receiver; others were told instead.',
  clauses: ['A-3.2.3'],
  payload: Type.Object({
    notificationId: Uuid,
    ticketId: nullable(Uuid),
    /** Who was told instead; empty where there is nobody: then nobody knows. */
    personIds: Type.Array(Uuid),
    reason: Type.String(),
    fellBackAt: Instant,
  }),
})

export const CalendarChanged = defineEvent({
  type: 'incident.calendar.changed.v1',
  summary: 'The working time of a unit or of the company got a new version.',
  clauses: ['A-5.2.3'],
  payload: Type.Object({
    unitId: nullable(Uuid),
    version: Type.Integer({ minimum: 1 }),
    kind: Type.Enum(['working-time', 'continuous']),
    reason: Type.String(),
  }),
})

/** Local dates to names of holidays. */
const Days = Type.Record(Type.String(), Type.String())

export const HolidayYearLoaded = defineEvent({
  type: 'incident.calendar.holiday-year-loaded.v1',
  summary: 'The public holidays of a year were loaded, or loaded anew: open deadlines move.',
  clauses: ['A-2.3.5', 'A-5.2.3'],
  payload: Type.Object({
    year: Type.Integer(),
    version: Type.Integer({ minimum: 1 }),
    paper: Type.String({ description: 'Number of the State Council paper.' }),
    paperDate: Type.String({ description: 'Its local date.' }),
    holidays: Days,
    makeUpDays: Days,
    reason: Type.String(),
  }),
})

export const CalendarYearMissing = defineEvent({
  type: 'incident.calendar.year-missing.v1',
  summary: 'Deadlines will soon need a year whose public holidays are not loaded.',
  clauses: ['A-5.2.3'],
  payload: Type.Object({ year: Type.Integer(), neededBy: Instant, foundAt: Instant }),
})
