import { LedgerHeadSigned } from '@erp-steward/contracts/ledger-events'
import { on } from '@erp-steward/messaging/consumer'

/**
 * Keeps the head as it was signed. What is signed is not judged here: identity holds the key, and says of each head
 * whether it is its own and still in the chain.
 */
export const onLedgerHeadSigned = on(LedgerHeadSigned, async (tx, { data }, { now }) => {
  await tx.query(
    `insert into ledger_head_witness (seq, hash, signed_at, key_id, signature, witnessed_at)
     values ($1, $2, $3, $4, $5, $6) on conflict on constraint ledger_head_witness_signature_key do nothing`,
    [data.seq, data.hash, data.signedAt, data.keyId, data.signature, now],
  )
})
