import { Type } from 'typebox'
import { defineEvent } from './event.ts'
import { Instant, nullable, SealedText, Uuid } from './values.ts'

/** `userName` is sealed, for companies make it from a name or a number. */
const taskFact = {
  taskId: Uuid,
  accountId: Uuid,
  userName: Type.String(),
  kind: Type.String(),
}

export const ProvisioningQueued = defineEvent({
  type: 'identity.provisioning.queued.v1',
  summary: 'A call in EBS was queued for the middleware.',
  clauses: ['A-2.1.1', 'A-2.1.4'],
  payload: Type.Object({
    ...taskFact,
    procedure: Type.String(),
    queuedAt: Instant,
    /** By when it must be done and read back; `null` where nothing ends by it. */
    dueAt: nullable(Instant),
  }),
})

export const ProvisioningDone = defineEvent({
  type: 'identity.provisioning.done.v1',
  summary: 'The call was made and what was read back from EBS is what was asked.',
  clauses: ['A-2.1.1', 'A-2.1.4'],
  payload: Type.Object({
    ...taskFact,
    /** Members that name a person are sealed. */
    readBack: Type.Record(Type.String(), nullable(Type.String())),
    doneAt: Instant,
  }),
})

export const ProvisioningFailed = defineEvent({
  type: 'identity.provisioning.failed.v1',
  summary: 'A call in EBS failed for the last time and waits for a person.',
  clauses: ['A-2.1.4'],
  payload: Type.Object({
    ...taskFact,
    code: Type.String(),
    /** What EBS said; it may name the user. */
    message: SealedText,
    attempts: Type.Integer({ minimum: 0 }),
    failedAt: Instant,
  }),
})

export const ProvisioningDrift = defineEvent({
  type: 'identity.provisioning.drift.v1',
  summary: 'What was read back from EBS is not what was asked.',
  clauses: ['A-2.1.4', 'A-4.3.3'],
  payload: Type.Object({
    ...taskFact,
    expected: Type.Record(Type.String(), nullable(Type.String())),
    readBack: Type.Record(Type.String(), nullable(Type.String())),
    foundAt: Instant,
  }),
})

export const ProvisioningSuperseded = defineEvent({
  type: 'identity.provisioning.superseded.v1',
  summary:
    'A call that no longer makes sense was taken out of the queue, by a leave or by a person.',
  clauses: ['A-2.1.4'],
  payload: Type.Object({ ...taskFact, reason: Type.String(), supersededAt: Instant }),
})

export const ProvisioningResetAsked = defineEvent({
  type: 'identity.provisioning.reset-asked.v1',
  summary:
    'A security administrator has EBS forget the password of a user, which ends a lock there.',
  clauses: ['A-2.2.2', 'A-4.2.4'],
  payload: Type.Object({ ...taskFact, reason: Type.String(), askedAt: Instant }),
})
