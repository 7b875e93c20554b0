import { eventCatalog } from '@erp-steward/contracts/event-catalog'
import { Problem } from '@erp-steward/contracts/problem'
import { isClauseId } from '@erp-steward/regulation/clause'
import type { EntityManager } from 'typeorm'

/** Which facts; `from` counts, `to` does not. */
export interface RecordFilter {
  readonly subject?: string
  readonly actor?: string
  readonly type?: string
  /** Facts that prove this clause, as the event catalogue has it. */
  readonly clause?: string
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
 * @throws Problem `cursor-unusable` when `before` is no number, `clause-unknown`, `validation-failed` for an instant of
 *   no calendar
 */
export async function recordsBefore(
  tx: EntityManager,
  before: string | null,
  { subject, actor, type, clause, from, to }: RecordFilter,
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
  if (clause !== undefined) {
    values.push(typesProving(clause))
    conditions.push(`type = any($${String(values.length)})`)
  }
  where('recorded_at >=', instantOf('from', from))
  where('recorded_at <', instantOf('to', to))
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

function typesProving(clause: string): string[] {
  if (!isClauseId(clause))
    throw new Problem(
      'clause-unknown',
      'Clauses are named like A-2.1.4; docs/regulation has them all.',
    )
  return eventCatalog.filter(({ clauses }) => clauses.includes(clause)).map(({ type }) => type)
}

/** RFC 3339 knows leap seconds and a year 0; neither can be compared with what a clock wrote. */
function instantOf(parameter: string, text: string | undefined): Date | undefined {
  if (text === undefined) return undefined
  const instant = new Date(text)
  if (Number.isNaN(instant.getTime()) || instant.getUTCFullYear() < 1)
    throw new Problem('validation-failed', `${text} is no instant of the ledger's time.`, {
      errors: [{ parameter, detail: 'Send an instant between the years 1 and 9999.' }],
    })
  return instant
}
