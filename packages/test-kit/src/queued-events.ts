import type { Envelope } from '@erp-steward/contracts/event'
import type { DataSource, EntityManager } from 'typeorm'

/** Every envelope of the outbox in the order it was appended, published or not. */
export async function queuedEvents(db: DataSource | EntityManager): Promise<Envelope[]> {
  const rows: { payload: Envelope }[] = await db.query('select payload from outbox order by seq')
  return rows.map(({ payload }) => payload)
}
