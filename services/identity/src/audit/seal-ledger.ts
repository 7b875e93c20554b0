import { LedgerHeadSigned, LedgerVerified } from '@erp-steward/contracts/ledger-events'
import type { Act } from '@erp-steward/contracts/act'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { defineTask, type Task } from '@erp-steward/service-kit/jobs'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'
import { newestSeal } from './audit-seal.ts'
import { faultsOf } from './compare-witness.ts'
import { archivedThrough } from './ledger-archive.ts'
import type { LedgerHead, LedgerSigner } from './ledger-key.ts'

/** A chain that no longer holds what was signed is stated again after so many hours. Own choice. */
const STATE_AGAIN_HOURS = 1

/**
 * Signs the head when facts have come since the last time, and publishes it, so that witnesses outside the database hold
 * it: what is cut off or rewritten afterwards contradicts them. Runs every minute; in two replicas at once one signs.
 *
 * A chain that lacks what was signed before is not signed: that would lend a thief our signature. It is stated instead.
 */
export function sealLedger(signer: LedgerSigner): Task {
  // What this process signed contradicts a database that was put back under it, seals and all.
  let signedHere: LedgerHead | null = null
  return defineTask('seal-ledger', Type.Object({}), async (tx, _, act) => {
    const newest = await newestSeal(tx)
    const [fault] = newest === undefined ? [] : await faultsOf(tx, signer, [newest])
    const lost = fault ?? (signedHere === null ? undefined : await lostHead(tx, signer, signedHere))
    if (lost !== undefined) {
      await stateLost(tx, lost, act)
      return
    }
    const head = await unsealedHead(tx, newest?.seq ?? 0)
    if (head === undefined) return
    const sealed = signer.sign(head, act.now)
    const [made]: unknown[] = await tx.query(
      `insert into audit_seal (seq, key_id, hash, signed_at, signature) values ($1, $2, $3, $4, $5)
       on conflict do nothing returning seq`,
      [
        sealed.seq,
        sealed.keyId,
        Buffer.from(sealed.hash, 'hex'),
        act.now,
        Buffer.from(sealed.signature, 'base64url'),
      ],
    )
    if (made === undefined) return
    await appendEvent(tx, 'identity', LedgerHeadSigned, 'ledger', sealed, act)
    signedHere = head
  })
}

/** The head, when there is more behind the last seal than the fact of that seal. */
async function unsealedHead(tx: EntityManager, sealed: number): Promise<LedgerHead | undefined> {
  const [head]: LedgerHead[] = await tx.query(
    `select h.seq::float8 as seq, encode(h.hash, 'hex') as hash
       from audit_head h join audit_record r on r.seq = h.seq and r.hash = h.hash
      where exists (select from audit_record n where n.seq > $1 and n.type <> $2)`,
    [sealed, LedgerHeadSigned.type],
  )
  return head
}

async function lostHead(tx: EntityManager, signer: LedgerSigner, { seq, hash }: LedgerHead) {
  const [held]: { hash: string }[] = await tx.query(
    `select encode(hash, 'hex') as hash from audit_record where seq = $1`,
    [seq],
  )
  const archived = held === undefined ? await archivedThrough(tx, signer) : null
  if (archived !== null && seq < archived.seq) return undefined
  const here = archived?.seq === seq ? archived.hash.toString('hex') : held?.hash
  if (here === undefined) return { seq, what: 'record-missing' } as const
  return here === hash ? undefined : ({ seq, what: 'hash-differs' } as const)
}

async function stateLost(
  tx: EntityManager,
  fault: { readonly seq: number; readonly what: string },
  act: Act,
): Promise<void> {
  const since = new Date(act.now.getTime() - STATE_AGAIN_HOURS * 3_600_000)
  const stated: unknown[] = await tx.query(
    `select from audit_record where type = $1 and recorded_at > $2 and envelope like '%"intact":false%' limit 1`,
    [LedgerVerified.type, since],
  )
  if (stated.length > 0) return
  const witnesses = [{ witness: 'signature', state: 'disagrees' } as const]
  await appendEvent(
    tx,
    'identity',
    LedgerVerified,
    'ledger',
    {
      checked: 0,
      intact: false,
      fault,
      verifiedAt: act.now.toISOString(),
      state: 'broken',
      witnesses,
    },
    act,
  )
}
