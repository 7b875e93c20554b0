import { Problem } from '@erp-steward/contracts/problem'
import type { EntityManager } from 'typeorm'

/** Which facts; `from` counts, `to` does not. */
export interface RecordFilter {
  readonly subject?: string
  readonly actor?: string
  readonly type?: string
  readonly from?: string
  readonly to?: string
}

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

/**
 * Records with a number below `before` (`null`: from the newest on), newest first.
 *
 * @throws Problem `cursor-unusable` when `before` is no number
 */
export async function recordsBefore(
  tx: EntityManager,
  before: string | null,
  { subject, actor, type, from, to }: RecordFilter,
  limit: number,
): Promise<ShownRecord[]> {
  if (before !== null && !/^\d{1,15}$/.test(before))
    throw new Problem('cursor-unusable', 'The cursor was not made by this list.')
  const conditions: string[] = []
  const values: unknown[] = []
  const where = (condition: string, value: unknown) => {
    if (value === undefined || value === null) return
    values.push(value)
    conditions.push(`${condition} $${String(values.length)}`)
  }
  where('seq <', before)
  where('subject =', subject)
  where('actor =', actor)
  where('type =', type)
  where('recorded_at >=', from)
  where('recorded_at <', to)
  values.push(limit)
  return tx.query(
    `select seq::float8 as seq, event_id as "eventId", type, subject, actor,
            recorded_at as "recordedAt", envelope, encode(previous_hash, 'hex') as "previousHash",
            encode(hash, 'hex') as hash
       from audit_record ${conditions.length > 0 ? `where ${conditions.join(' and ')}` : ''}
      order by audit_record.seq desc limit $${String(values.length)}`,
    values,
  )
}
