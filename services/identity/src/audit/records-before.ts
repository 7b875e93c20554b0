import { unusableCursor } from '@erp-steward/service-kit/paging'
import type { EntityManager } from 'typeorm'
import { conditionOf, type RecordFilter } from './record-filter.ts'

/** A record as it is shown: numbers and hex in place of what PostgreSQL hands over. */
export interface ShownRecord {
  readonly seq: number
  readonly eventId: string
  readonly type: string
  readonly subject: string
  readonly actor: string
  readonly recordedAt: Date
  readonly envelope: string
  readonly previousHash: string
  readonly hash: string
}

/** What is read of a record to show it. */
export const SHOWN_COLUMNS = `seq::float8 as seq, event_id as "eventId", type, subject, actor, recorded_at as "recordedAt",
  envelope, encode(previous_hash, 'hex') as "previousHash", encode(hash, 'hex') as hash`

/**
 * Records with a number below `before` (`null`: from the newest on), newest first.
 *
 * @throws Problem `cursor-unusable` when `before` is no number, and as `conditionOf`
 */
export async function recordsBefore(
  tx: EntityManager,
  before: string | null,
  filter: RecordFilter,
  limit: number,
): Promise<ShownRecord[]> {
  if (before !== null && !/^\d{1,15}$/.test(before)) throw unusableCursor()
  const { text, values } = await conditionOf(tx, filter)
  const [last, most] = [values.length + 1, values.length + 2].map((n) => `$${String(n)}`)
  return tx.query(
    `select ${SHOWN_COLUMNS} from audit_record
      where ${text} and (${last}::bigint is null or audit_record.seq < ${last})
      order by audit_record.seq desc limit ${most}`,
    [...values, before, limit],
  )
}
