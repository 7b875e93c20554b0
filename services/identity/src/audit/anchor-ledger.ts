import { LedgerAnchored } from '@erp-steward/contracts/ledger-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { defineTask } from '@erp-steward/service-kit/jobs'
import { Type } from 'typebox'

/** China keeps UTC+8 all year. */
const CHINA_MS = 8 * 3_600_000

/**
 * Fixes the head of the ledger once a day (Chinese date) and publishes it: who rewrites the whole chain afterwards
 * contradicts what has left the database.
 */
export const anchorLedger = defineTask('anchor-ledger', Type.Object({}), async (tx, _, act) => {
  const day = new Date(act.now.getTime() + CHINA_MS).toISOString().slice(0, 10)
  const [anchor]: { seq: string; hash: Buffer }[] = await tx.query(
    `insert into audit_anchor (day, seq, hash, anchored_at)
     select $1, seq, hash, $2 from audit_head
     on conflict on constraint audit_anchor_pkey do nothing returning seq, hash`,
    [day, act.now],
  )
  if (anchor === undefined) return
  await appendEvent(
    tx,
    'identity',
    LedgerAnchored,
    'ledger',
    {
      day,
      seq: Number(anchor.seq),
      hash: anchor.hash.toString('hex'),
      anchoredAt: act.now.toISOString(),
    },
    act,
  )
})
