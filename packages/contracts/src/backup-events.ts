import { Type, type Static } from 'typebox'
import { defineEvent } from './event.ts'
import { Code, Instant, nullable, Uuid } from './values.ts'

export const Executor = Type.Enum(['filesystem', 'postgres'], {
  title: 'BackupExecutor',
  description: 'What carries a backup out on the host.',
})
export type Executor = Static<typeof Executor>

/** SHA-256 of the stored bytes, 64 lower-case hexadecimal digits. */
export const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$' })

const target = { targetId: Uuid, targetCode: Code, systemCode: Code, unitId: Uuid }
const run = { ...target, runId: Uuid }
const copy = { ...run, copyId: Uuid, siteCode: Code, objectName: Type.String() }

export const BackupTargetRegistered = defineEvent({
  type: 'backup.target.registered.v1',
  summary: 'Something that must be backed up was registered or changed.',
  clauses: ['A-2.4.1'],
  payload: Type.Object({ ...target, executor: Executor, active: Type.Boolean() }),
})

export const SystemServes = Type.Enum(['unit', 'company'], {
  title: 'BackupSystemServes',
  description:
    'For whose changes the gate of a system opens: those of its own unit, or those of every unit.',
})
export type SystemServes = Static<typeof SystemServes>

export const BackupSystemSet = defineEvent({
  type: 'backup.target.system-set.v1',
  summary: 'Whose a system is, and for whose changes its gate opens, was set by two.',
  clauses: ['A-2.4.4'],
  payload: Type.Object({
    systemCode: Code,
    unitId: Uuid,
    serves: SystemServes,
    version: Type.Integer({ minimum: 1 }),
    setAt: Instant,
  }),
})

export const BackupPolicySet = defineEvent({
  type: 'backup.target.policy-set.v1',
  summary: 'How often a target is backed up, how long copies are kept and where they lie.',
  clauses: ['A-2.4.1', 'A-2.4.2', 'A-2.4.3'],
  payload: Type.Object({
    ...target,
    version: Type.Integer({ minimum: 1 }),
    /** Five fields of cron, read in Asia/Shanghai. */
    schedule: Type.String(),
    /** ISO 8601 duration. */
    rpo: Type.String(),
    primarySite: Code,
    offsiteSite: nullable(Code),
  }),
})

/** How a target stands to a floor: reached, short of it by leave of an exception, or short of it. */
export const FloorState = Type.Enum(['kept', 'excepted', 'below'], {
  title: 'FloorState',
  description: 'How a policy stands to a floor; `excepted`: below it, by leave of a second person.',
})
export type FloorState = Static<typeof FloorState>

export const ProtectionStated = defineEvent({
  type: 'backup.target.protection-stated.v1',
  summary:
    'How the policy of a target stands to the floors of the parameters; stated when it turns.',
  clauses: ['A-2.4.1', 'A-2.4.2', 'A-2.4.3'],
  payload: Type.Object({
    ...target,
    /** Schedule, recovery point and keeping. */
    plan: FloorState,
    /** Encrypted media at sites that a second person confirmed. */
    media: FloorState,
    /** A copy at a confirmed site in another building. */
    offsite: FloorState,
    /** Floor and fault, a line each; empty when all is kept. */
    faults: Type.Array(Type.String()),
    exceptedUntil: nullable(Instant),
    statedAt: Instant,
  }),
})

export const BackupSiteConfirmed = defineEvent({
  type: 'backup.target.site-confirmed.v1',
  summary: 'A second person confirmed where a site stands and what its medium is.',
  clauses: ['A-2.4.2', 'A-2.4.3'],
  payload: Type.Object({
    siteCode: Code,
    isOffsite: Type.Boolean(),
    isEncrypted: Type.Boolean(),
    statedByPersonId: nullable(Uuid),
    confirmedByPersonId: Uuid,
    confirmedAt: Instant,
  }),
})

export const BackupRunStarted = defineEvent({
  type: 'backup.run.started.v1',
  summary: 'An agent took a run and began to back up.',
  clauses: ['A-2.4.1'],
  payload: Type.Object({
    ...run,
    reason: Type.Enum(['schedule', 'catch-up', 'request']),
    agentId: Type.String(),
    attempt: Type.Integer({ minimum: 1 }),
    startedAt: Instant,
  }),
})

