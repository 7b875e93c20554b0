import { Type, type Static } from 'typebox'
import { defineEvent } from './event.ts'
import { Code, Instant, nullable, Uuid } from './values.ts'

/** The four indicators of regulation A. Source. */
export const Indicator = Type.Enum(['accuracy', 'timeliness', 'cooperation', 'security'])
export type Indicator = Static<typeof Indicator>

/** What can be observed of a person or department; each has its points on the default sheet. Source: defaults 2.11. */
export const ObservationKind = Type.Enum(
  [
    'data-error',
    'process-deviation',
    'late-correction',
    'delay',
    'task-refused',
    'absence',
    'lateness',
    'account-lending',
    'password-leak',
    'late-leaver-notice',
    'security-incident',
    'improvement',
    'extra-help',
  ],
  {
    title: 'ObservationKind',
    description:
      'What was observed; each kind has its points on the default sheet. Sources: A-6.1.1 to A-6.1.4.',
  },
)
export type ObservationKind = Static<typeof ObservationKind>

/** How grave; deductions of data errors follow it. Source: defaults 2.11 (S21). */
export const Severity = Type.Enum(['light', 'medium', 'heavy'], {
  title: 'ObservationSeverity',
  description: 'How grave it is; the points of a data error follow it.',
})
export type Severity = Static<typeof Severity>

/** Whom a score is about. */
export const SubjectKind = Type.Enum(['person', 'department', 'unit'], {
  title: 'ScoreSubjectKind',
  description: 'Whom a score is about.',
})
export type SubjectKind = Static<typeof SubjectKind>

/** A month of the calendar in Asia/Shanghai, `2026-11`. */
export const Month = Type.String({
  pattern: '^[1-9][0-9]{3}-(0[1-9]|1[0-2])$',
  description: 'Month of the calendar in Asia/Shanghai, `2026-11`.',
})

export const ObservationRecorded = defineEvent({
  type: 'assessment.observation.recorded.v1',
  summary: 'Something that counts for or against a person or department was observed.',
  clauses: ['A-2.3.1', 'A-2.3.3', 'A-2.3.7', 'A-6.1.1', 'A-6.1.2', 'A-6.1.3', 'A-6.1.4'],
  payload: Type.Object({
    observationId: Uuid,
    kind: ObservationKind,
    severity: nullable(Severity),
    personId: nullable(Uuid),
    departmentId: nullable(Uuid),
    unitId: Uuid,
    moduleCode: nullable(Code),
    /** The document or case it was seen at. */
    reference: Type.String(),
    occurredAt: Instant,
    recordedAt: Instant,
  }),
})

export const ErrorCorrected = defineEvent({
  type: 'assessment.observation.corrected.v1',
  summary: 'A data error was corrected, in time or late.',
  clauses: ['A-2.3.5'],
  payload: Type.Object({
    observationId: Uuid,
    dueAt: nullable(Instant),
    correctedAt: Instant,
    /** `null` where the calendar gave no due date to be measured by. */
    withinTarget: nullable(Type.Boolean()),
    /** Whether somebody who is not measured by it said so; `false`: the word of the unit concerned. */
    confirmed: Type.Boolean(),
  }),
})

/** Every change of what counts is a fact: by an appeal, or set right when something done in time is told late. */
export const ObservationVoided = defineEvent({
  type: 'assessment.observation.voided.v1',
  summary: 'An observation no longer counts in sheets computed from now on.',
  clauses: ['A-2.3.5', 'A-2.3.7', 'A-6.3.1', 'B-5.6'],
  payload: Type.Object({
    observationId: Uuid,
    kind: ObservationKind,
    /** The data error or time node that it followed from. */
    originId: nullable(Uuid),
    unitId: Uuid,
    month: Month,
    reason: Type.String(),
    voidedAt: Instant,
  }),
})

export const EntriesCounted = defineEvent({
  type: 'assessment.observation.entries-counted.v1',
  summary:
    'The middleware said how many entries people made in a month: the denominator of error rates.',
  clauses: ['A-2.3.3', 'A-6.1.1'],
  payload: Type.Object({
    batchId: Uuid,
    month: Month,
    moduleCode: nullable(Code),
    persons: Type.Integer({ minimum: 1 }),
    entries: Type.Integer({ minimum: 0 }),
    countedAt: Instant,
  }),
})

export const TimeNodeClaimed = defineEvent({
  type: 'assessment.time-node.claimed.v1',
  summary:
    'The unit concerned said in time that a step was finished; somebody else has to confirm it.',
  clauses: ['A-2.3.7'],
  payload: Type.Object({
    nodeId: Uuid,
    code: Type.String(),
    unitId: Uuid,
    dueAt: Instant,
    completedAt: Instant,
    claimedAt: Instant,
    /** By when it is confirmed or refused: two weeks after it is due. */
    confirmBy: Instant,
  }),
})

export const TimeNodeCompleted = defineEvent({
  type: 'assessment.time-node.completed.v1',
  summary: 'A step with a time node was finished.',
  clauses: ['A-2.3.7'],
  payload: Type.Object({
    nodeId: Uuid,
    code: Type.String(),
    unitId: Uuid,
    dueAt: Instant,
    completedAt: Instant,
    withinTarget: Type.Boolean(),
  }),
})

