import { Type } from 'typebox'
import { defineEvent } from './event.ts'
import { Instant, nullable, Uuid } from './values.ts'

/** What is given: `name` is a role, a responsibility as `SQLGL|GL_CLERK|STANDARD`, or an EBS role of User Management. */
const item = { kind: Type.String(), name: Type.String() }

export const GrantsApplied = defineEvent({
  type: 'identity.grant.applied.v1',
  summary: 'A person was given roles here, or responsibilities or roles in EBS.',
  clauses: ['A-2.1.2', 'A-4.3.3'],
  payload: Type.Object({
    personId: Uuid,
    accountId: Uuid,
    /** What gives them: `position` or `request`. */
    source: Type.String(),
    positionId: nullable(Uuid),
    /** Version of the row of the position matrix. */
    positionVersion: nullable(Type.Integer({ minimum: 1 })),
    /** `null` where the position gives them. */
    requestId: nullable(Uuid),
    grants: Type.Array(Type.Object(item)),
    startsAt: Instant,
    /** `null` where they end with the position, or when somebody ends them. */
    endsAt: nullable(Instant),
    /** `null` where the approved matrix was enough. */
    approvedBy: nullable(Type.String()),
  }),
})

export const GrantsEnded = defineEvent({
  type: 'identity.grant.ended.v1',
  summary: 'What a person was given ended: by a move, a leave, a date or a decision.',
  clauses: ['A-2.1.2', 'A-2.1.4'],
  payload: Type.Object({
    personId: Uuid,
    accountId: Uuid,
    grants: Type.Array(
      Type.Object({ grantId: Uuid, ...item, reason: Type.String(), endedAt: Instant }),
    ),
  }),
})

/** What is asked for stands in the request; the digest is that of it and of the person's place. */
const asked = { requestId: Uuid, personId: Uuid, kind: Type.String() }

export const AccessRequested = defineEvent({
  type: 'identity.grant.requested.v1',
  summary:
    'An account, rights beside the position, or the end of them were asked for, or asked for otherwise.',
  clauses: ['A-2.1.1', 'A-2.1.2', 'B-4.1.5'],
  payload: Type.Object({
    ...asked,
    digest: Type.String(),
    stages: Type.Array(Type.String()),
    requestedBy: Type.String(),
    requestedAt: Instant,
    expiresAt: Instant,
  }),
})

export const AccessRequestApproved = defineEvent({
  type: 'identity.grant.approved.v1',
  summary: 'One stage of a request was approved; the last one put it in force.',
  clauses: ['A-2.1.2', 'B-4.1.5'],
  payload: Type.Object({
    ...asked,
    stage: Type.String(),
    digest: Type.String(),
    role: Type.String(),
    approvedBy: Type.String(),
    approvedAt: Instant,
    isLast: Type.Boolean(),
  }),
})

export const AccessRequestRejected = defineEvent({
  type: 'identity.grant.rejected.v1',
  summary: 'A request was rejected, or withdrawn by who asked.',
  clauses: ['A-2.1.2', 'B-4.1.5'],
  payload: Type.Object({
    ...asked,
    state: Type.Enum(['rejected', 'withdrawn']),
    reason: Type.String(),
    endedBy: Type.String(),
    endedAt: Instant,
  }),
})

const reviewed = { reviewId: Uuid, kind: Type.String() }
const counted = Type.Integer({ minimum: 0 })

export const AccessReviewOpened = defineEvent({
  type: 'identity.grant.review-opened.v1',
  summary:
    'What people hold is reviewed: each grant of a kind waits for the word of somebody else.',
  clauses: ['A-4.3.3'],
  payload: Type.Object({
    ...reviewed,
    items: counted,
    openedBy: Type.String(),
    openedAt: Instant,
    /** What nobody has certified is revoked then. */
    dueAt: Instant,
    /** By then it is, all of it. */
    endedBy: Instant,
  }),
})

export const AccessReviewDecided = defineEvent({
  type: 'identity.grant.review-decided.v1',
  summary: 'A reviewer certified or revoked grants; one that had ended meanwhile is `gone`.',
  clauses: ['A-4.3.3'],
  payload: Type.Object({
    reviewId: Uuid,
    decidedBy: Type.String(),
    decidedAt: Instant,
    decisions: Type.Array(
      Type.Object({
        itemId: Uuid,
        grantId: Uuid,
        personId: Uuid,
        decision: Type.Enum(['certified', 'revoked', 'gone']),
        reason: nullable(Type.String()),
      }),
    ),
  }),
})