export const BackupRunSucceeded = defineEvent({
  type: 'backup.run.succeeded.v1',
  summary: 'A backup is good: what was stored was read again and its digest agrees.',
  clauses: ['A-2.4.1', 'A-2.4.2'],
  payload: Type.Object({
    ...run,
    copyId: Uuid,
    siteCode: Code,
    objectName: Type.String(),
    /** Bytes in the store. */
    storedBytes: Type.Integer({ minimum: 1 }),
    digest: Sha256,
    tool: Type.String(),
    startedAt: Instant,
    /** The instant of the data: when its reading began. */
    dataAt: Instant,
    verifiedAt: Instant,
  }),
})

export const BackupRunFailed = defineEvent({
  type: 'backup.run.failed.v1',
  summary: 'A backup failed; nothing of it counts.',
  clauses: ['A-2.4.1'],
  payload: Type.Object({
    ...run,
    cause: Type.Enum(['executor', 'digest', 'lease-lost', 'refused', 'cancelled']),
    detail: Type.String(),
    failedAt: Instant,
  }),
})

export const BackupRunMissed = defineEvent({
  type: 'backup.run.missed.v1',
  summary: 'A scheduled backup was not taken in its time.',
  clauses: ['A-2.4.1'],
  payload: Type.Object({
    ...target,
    dueAt: Instant,
    /** Runs of the schedule that this stands for: after a downtime one fact, not hundreds. */
    missedRuns: Type.Integer({ minimum: 1 }),
    noticedAt: Instant,
  }),
})

export const RpoExceeded = defineEvent({
  type: 'backup.run.rpo-exceeded.v1',
  summary: 'The newest good backup of a target is older than its policy allows.',
  clauses: ['A-2.4.1'],
  payload: Type.Object({
    ...target,
    newestDataAt: nullable(Instant),
    rpo: Type.String(),
    noticedAt: Instant,
  }),
})

export const OffsiteConfirmed = defineEvent({
  type: 'backup.run.offsite-confirmed.v1',
  summary: 'A copy at the other site was read again; its digest equals that of the source.',
  clauses: ['A-2.4.3'],
  payload: Type.Object({ ...copy, digest: Sha256, confirmedAt: Instant }),
})

export const OffsiteOverdue = defineEvent({
  type: 'backup.run.offsite-overdue.v1',
  summary: 'A good backup has no confirmed copy at the other site within its time.',
  clauses: ['A-2.4.3'],
  payload: Type.Object({ ...copy, dueAt: Instant, noticedAt: Instant }),
})

export const CopyVerified = defineEvent({
  type: 'backup.run.copy-verified.v1',
  summary: 'A stored copy was read again and its digest agrees.',
  clauses: ['A-2.4.2'],
  payload: Type.Object({ ...copy, digest: Sha256, verifiedAt: Instant }),
})

export const CopyDamaged = defineEvent({
  type: 'backup.run.copy-damaged.v1',
  summary: 'A stored copy is missing or no longer what was written.',
  clauses: ['A-2.4.2'],
  payload: Type.Object({
    ...copy,
    /** Where, as precisely as the store tells: a frame and its bytes, or that the object is gone. */
    finding: Type.String(),
    expectedDigest: Sha256,
    foundDigest: nullable(Sha256),
    foundAt: Instant,
  }),
})

/** The answer to `ChangeGateAsked`. Whoever hears none treats the gate as closed. */
export const GateAnswered = defineEvent({
  type: 'backup.gate.answered.v1',
  summary: 'Whether a change may start, with the backups or the reasons.',
  clauses: ['A-2.4.4', 'A-3.3.4'],
  payload: Type.Object({
    askId: Uuid,
    changeId: Uuid,
    systemCode: Code,
    isOpen: Type.Boolean(),
    /** Empty when open. */
    reasons: Type.Array(Type.String()),
    /** The same in Chinese, in the same order; unknown in facts that are older. */
    reasonsInChinese: Type.Optional(Type.Array(Type.String())),
    /** The good backups it rests on, one per target of the system. */
    backupRunIds: Type.Array(Uuid),
    answeredAt: Instant,
    /** An answer that is used later counts as none. */
    validUntil: Instant,
  }),
})

