import { Type, type Static } from 'typebox'
import { defineEvent } from './event.ts'
import { Code, Instant, nullable, Uuid } from './values.ts'

/** Source: defaults 2.4. */
export const ChangeKind = Type.Enum(
  ['function', 'process', 'data', 'permission', 'report', 'upgrade', 'migration', 'patch'],
  {
    title: 'ChangeKind',
    description:
      'What a change touches; all but reports and permissions need a fresh backup. Source: A-2.4.4, B-6.2.',
  },
)
export type ChangeKind = Static<typeof ChangeKind>

export const ApprovalStage = Type.Enum(['unit', 'company'], {
  title: 'ApprovalStage',
  description: 'Who approves: the unit first, then the company. Source: B-4.1.5, B-4.2.4, B-7.5.',
})
export type ApprovalStage = Static<typeof ApprovalStage>

/**
 * What an emergency skips and owes: its papers, the unit's approval, and the review of a start outside windows or in a
 * freeze. Source: defaults 2.4, A-3.3.5, B-7.5.
 */
export const ChangeDebtKind = Type.Enum(['papers', 'unit-approval', 'review'])
export type ChangeDebtKind = Static<typeof ChangeDebtKind>

export const HeldCause = Type.Enum(
  [
    'gate-closed',
    'gate-silent',
    'answer-late',
    // What the gate reads was changed: its answers and the approvals' grounds are not what they were.
    'gate-voided',
    // The gate is open, but something else was lost while it was asked.
    'outside-window',
    'outside-planned-time',
    'executor-left',
    'approver-lost',
  ],
  {
    title: 'HeldCause',
    description: 'What kept a change from starting, or took it back from the start.',
  },
)
export type HeldCause = Static<typeof HeldCause>

const change = { changeId: Uuid, number: Type.String() }

export const ChangeSubmitted = defineEvent({
  type: 'incident.change.submitted.v1',
  summary: 'A change was asked for, with its plan, its tests and its way back.',
  clauses: ['A-3.3.2', 'A-3.3.5', 'B-6.2'],
  payload: Type.Object({
    ...change,
    kind: ChangeKind,
    title: Type.String(),
    unitId: Uuid,
    moduleCode: nullable(Code),
    /** The system whose backups the gate asks for; `null` where no backup is needed. */
    systemCode: nullable(Code),
    plannedStart: Type.Optional(Instant),
    plannedEnd: Type.Optional(Instant),
    requesterPersonId: Uuid,
    submittedAt: Instant,
  }),
})

export const ChangeApproved = defineEvent({
  type: 'incident.change.approved.v1',
  summary: 'A stage of the approval was given, by somebody who did not ask for the change.',
  clauses: ['B-4.1.5', 'B-4.2.4', 'B-6.2', 'B-7.5'],
  payload: Type.Object({
    ...change,
    stage: ApprovalStage,
    approverPersonId: Uuid,
    comment: nullable(Type.String()),
    /** Whether nothing but its start is left. */
    isComplete: Type.Boolean(),
    approvedAt: Instant,
  }),
})

export const ChangeRejected = defineEvent({
  type: 'incident.change.rejected.v1',
  summary: 'A stage of the approval was refused; the change is over.',
  clauses: ['B-4.1.5', 'B-4.2.4', 'B-6.2', 'B-7.5'],
  payload: Type.Object({
    ...change,
    stage: ApprovalStage,
    approverPersonId: Uuid,
    reason: Type.String(),
    rejectedAt: Instant,
  }),
})

export const ChangeWithdrawn = defineEvent({
  type: 'incident.change.withdrawn.v1',
  summary: 'The requester took the change back before it was started.',
  clauses: ['B-6.2'],
  payload: Type.Object({ ...change, reason: Type.String(), withdrawnAt: Instant }),
})

export const ChangeAmended = defineEvent({
  type: 'incident.change.amended.v1',
  summary: 'The requester edited the change; approvals of the earlier wording are void.',
  clauses: ['A-3.3.2', 'B-4.2.4', 'B-6.2'],
  payload: Type.Object({
    ...change,
    /** Names of the members that differ now. */
    members: Type.Array(Type.String()),
    voidedApproverPersonIds: Type.Array(Uuid),
    amendedAt: Instant,
  }),
})

/** The question to backup-orchestration; `GateAnswered` with the same `askId` is the answer. */
export const ChangeGateAsked = defineEvent({
  type: 'incident.change.gate-asked.v1',
  summary: 'An approved change is about to start and asks whether its system is backed up.',
  clauses: ['A-2.4.4', 'A-3.3.4'],
  payload: Type.Object({
    ...change,
    askId: Uuid,
    kind: ChangeKind,
    unitId: Uuid,
    systemCode: Code,
    executorPersonId: Uuid,
    askedAt: Instant,
  }),
})

