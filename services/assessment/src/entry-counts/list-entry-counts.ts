import { Month } from '@erp-steward/contracts/assessment-events'
import { about, InstantOut, nullable, Uuid } from '@erp-steward/contracts/values'
import { Type, type Static } from 'typebox'
import type { EntityManager } from 'typeorm'

/** What one person entered in a month: the denominator of the error rate. Source. */
export const EntryCountView = Type.Object(
  {
    personId: about(Uuid, 'Who made the entries.'),
    month: Month,
    moduleCode: nullable(Type.String(), 'Null: not told apart by module.'),
    entries: Type.Integer({ description: 'How many were made.' }),
    batchId: about(Uuid, 'The batch that said so.'),
    countedAt: about(InstantOut, 'When that was recorded.'),
    replaced: Type.Boolean({ description: 'Whether a later batch took its place.' }),
  },
  { title: 'EntryCount' },
)

export interface EntryCountRow extends Static<typeof EntryCountView> {
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
