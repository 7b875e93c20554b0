import type { EntityManager } from 'typeorm'

export interface EntryCountRow {
  readonly personId: string
  readonly month: string
  readonly moduleCode: string | null
  readonly entries: number
  readonly batchId: string
  readonly countedAt: Date
  /** Whether a later batch took its place. */
  readonly replaced: boolean
  readonly recordedOrder: string
}

export interface EntryCountFilter {
  readonly month: string | null
  readonly personId: string | null
  readonly onlyUnitId: string | null
  /** Place of the last row of the page before. */
  readonly before: string | null
  readonly limit: number
}

/** Counts with those that were replaced, the last recorded first. */
export async function listEntryCounts(
  tx: EntityManager,
  { month, personId, onlyUnitId, before, limit }: EntryCountFilter,
): Promise<EntryCountRow[]> {
  return tx.query(
    `select c.person_id as "personId", c.month, c.module_code as "moduleCode", c.entries, c.batch_id as "batchId",
            b.counted_at as "countedAt", c.recorded_order as "recordedOrder",
            exists (select from entry_count l
                     where l.month = c.month and l.person_id = c.person_id
                       and l.module_code is not distinct from c.module_code
                       and l.recorded_order > c.recorded_order) as replaced
       from entry_count c join entry_batch b on b.id = c.batch_id
      where ($1::text is null or c.month = $1) and ($2::uuid is null or c.person_id = $2)
        and ($3::uuid is null or c.person_id in (select id from person where unit_id = $3))
        and ($4::bigint is null or c.recorded_order < $4)
      order by c.recorded_order desc limit $5`,
    [month, personId, onlyUnitId, before, limit],
  )
}
