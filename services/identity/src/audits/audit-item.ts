import { about, InstantOut, nullable, Paragraph, Uuid } from '@erp-steward/contracts/values'
import { entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import { Type } from 'typebox'
import { RecordView } from '../audit/audit-views.ts'
import { AuditJudgement, AuditStratum } from './audit-task.ts'

const { eventId, type, subject, subjectName, actor, actorName, actorUserName, recordedAt, hash } =
  RecordView.properties

/** A fact that was drawn, with what was judged of it. */
export const AuditItemView = Type.Object(
  {
    taskId: about(Uuid, 'The audit that drew it.'),
    seq: Type.Integer({ description: 'Its number in the ledger.' }),
    stratum: AuditStratum,
    ...{ eventId, type, subject, subjectName, actor, actorName, actorUserName, recordedAt, hash },
    envelope: nullable(
      Type.String(),
      'The CloudEvent as the very text that the hash covers; null: it lies in an archive.',
    ),
    byAuditor: Type.Boolean({
      description:
        'Whether an audit administrator did it: then the security administrator, or another audit administrator, judges it.',
    }),
    judgement: nullable(AuditJudgement, 'Null: nobody has judged it yet.'),
    note: nullable(Paragraph(1_000), 'What was found.'),
    judgedBy: nullable(Uuid, 'Account that judged.'),
    judgedAt: nullable(InstantOut, 'When it was judged.'),
  },
  { title: 'AuditItem' },
)

export const AuditItemEntity = entityOf(AuditItemView, {
  table: 'audit_item',
  key: ['taskId', 'seq'],
  derived: ['subjectName', 'actorName', 'actorUserName', 'envelope'],
  kept: { hash: Type.Unsafe<Buffer>(Type.String()) },
  columns: {
    seq: { type: 'bigint', transformer: { from: Number, to: String } },
    hash: { type: 'bytea' },
    recordedAt: { type: 'timestamptz', precision: 3 },
  },
  foreignKeys: [
    {
      name: 'audit_item_task_id_fkey',
      target: 'audit_task',
      columnNames: ['task_id'],
      referencedColumnNames: ['id'],
    },
  ],
})
export type AuditItem = RowOf<typeof AuditItemEntity>
