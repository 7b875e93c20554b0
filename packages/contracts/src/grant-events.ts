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
    /** What gives them: `position`. */
    source: Type.String(),
    positionId: nullable(Uuid),
    /** Version of the row of the position matrix. */
    positionVersion: nullable(Type.Integer({ minimum: 1 })),
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
