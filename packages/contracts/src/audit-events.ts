import { Type } from 'typebox'
import { defineEvent } from './event.ts'
import { about, Instant, nullable, Uuid } from './values.ts'

const TaskId = about(Uuid, 'The audit.')
const AfterSeq = Type.Integer({
  minimum: 0,
  description: 'Records of the ledger after this number.',
})
const ThroughSeq = Type.Integer({ minimum: 0, description: 'Up to this record of the ledger.' })

export const AuditOpened = defineEvent({
  type: 'identity.security.audit-opened.v1',
  summary:
    'An audit of the ledger was opened: facts were drawn, and the audit administrator judges them.',
  clauses: ['A-4.3.4'],
  payload: Type.Object({
    taskId: TaskId,
    kind: Type.Enum(['periodic', 'extra'], {
      description: '`periodic`: it was due; `extra`: somebody asked for it.',
    }),
    afterSeq: AfterSeq,
    throughSeq: ThroughSeq,
    seed: Type.String({ description: 'What the sample was drawn by.' }),
    items: Type.Integer({ minimum: 0, description: 'Facts that were drawn.' }),
    reason: nullable(Type.String(), 'Why it was asked for; null: it was due.'),
    openedAt: about(Instant, 'When it was opened.'),
    dueAt: about(Instant, 'Until when it has to be signed.'),
  }),
})

export const AuditItemsJudged = defineEvent({
  type: 'identity.security.audit-items-judged.v1',
  summary: 'Facts that an audit had drawn were judged.',
  clauses: ['A-4.3.4', 'A-4.3.5'],
  payload: Type.Object({
    taskId: TaskId,
    inOrder: Type.Array(Type.Integer(), {
      maxItems: 500,
      description: 'Numbers of the records that are in order.',
    }),
    anomalies: Type.Array(Type.Integer(), {
      maxItems: 500,
      description: 'Numbers of the records that have to be explained.',
    }),
    openItems: Type.Integer({ minimum: 0, description: 'Facts that nobody has judged yet.' }),
    judgedAt: about(Instant, 'When they were judged.'),
  }),
})

export const AuditReportSigned = defineEvent({
  type: 'identity.security.audit-report-signed.v1',
  summary: 'The audit administrator signed the report on a stretch of the ledger.',
  clauses: ['A-4.3.4', 'A-4.3.5'],
  payload: Type.Object({
    taskId: TaskId,
    kind: Type.Enum(['periodic', 'extra'], { description: 'As it was opened.' }),
    afterSeq: AfterSeq,
    throughSeq: ThroughSeq,
    items: Type.Integer({ minimum: 0, description: 'Facts that were judged.' }),
    anomalies: Type.Integer({ minimum: 0, description: 'Of these, what has to be explained.' }),
    conclusion: Type.Enum(['in-order', 'anomalies'], { description: 'What came out.' }),
    ledgerState: Type.Enum(['intact', 'unproven', 'broken'], {
      description: 'What the last verification of the ledger said.',
    }),
    sha256: Type.String({ description: 'SHA-256 of the text of the report in lower-case hex.' }),
    keyId: Type.String({ description: 'Which key of the ledger signed it.' }),
    signature: Type.String({ description: 'Ed25519 in base64url.' }),
    withinTarget: Type.Boolean({ description: 'Whether it was signed in time.' }),
    signedAt: about(Instant, 'When it was signed.'),
  }),
})