export const ChangeHeld = defineEvent({
  type: 'incident.change.held.v1',
  summary:
    'A change was kept from starting: the gate is closed, late or void, or the window, its time or its people were lost.',
  clauses: ['A-2.4.4', 'A-3.3.4'],
  payload: Type.Object({
    ...change,
    /** The question it waited for; `null` for a change that had not asked yet. */
    askId: nullable(Uuid),
    cause: HeldCause,
    reasons: Type.Array(Type.String()),
    heldAt: Instant,
  }),
})

export const ChangeStarted = defineEvent({
  type: 'incident.change.started.v1',
  summary: 'The change is being carried out, by somebody who neither asked for nor approved it.',
  clauses: ['A-2.4.4', 'A-3.3.3', 'A-3.3.4', 'B-4.3.7'],
  payload: Type.Object({
    ...change,
    /** The gate's answer that let it start; `null` where none is needed. */
    askId: nullable(Uuid),
    executorPersonId: Uuid,
    /** Whether its kind may harm data, or it names a system. */
    needsBackup: Type.Optional(Type.Boolean()),
    /** Verified backups the gate named. */
    backupRunIds: Type.Array(Uuid),
    startedAt: Instant,
  }),
})

export const ChangeFinished = defineEvent({
  type: 'incident.change.finished.v1',
  summary: 'The change was deployed or taken back.',
  clauses: ['A-3.3.5', 'B-4.3.7'],
  payload: Type.Object({
    ...change,
    outcome: Type.Enum(['deployed', 'rolled-back']),
    result: Type.String(),
    finishedAt: Instant,
  }),
})

export const ChangeReviewed = defineEvent({
  type: 'incident.change.reviewed.v1',
  summary: 'Somebody other than the executor looked back at the change; it is closed.',
  clauses: ['A-3.3.5'],
  payload: Type.Object({
    ...change,
    reviewerPersonId: Uuid,
    isSuccessful: Type.Boolean(),
    findings: Type.String(),
    reviewedAt: Instant,
  }),
})

export const ChangePapersFiled = defineEvent({
  type: 'incident.change.papers-filed.v1',
  summary: 'The written confirmation and the test result of an emergency change were handed in.',
  clauses: ['A-3.3.5', 'B-6.2'],
  payload: Type.Object({
    ...change,
    requesterPersonId: Uuid,
    confirmation: Type.String(),
    testEvidence: Type.String(),
    withinTarget: Type.Boolean(),
    filedAt: Instant,
  }),
})

export const ChangeStageUnfilled = defineEvent({
  type: 'incident.change.stage-unfilled.v1',
  summary: 'A change waits for a stage of its approval that nobody can give.',
  clauses: ['B-4.2.4', 'B-6.2', 'B-7.5'],
  payload: Type.Object({
    ...change,
    stage: ApprovalStage,
    unitId: Uuid,
    moduleCode: nullable(Code),
    foundAt: Instant,
  }),
})

export const ChangeStageFilled = defineEvent({
  type: 'incident.change.stage-filled.v1',
  summary: 'Somebody can give the stage that nobody could, or the change waits for it no longer.',
  clauses: ['B-4.2.4', 'B-6.2', 'B-7.5'],
  payload: Type.Object({ ...change, stage: ApprovalStage, filledAt: Instant }),
})

export const ChangeDebtIncurred = defineEvent({
  type: 'incident.change.debt-incurred.v1',
  summary:
    'An emergency change was started without something that others wait for; it is owed until a due time.',
  clauses: ['A-3.3.5', 'B-6.2', 'B-7.5'],
  payload: Type.Object({
    ...change,
    debt: ChangeDebtKind,
    dueAt: Instant,
    incurredAt: Instant,
  }),
})

export const ChangeDebtSettled = defineEvent({
  type: 'incident.change.debt-settled.v1',
  summary: 'What an emergency change had skipped was made up.',
  clauses: ['A-3.3.5', 'B-6.2', 'B-7.5'],
  payload: Type.Object({
    ...change,
    debt: ChangeDebtKind,
    withinTarget: Type.Boolean(),
    settledAt: Instant,
  }),
})

export const ChangeDebtOverdue = defineEvent({
  type: 'incident.change.debt-overdue.v1',
  summary: 'What an emergency change had skipped was not made up in its time.',
  clauses: ['A-3.3.5', 'B-6.2', 'B-7.5'],
  payload: Type.Object({
    ...change,
    debt: ChangeDebtKind,
    dueAt: Instant,
    noticedAt: Instant,
  }),
})
