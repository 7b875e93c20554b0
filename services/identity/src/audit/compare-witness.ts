import {
  LedgerHeadSigned,
  type SignedHead,
  type Witness,
  type WitnessState,
} from '@erp-steward/contracts/ledger-events'
import type { Static } from 'typebox'
import type { EntityManager } from 'typeorm'
import { archivedThrough } from './ledger-archive.ts'
import type { LedgerSigner } from './ledger-key.ts'

/**
 * How long a fact may wait for a signed head that covers it, in minutes: one to sign, the rest for the way to the
 * witness. Own choice.
 */
export const BEHIND_MINUTES = 5

/** Keeps signed heads of the ledger. */
export interface HeadWitness {
  readonly witness: Static<typeof Witness>
  /**
   * All that it holds, some at a time; `null`: this site has no such witness.
   *
   * @throws Error when it cannot be asked
   */
  readonly heads: (() => AsyncIterable<readonly SignedHead[]>) | null
}

/** Where a witness and the chain part. */
export interface HeadFault {
  readonly seq: number
  readonly what: 'record-missing' | 'hash-differs' | 'signature-invalid'
}

/** What a witness says of the chain. */
export interface WitnessVerdict {
  readonly witness: Static<typeof Witness>
  readonly state: Static<typeof WitnessState>
  /** Heads compared. */
  readonly heads: number
  /** The last one that agrees. */
  readonly newest: { readonly seq: number; readonly signedAt: string } | null
  /** The last one that agrees among the records that were computed anew; 0: none. */
  readonly vouchedSeq: number
  /** The first one that does not. */
  readonly disagreement: HeadFault | null
}

/**
 * Compares every head that a witness holds with the chain as it is. The chain only grows and a head is signed after its
 * record is committed, so a head that is not in it was cut off or rewritten.
 *
 * @param checked number of the last record that was computed anew
 */
export async function compareWitness(
  tx: EntityManager,
  signer: LedgerSigner,
  { witness, heads }: HeadWitness,
  checked: number,
  now: Date,
): Promise<WitnessVerdict> {
  let count = 0
  let vouchedSeq = 0
  let newest: SignedHead | null = null
  let disagreement: HeadFault | null = null
  const verdict = (state: WitnessVerdict['state']): WitnessVerdict => ({
    witness,
    state,
    heads: count,
    newest: newest === null ? null : { seq: newest.seq, signedAt: newest.signedAt },
    vouchedSeq,
    disagreement,
  })
  if (heads === null) return verdict('not-set-up')
  try {
    for await (const some of heads()) {
      count += some.length
      const faults = await faultsOf(tx, signer, some)
      for (const fault of faults)
        if (disagreement === null || fault.seq < disagreement.seq) disagreement = fault
      const wrong = new Set(faults.map(({ seq }) => seq))
      for (const head of some) {
        if (wrong.has(head.seq)) continue
        if (newest === null || head.seq > newest.seq) newest = head
        if (head.seq <= checked) vouchedSeq = Math.max(vouchedSeq, head.seq)
      }
    }
  } catch (error) {
    if (error instanceof WitnessUnreachable) return verdict('unreachable')
    throw error
  }
  if (disagreement !== null) return verdict('disagrees')
  const isBehind = await hasUncovered(tx, newest === null ? 0 : newest.seq, now)
  return verdict(isBehind ? 'behind' : 'agrees')
}

/** A witness that is there and does not answer; the cause says why. */
export class WitnessUnreachable extends Error {}

/** What of these heads the chain contradicts. */
export async function faultsOf(
  tx: EntityManager,
  signer: LedgerSigner,
  heads: readonly SignedHead[],
): Promise<HeadFault[]> {
  const rows: { seq: number; hash: string }[] = await tx.query(
    `select seq::float8 as seq, encode(hash, 'hex') as hash from audit_record where seq = any($1)`,
    [heads.map(({ seq }) => seq)],
  )
  const held = new Map(rows.map(({ seq, hash }) => [seq, hash]))
  const archived = rows.length < heads.length ? await archivedThrough(tx, signer) : null
  if (archived !== null) held.set(archived.seq, archived.hash.toString('hex'))
  return heads.flatMap((head): HeadFault[] => {
    const { seq, hash } = head
    if (!signer.isSignedByUs(head)) return [{ seq, what: 'signature-invalid' }]
    const here = held.get(seq)
    // Its record lies in a file: who has that compares the head with it.
    if (here === undefined && archived !== null && seq < archived.seq) return []
    if (here === undefined) return [{ seq, what: 'record-missing' }]
    return here === hash ? [] : [{ seq, what: 'hash-differs' }]
  })
}

/** Whether a fact has waited too long behind the newest head; the fact that a head was signed may wait for the next one. */
async function hasUncovered(tx: EntityManager, seq: number, now: Date): Promise<boolean> {
  const before = new Date(now.getTime() - BEHIND_MINUTES * 60_000)
  const waiting: unknown[] = await tx.query(
    `select from audit_record where seq > $1 and type <> $2 and recorded_at < $3 order by seq limit 1`,
    [seq, LedgerHeadSigned.type, before],
  )
  return waiting.length > 0
}