export const GateOpened = defineEvent({
  type: 'backup.gate.opened.v1',
  summary: 'Every target of a system is freshly backed up and proven; changes may start.',
  clauses: ['A-2.4.4'],
  payload: Type.Object({ systemCode: Code, backupRunIds: Type.Array(Uuid), openedAt: Instant }),
})

export const GateClosed = defineEvent({
  type: 'backup.gate.closed.v1',
  summary: 'A system is no longer freshly backed up and proven; changes may not start.',
  clauses: ['A-2.4.4'],
  payload: Type.Object({ systemCode: Code, reasons: Type.Array(Type.String()), closedAt: Instant }),
})

/** What of the ground of a gate was changed. */
export const VoidCause = Type.Enum(['target', 'policy', 'site', 'parameter', 'system'])
export type VoidCause = Static<typeof VoidCause>

export const GateVoided = defineEvent({
  type: 'backup.gate.voided.v1',
  summary:
    'What the gate of a system reads was changed; answers on the former ground count no longer.',
  clauses: ['A-2.4.4', 'A-3.3.4'],
  payload: Type.Object({
    systemCode: Code,
    cause: VoidCause,
    detail: Type.String(),
    /** Unknown in facts that are older. */
    detailInChinese: Type.Optional(Type.String()),
    /** Open answers that were still valid. */
    answers: Type.Array(Type.Object({ askId: Uuid, changeId: Uuid })),
    voidedAt: Instant,
  }),
})

const restore = { ...target, planId: Uuid, number: Type.String() }

export const RestorePlanned = defineEvent({
  type: 'backup.restore.planned.v1',
  summary: 'A restore was planned: which copy, where to, step by step, who, and the way back.',
  clauses: ['A-2.4.6'],
  payload: Type.Object({
    ...restore,
    runId: Uuid,
    copyId: Uuid,
    planDigest: Sha256,
    requesterPersonId: Uuid,
    plannedAt: Instant,
  }),
})

export const RestoreApproved = defineEvent({
  type: 'backup.restore.approved.v1',
  summary: 'Somebody in charge, not the planner, approved exactly this plan.',
  clauses: ['A-2.4.7'],
  payload: Type.Object({
    ...restore,
    planDigest: Sha256,
    approverPersonId: Uuid,
    approvedAt: Instant,
    /** A plan that is not executed by then must be approved again. */
    validUntil: Instant,
  }),
})

export const RestoreApprovalVoided = defineEvent({
  type: 'backup.restore.approval-voided.v1',
  summary: 'What is restored was changed after the approval, which counts no longer.',
  clauses: ['A-2.4.7'],
  payload: Type.Object({
    ...restore,
    approverPersonId: Uuid,
    reason: Type.String(),
    voidedAt: Instant,
  }),
})

export const RestoreRefused = defineEvent({
  type: 'backup.restore.refused.v1',
  summary: 'The person in charge refused the plan.',
  clauses: ['A-2.4.7'],
  payload: Type.Object({
    ...restore,
    approverPersonId: Uuid,
    reason: Type.String(),
    refusedAt: Instant,
  }),
})

export const RestoreStarted = defineEvent({
  type: 'backup.restore.started.v1',
  summary: 'An approved plan is being executed.',
  clauses: ['A-2.4.5', 'A-2.4.6', 'A-2.4.7'],
  payload: Type.Object({
    ...restore,
    planDigest: Sha256,
    executorPersonId: Uuid,
    startedAt: Instant,
  }),
})

export const RestoreFinished = defineEvent({
  type: 'backup.restore.finished.v1',
  summary: 'A restore ended: what came back was compared with what was saved.',
  clauses: ['A-2.4.5'],
  payload: Type.Object({
    ...restore,
    outcome: Type.Enum(['identical', 'different', 'failed']),
    detail: Type.String(),
    /** Files or tables compared. */
    compared: Type.Integer({ minimum: 0 }),
    /** From the start to the compared result, whole seconds. */
    seconds: Type.Integer({ minimum: 0 }),
    withinRto: Type.Boolean(),
    receiptDigest: Sha256,
    finishedAt: Instant,
  }),
})
