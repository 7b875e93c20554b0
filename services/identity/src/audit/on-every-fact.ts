import { topics } from '@erp-steward/contracts/event-catalog'
import { onEvery } from '@erp-steward/messaging/consumer'
import { canonicalJson, ledgerHash } from './ledger-hash.ts'

/**
 * Appends every fact of the product to the chain. The head's row is locked last and for two statements only: all
 * recording queues up there, which is what makes the numbers gapless.
 *
 * A fact that is in the ledger already is left alone, even when its receipt in the inbox has been pruned.
 */
export const onEveryFact = onEvery(topics, async (tx, event, { now }) => {
  const envelope = canonicalJson(event)
  const [head]: { seq: string; hash: Buffer }[] = await tx.query(
    'select seq, hash from audit_head for update',
  )
  if (head === undefined) throw new TypeError('the audit ledger has no head')
  const seq = BigInt(head.seq) + 1n
  const hash = ledgerHash(head.hash, { seq, recordedAt: now, envelope })
  await tx.query(
    `with recorded as (
       insert into audit_record
         (seq, event_id, type, subject, actor, recorded_at, envelope, previous_hash, hash)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
       on conflict on constraint audit_record_event_id_key do nothing
       returning seq, hash)
     update audit_head set seq = recorded.seq, hash = recorded.hash from recorded`,
    [seq, event.id, event.type, event.subject, event.actor, now, envelope, head.hash, hash],
  )
})
