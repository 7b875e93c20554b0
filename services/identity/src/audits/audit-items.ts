import type { EntityManager } from 'typeorm'
import { nameRecords } from '../audit/name-records.ts'
import type { Viewer } from '../people/show-person.ts'

/** An item as it is read: the row, with the envelope while the ledger has it. */
interface ShownItem {
  readonly taskId: string
  readonly seq: number
  readonly stratum: 'access' | 'operation'
  readonly eventId: string
  readonly type: string
  readonly subject: string
  readonly actor: string
  readonly recordedAt: Date
  readonly hash: string
  readonly envelope: string | null
  readonly byAuditor: boolean
  readonly judgement: 'in-order' | 'anomaly' | null
  readonly note: string | null
  readonly judgedBy: string | null
  readonly judgedAt: Date | null
}

/**
 * Facts that an audit drew, in the order of the ledger, with the names of today.
 *
 * @param onlyOfAuditors what the security administrator is shown: nothing but the acts of audit administrators
 */
export async function auditItems(
  tx: EntityManager,
  viewer: Viewer,
  {
    taskId,
    onlyOfAuditors,
    judged,
    afterSeq,
    limit,
  }: {
    readonly taskId: string
    readonly onlyOfAuditors: boolean
    readonly judged?: boolean
    readonly afterSeq: string | null
    readonly limit: number
  },
) {
  const rows: ShownItem[] = await tx.query(
    `select task_id as "taskId", item.seq::float8 as seq, stratum, item.event_id as "eventId", item.type, item.subject, item.actor,
            item.recorded_at as "recordedAt", encode(item.hash, 'hex') as hash, envelope, by_auditor as "byAuditor", judgement,
            note, judged_by as "judgedBy", judged_at as "judgedAt"
       from audit_item as item left join audit_record as record on record.seq = item.seq
      where task_id = $1 and (by_auditor or not $2) and ($3::boolean is null or (judgement is not null) = $3)
        and ($4::bigint is null or item.seq > $4)
      order by item.seq limit $5`,
    [taskId, onlyOfAuditors, judged ?? null, afterSeq, limit],
  )
  return nameRecords(tx, viewer, rows)
}