export const TimeNodeMissed = defineEvent({
  type: 'assessment.time-node.missed.v1',
  summary: 'A step was not finished by its time node.',
  clauses: ['A-2.3.7', 'A-6.1.2'],
  payload: Type.Object({
    nodeId: Uuid,
    code: Type.String(),
    unitId: Uuid,
    personId: nullable(Uuid),
    dueAt: Instant,
    noticedAt: Instant,
  }),
})

const sheet = {
  sheetId: Uuid,
  month: Month,
  revision: Type.Integer({ minimum: 1 }),
  digest: Type.String(),
}

export const ScoresComputed = defineEvent({
  type: 'assessment.score.computed.v1',
  summary:
    'The scores of a month were computed from the facts of a cut-off; the digest says from what and to what.',
  clauses: ['B-5.6', 'A-6.1.1', 'A-6.1.2', 'A-6.1.3', 'A-6.1.4'],
  payload: Type.Object({
    ...sheet,
    subjects: Type.Integer({ minimum: 0 }),
    deductions: Type.Integer({ minimum: 0 }),
    /** People of whom the month has a fact; the others have no score. */
    measured: Type.Integer({ minimum: 0 }),
    /** People whose entries were counted. */
    measuredAccuracy: Type.Integer({ minimum: 0 }),
    /** Steps that were finished by the word of others, or missed. */
    measuredTimeliness: Type.Integer({ minimum: 0 }),
    cutOffAt: Instant,
    computedAt: Instant,
  }),
})

export const ScoresPublished = defineEvent({
  type: 'assessment.score.published.v1',
  summary: 'The scores of a month were made known; the time for appeals runs.',
  clauses: ['B-5.6'],
  payload: Type.Object({ ...sheet, publishedAt: Instant, appealsUntil: nullable(Instant) }),
})

const appeal = { appealId: Uuid, observationId: Uuid, month: Month }

export const AppealsEndSet = defineEvent({
  type: 'assessment.score.appeals-end-set.v1',
  summary: 'The holidays of a year became known, so the time for appeals of a month has its end.',
  clauses: ['B-5.6'],
  payload: Type.Object({ sheetId: Uuid, month: Month, appealsUntil: Instant }),
})

export const AppealFiled = defineEvent({
  type: 'assessment.appeal.filed.v1',
  summary: 'Somebody objected to a fact behind a score.',
  clauses: ['B-5.6', 'A-6.3.1'],
  payload: Type.Object({
    ...appeal,
    appellantPersonId: Uuid,
    reason: Type.String(),
    filedAt: Instant,
  }),
})

export const AppealDecided = defineEvent({
  type: 'assessment.appeal.decided.v1',
  summary: 'An appeal was decided by somebody who had no part in the fact.',
  clauses: ['B-5.6', 'A-6.3.1'],
  payload: Type.Object({
    ...appeal,
    outcome: Type.Enum(['upheld', 'voided']),
    reason: Type.String(),
    deciderPersonId: Uuid,
    decidedAt: Instant,
  }),
})

/**
 * What is known of a clause now. `stale`: what should prove it has fallen silent; `not-covered`: what would prove it is not
 * built, so that nobody takes it for silence that somebody could end. Source: architecture of the evidence.
 */
export const ControlState = Type.Enum(
  ['kept', 'at-risk', 'broken', 'stale', 'recorded-by-person', 'not-covered', 'not-applicable'],
  {
    title: 'ControlState',
    description:
      '`kept`: proven, and nothing breaks it; `at-risk`; `broken`; `stale`: its proof is old, or who would tell is silent; ' +
      '`recorded-by-person`: a person saw it, a second one confirmed; `not-covered`: nothing proves it yet; `not-applicable`: no duty.',
  },
)
export type ControlState = Static<typeof ControlState>

export const ControlStateChanged = defineEvent({
  type: 'assessment.control.state-changed.v1',
  summary: 'A clause is kept, at risk, broken, stale or in another state since now.',
  clauses: ['B-5.6'],
  payload: Type.Object({
    clauseId: Type.String(),
    from: nullable(ControlState),
    to: ControlState,
    reason: Type.String(),
    changedAt: Instant,
  }),
})

export const ControlRecorded = defineEvent({
  type: 'assessment.control.recorded.v1',
  summary: 'A person recorded evidence for a clause that only a person can prove.',
  clauses: ['B-5.1', 'B-5.2'],
  payload: Type.Object({
    recordId: Uuid,
    clauseId: Type.String(),
    personId: nullable(Uuid),
    statement: Type.String(),
    reference: nullable(Type.String()),
    observedAt: Instant,
    validUntil: Instant,
    recordedAt: Instant,
  }),
})

export const ControlRecordConfirmed = defineEvent({
  type: 'assessment.control.record-confirmed.v1',
  summary: 'A second person confirmed what was recorded of a clause; it counts from now on.',
  clauses: ['B-5.1', 'B-5.2'],
  payload: Type.Object({
    recordId: Uuid,
    clauseId: Type.String(),
    confirmerPersonId: Uuid,
    confirmedAt: Instant,
  }),
})