export const AccessReviewDelegated = defineEvent({
  type: 'identity.grant.review-delegated.v1',
  summary: 'Somebody was named to decide a part of a review.',
  clauses: ['A-4.3.3'],
  payload: Type.Object({
    reviewId: Uuid,
    personId: Uuid,
    /** `null`: of every unit, of every module. */
    unitId: nullable(Uuid),
    moduleCode: nullable(Type.String()),
    items: counted,
    delegatedBy: Type.String(),
    delegatedAt: Instant,
    reason: Type.String(),
  }),
})

export const AccessReviewLapsed = defineEvent({
  type: 'identity.grant.review-lapsed.v1',
  summary: 'Grants of a person that nobody certified were revoked at the deadline of a review.',
  clauses: ['A-4.3.3', 'A-2.1.4'],
  payload: Type.Object({
    reviewId: Uuid,
    personId: Uuid,
    grantIds: Type.Array(Uuid),
    lapsedAt: Instant,
  }),
})

export const AccessReviewClosed = defineEvent({
  type: 'identity.grant.review-closed.v1',
  summary: 'Everything in a review is decided, by people or by its deadline.',
  clauses: ['A-4.3.3'],
  payload: Type.Object({
    ...reviewed,
    items: counted,
    certified: counted,
    revoked: counted,
    /** Certified by nobody, and therefore revoked. */
    lapsed: counted,
    /** Ended otherwise before anybody decided. */
    gone: counted,
    /** SHA-256 of the export of the review, in hexadecimal digits. */
    digest: Type.String(),
    dueAt: Instant,
    closedAt: Instant,
  }),
})

export const AccessReviewerNamed = defineEvent({
  type: 'identity.grant.reviewer-named.v1',
  summary: 'Who reviews what a unit holds of a module was named.',
  clauses: ['A-4.3.3'],
  payload: Type.Object({
    unitId: Uuid,
    moduleCode: Type.String(),
    /** `null`: nobody. */
    personId: nullable(Uuid),
    applications: Type.Array(Type.String()),
    version: Type.Integer({ minimum: 1 }),
  }),
})

/** Two duties that one person may not hold: their codes, the lesser first. */
const pair = { first: Type.String(), second: Type.String() }

export const SodRulesChanged = defineEvent({
  type: 'identity.grant.sod-rules-changed.v1',
  summary: 'Another set of rules of incompatible duties took effect.',
  clauses: ['A-2.1.2'],
  payload: Type.Object({
    ruleSetId: Uuid,
    number: Type.Integer({ minimum: 1 }),
    /** SHA-256 of duties, pairs and carriers. */
    digest: Type.String(),
    pairs: Type.Integer({ minimum: 0 }),
    carriers: Type.Integer({ minimum: 0 }),
    validFrom: Instant,
  }),
})

export const SodViolationBlocked = defineEvent({
  type: 'identity.grant.sod-violation-blocked.v1',
  summary: 'Rights were refused because somebody would have held incompatible duties.',
  clauses: ['A-2.1.2'],
  payload: Type.Object({
    /** The operation that was refused, or what made the rights wait. */
    operation: Type.String(),
    violations: Type.Array(
      Type.Object({ personId: nullable(Uuid), ...pair, held: Type.Array(Type.String()) }),
    ),
    blockedAt: Instant,
  }),
})

export const SodViolationFound = defineEvent({
  type: 'identity.grant.sod-violation-found.v1',
  summary:
    'A look over all people found somebody with incompatible duties that no exception covers.',
  clauses: ['A-2.1.2'],
  payload: Type.Object({
    violationId: Uuid,
    personId: Uuid,
    ...pair,
    held: Type.Array(Type.String()),
    foundAt: Instant,
  }),
})

export const SodViolationEnded = defineEvent({
  type: 'identity.grant.sod-violation-ended.v1',
  summary:
    'Somebody no longer holds the incompatible duties that were found, or an exception covers them.',
  clauses: ['A-2.1.2'],
  payload: Type.Object({ violationId: Uuid, personId: Uuid, ...pair, endedAt: Instant }),
})

export const SodExceptionGranted = defineEvent({
  type: 'identity.grant.sod-exception-granted.v1',
  summary: 'Somebody may hold two incompatible duties until an end, with a control in their place.',
  clauses: ['A-2.1.2'],
  payload: Type.Object({
    exceptionId: Uuid,
    personId: Uuid,
    ...pair,
    ownerPersonId: Uuid,
    grantedBy: Type.String(),
    startsAt: Instant,
    endsAt: Instant,
  }),
})
