import { Type } from 'typebox'
import { defineEvent } from './event.ts'
import { Instant, nullable, SealedText, Uuid } from './values.ts'

/** What was compared whole; silence of the middleware is silence of this. */
export const EbsCompared = defineEvent({
  type: 'identity.security.ebs-compared.v1',
  summary: 'What EBS holds was compared with the register.',
  clauses: ['A-2.1.2', 'A-2.1.4', 'A-2.2.5', 'A-4.3.4'],
  payload: Type.Object({
    uploadId: Uuid,
    /** When the middleware read EBS. */
    takenAt: Instant,
    accounts: Type.Integer({ minimum: 0 }),
    profileOptions: Type.Integer({ minimum: 0 }),
    /** Differences that nobody knew of. */
    found: Type.Integer({ minimum: 0 }),
    /** Differences that were known and are there still. */
    standing: Type.Integer({ minimum: 0 }),
    /** Known differences that are no longer there. */
    gone: Type.Integer({ minimum: 0 }),
    comparedAt: Instant,
  }),
})

/** Stated once a day while it lasts; the next comparison ends it. */
export const EbsSilent = defineEvent({
  type: 'identity.security.ebs-silent.v1',
  summary:
    'The middleware has not told for too long what EBS holds: nobody knows what was granted there.',
  clauses: ['A-2.1.4', 'A-4.3.4'],
  payload: Type.Object({
    /** When EBS was read last, or first worked on if it never was. */
    since: Instant,
    statedAt: Instant,
  }),
})

export const DriftFound = defineEvent({
  type: 'identity.security.drift-found.v1',
  summary: 'EBS holds something else than what was approved: a case for a person to decide.',
  clauses: ['A-2.1.2', 'A-2.1.4', 'A-4.3.5', 'B-6.2'],
  payload: Type.Object({
    findingId: Uuid,
    kind: Type.String(),
    /** `null` where there is no account here. */
    accountId: nullable(Uuid),
    /** `null` for what is about no user. */
    userName: nullable(SealedText),
    /** Responsibility, role or profile option; `null`: the user itself. */
    name: nullable(Type.String()),
    expected: nullable(Type.String()),
    found: nullable(Type.String()),
    uploadId: Uuid,
    foundAt: Instant,
  }),
})

export const DriftDecided = defineEvent({
  type: 'identity.security.drift-decided.v1',
  summary: 'A person decided what becomes of a difference between EBS and the register.',
  clauses: ['A-2.1.4', 'A-4.3.5'],
  payload: Type.Object({
    findingId: Uuid,
    kind: Type.String(),
    decision: Type.Enum(['end', 'restore', 'ignore', 'adopt']),
    /** Until when it is left alone; `null` for other decisions. */
    ignoredUntil: nullable(Instant),
    reason: Type.String(),
    decidedAt: Instant,
  }),
})

export const DriftClosed = defineEvent({
  type: 'identity.security.drift-closed.v1',
  summary: 'A difference between EBS and the register is no longer there, or was approved.',
  clauses: ['A-2.1.4', 'A-4.3.5'],
  payload: Type.Object({
    findingId: Uuid,
    kind: Type.String(),
    why: Type.Enum(['gone', 'adopted']),
    /** The comparison that no longer found it; `null` where it was approved. */
    uploadId: nullable(Uuid),
    closedAt: Instant,
  }),
})
