import { topics } from '@erp-steward/contracts/event-catalog'
import { onEvery } from '@erp-steward/messaging/consumer'
import { queueDeliveries } from '../event-webhooks/queue-deliveries.ts'
import { canonicalJson, ledgerHash } from './ledger-hash.ts'

/**
 * Appends every fact of the product to the chain. The head's row is locked last and for three statements only, however
 * many facts there are: all recording queues up there, which is what makes the numbers gapless. The service cannot
 * write the head: a function of the tables' owner locks it, and a trigger moves it.
 *
 * A fact that is in the ledger already is left alone, even when its receipt in the inbox has been pruned.
 */
export const onEveryFact = onEvery(topics, async (tx, deliveries) => {
  const [head]: { seq: string; hash: Buffer; isFollowed: boolean }[] = await tx.query(
    `select seq, hash, exists (select from event_webhook where sealed_secret is not null) as "isFollowed"
       from lock_audit_head()`,
  )
  if (head === undefined) throw new TypeError('the audit ledger has no head')
  const held: { id: string }[] = await tx.query(
    'select event_id as id from audit_record where event_id = any($1)',
    [deliveries.map(({ event }) => event.id)],
  )
  const known = new Set(held.map(({ id }) => id))
  let last = { seq: BigInt(head.seq), hash: head.hash }
  const records = deliveries
    .filter(({ event }) => !known.has(event.id.toLowerCase()))
    .map(({ event, act: { now } }) => {
      const entry = { seq: last.seq + 1n, recordedAt: now, envelope: canonicalJson(event) }
      const previousHash = last.hash
      last = { seq: entry.seq, hash: ledgerHash(previousHash, entry) }
      return { event, ...entry, previousHash, hash: last.hash }
    })
  if (records.length === 0) return
  await tx.query(
    `insert into audit_record
       (seq, event_id, type, subject, actor, recorded_at, envelope, previous_hash, hash)
     select * from unnest($1::bigint[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::text[],
                          $8::bytea[], $9::bytea[])`,
    [
      records.map(({ seq }) => seq),
      records.map(({ event }) => event.id),
      records.map(({ event }) => event.type),
      records.map(({ event }) => event.subject),
      records.map(({ event }) => event.actor),
      records.map(({ recordedAt }) => recordedAt),
      records.map(({ envelope }) => envelope),
      records.map(({ previousHash }) => previousHash),
      records.map(({ hash }) => hash),
    ],
  )
  const [act] = deliveries.map((delivery) => delivery.act)
  if (head.isFollowed && act !== undefined)
    await queueDeliveries(tx, [BigInt(head.seq) + 1n, last.seq], act)
})
