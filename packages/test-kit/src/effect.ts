import type { Envelope } from '@erp-steward/contracts/event'
import type { DataSource, EntityManager } from 'typeorm'

/** What a handler of the bus contract leaves behind, in the order of the handlers. */
export interface Effect {
  readonly eventId: string
  readonly subject: string
  readonly n: number
}

/** Makes the table where handlers leave their effects; no constraint hides an effect that happens twice. */
export async function createEffectTable(db: DataSource): Promise<void> {
  await db.query(`
    create table effect (
      seq      bigint generated always as identity constraint effect_pkey primary key,
      event_id uuid not null,
      subject  text not null,
      n        integer not null
    )
  `)
}

/** Writes the effect of one event in the transaction of its handler. */
export async function writeEffect(
  tx: EntityManager,
  { id, subject, data }: Omit<Envelope, 'data'> & { readonly data: { readonly n: number } },
): Promise<void> {
  await tx.query('insert into effect (event_id, subject, n) values ($1, $2, $3)', [
    id,
    subject,
    data.n,
  ])
}

/** All committed effects in the order they were written. */
export function effects(db: DataSource): Promise<Effect[]> {
  return db.query('select event_id as "eventId", subject, n from effect order by seq')
}
