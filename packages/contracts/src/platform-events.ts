import { Type } from 'typebox'
import { defineEvent } from './event.ts'
import { Instant, nullable, Uuid } from './values.ts'

/** A parameter of the regulations got a new version. */
export const ParameterVersionSet = defineEvent({
  type: 'parameter.version.set.v1',
  summary: 'A parameter of the regulations got a new version, for one unit or the company.',
  clauses: ['A-4.1.2'],
  payload: Type.Object({
    key: Type.String(),
    unitId: nullable(Uuid),
    version: Type.Integer({ minimum: 1 }),
    value: Type.Unknown(),
    validFrom: Instant,
    reason: Type.String(),
  }),
})

/** Something waits for a second person; until that person approves nothing has changed. */
export const ProposalMade = defineEvent({
  type: 'audit.proposal.made.v1',
  summary: 'A change that one person may not make alone was proposed; it has no effect yet.',
  clauses: [],
  payload: Type.Object({
    proposalId: Uuid,
    service: Type.String(),
    /** What kind of change, for example `parameter.set`. */
    kind: Type.String(),
    /** What would be changed: one proposal at a time for each subject of a kind. */
    subject: Type.String(),
    body: Type.Unknown(),
    reason: Type.String(),
    proposedByPersonId: nullable(Uuid),
    /** Who is measured by it or gains from it, and so may not decide. */
    concernedPersonIds: Type.Array(Uuid),
    concernedUnitIds: Type.Array(Uuid),
    expiresAt: Instant,
  }),
})

/** A proposal came to its end; only an approval gave it effect, in the same commit. */
export const ProposalDecided = defineEvent({
  type: 'audit.proposal.decided.v1',
  summary: 'A proposal was approved by a second person, rejected, withdrawn, or ran out of time.',
  clauses: [],
  payload: Type.Object({
    proposalId: Uuid,
    service: Type.String(),
    kind: Type.String(),
    subject: Type.String(),
    decision: Type.Enum(['approved', 'rejected', 'withdrawn', 'expired']),
    proposedByPersonId: nullable(Uuid),
    /** `null` for an administrator whose account names no person, and for what expired. */
    decidedByPersonId: nullable(Uuid),
    reason: nullable(Type.String()),
  }),
})

/** What waits for another person. */
const waiting = {
  service: Type.String(),
  /** What waits, for example `parameter.set` or `appeal.decide`. */
  kind: Type.String(),
  /** Id of what waits. */
  subject: Type.String(),
}

/** Stated when it is made, or when the last who could decide it no longer can. */
export const WaitUndecidable = defineEvent({
  type: 'audit.wait.undecidable.v1',
  summary: 'Something waits for another person, and nobody who may decide it is left.',
  clauses: [],
  payload: Type.Object({
    ...waiting,
    /** Who decides holds this permission. */
    permission: Type.String(),
    /** Units that it is about. */
    unitIds: Type.Array(Uuid),
    /** `null`: it waits without end. */
    expiresAt: nullable(Instant),
    foundAt: Instant,
  }),
})

export const WaitDecidable = defineEvent({
  type: 'audit.wait.decidable.v1',
  summary: 'What nobody could decide has somebody who can, or waits no longer.',
  clauses: [],
  payload: Type.Object({
    ...waiting,
    because: Type.Enum(['somebody-can', 'over']),
    mendedAt: Instant,
  }),
})

export const WaitRunningOut = defineEvent({
  type: 'audit.wait.running-out.v1',
  summary: 'Something that waits for another person ends undecided soon.',
  clauses: [],
  payload: Type.Object({
    ...waiting,
    permission: Type.String(),
    unitIds: Type.Array(Uuid),
    expiresAt: Instant,
    /** Whether anybody can decide it. */
    isDecidable: Type.Boolean(),
    warnedAt: Instant,
  }),
})

/** A refusal is evidence too: nothing changed, but that somebody tried must be provable. */
export const AccessRefused = defineEvent({
  type: 'audit.access.refused.v1',
  summary: 'An operation was refused for lack of permission or because a rule forbids it.',
  clauses: ['A-4.2.4', 'A-4.3.3'],
  payload: Type.Object({
    operation: Type.String(),
    code: Type.String(),
    sourceIp: nullable(Type.String()),
    refusedAt: Instant,
  }),
})

/** A parked event was handled by a person. */
export const DeadLetterHandled = defineEvent({
  type: 'audit.access.dead-letter-handled.v1',
  summary: 'A parked event was replayed or discarded by a person.',
  clauses: [],
  payload: Type.Object({
    service: Type.String(),
    eventId: Uuid,
    eventType: Type.String(),
    decision: Type.Enum(['replayed', 'discarded']),
    reason: Type.String(),
  }),
})

/**
 * Said every hour by each service, through its jobs, its outbox and the bus: whoever no longer hears it knows that facts
 * of that service may be missing, and that their absence proves nothing.
 */
export const ServiceAlive = defineEvent({
  type: 'audit.access.service-alive.v1',
  summary: 'A service runs and its facts get through.',
  clauses: ['B-5.6'],
  payload: Type.Object({ service: Type.String(), saidAt: Instant }),
})
