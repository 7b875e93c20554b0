import type { Act } from '@erp-steward/contracts/act'
import type { Envelope } from '@erp-steward/contracts/event'
import { LedgerVerified, type VerificationReceipt } from '@erp-steward/contracts/ledger-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { DataSource, EntityManager } from 'typeorm'
import type { AuditAnchor, AuditRecord } from './audit-record.ts'
import { compareWitness, type HeadWitness, type WitnessVerdict } from './compare-witness.ts'
import { archivedThrough } from './ledger-archive.ts'
import { GENESIS, ledgerHash } from './ledger-hash.ts'
import type { LedgerSigner } from './ledger-key.ts'

/** Records read at a time; some megabytes at most. */
const BATCH = 1_000

/** What is wrong, and with which record first. */
export interface LedgerFault {
  readonly seq: number
  readonly what:
    | 'record-missing'
    | 'record-changed'
    | 'record-not-linked'
    | 'columns-differ-from-envelope'
    | 'head-differs'
    | 'anchor-differs'
    | 'witness-disagrees'
}

/** What the chain says of itself. */
interface ChainCheck {
  /** Records found good before the fault, or all. */
  readonly checked: number
  readonly intact: boolean
  readonly fault: LedgerFault | null
}

/** The end of what was found good. */
interface CheckedChain extends ChainCheck {
  /** Of the last good record. */
  readonly hash: Buffer
  /** When the first record was made; `null` in an empty ledger. */
  readonly since: Date | null
}

export interface Verification extends ChainCheck {
  /** `unproven`: the chain is sound in itself, and a witness that would contradict a thief could not be heard. */
  readonly state: 'intact' | 'broken' | 'unproven'
  readonly witnesses: WitnessVerdict[]
  /** The outcome, signed: up to which record, since when, by which key. */
  readonly receipt: VerificationReceipt
}

/**
 * Computes the whole chain anew, in order and in batches, against what the rows say, the head and the daily anchors, and
 * compares it with every witness. Only a chain that is sound and that nobody is missing to vouch for is intact.
 *
 * All reads of the chain see one moment, so recording may go on. The outcome is a fact itself.
 */
export async function verifyLedger(
  db: DataSource,
  signer: LedgerSigner,
  witnesses: readonly HeadWitness[],
  act: Act,
): Promise<Verification> {
  const chain = await db.transaction('REPEATABLE READ', (tx) => verifyChain(tx, signer))
  const verdicts: WitnessVerdict[] = []
  for (const witness of witnesses)
    verdicts.push(await compareWitness(db.manager, signer, witness, chain.checked, act.now))
  const judgement = judged(chain, verdicts)
  const receipt = receiptOf(signer, chain, judgement, act.now)
  const verification = { ...judgement, receipt }
  await db.transaction((tx) =>
    appendEvent(
      tx,
      'identity',
      LedgerVerified,
      'ledger',
      {
        ...verification,
        witnesses: verdicts.map(({ witness, state }) => ({ witness, state })),
        verifiedAt: act.now.toISOString(),
      },
      act,
    ),
  )
  return verification
}

/** Signs what the verification found, as it can be shown to somebody who cannot ask. */
function receiptOf(
  signer: LedgerSigner,
  { checked: seq, hash: last, since: first }: CheckedChain,
  { state, witnesses }: Judgement,
  at: Date,
): VerificationReceipt {
  const hash = last.toString('hex')
  const since = first?.toISOString() ?? null
  const vouchedSeq = witnesses
    .filter(({ witness }) => witness !== 'signature')
    .reduce((most, verdict) => Math.max(most, verdict.vouchedSeq), 0)
  const lines = [state, String(seq), hash, since ?? '-', String(vouchedSeq)]
  return { state, seq, hash, since, vouchedSeq, ...signer.signLines('verification', lines, at) }
}

type Judgement = Omit<Verification, 'receipt'>

function judged(
  { checked, fault: chainFault }: ChainCheck,
  witnesses: WitnessVerdict[],
): Judgement {
  const first = witnesses
    .flatMap(({ disagreement }) => disagreement ?? [])
    .reduce<number | null>((least, { seq }) => Math.min(least ?? seq, seq), null)
  const fault =
    chainFault ?? (first === null ? null : ({ seq: first, what: 'witness-disagrees' } as const))
  // Our own seals lie where the chain lies: somebody outside has to agree as well.
  const isVouchedFor = witnesses.some(
    ({ witness, state }) => witness !== 'signature' && state === 'agrees',
  )
  const isSilent = witnesses.some(({ state }) => state === 'behind' || state === 'unreachable')
  const isProven = isVouchedFor && !isSilent
  const state = fault !== null ? 'broken' : isProven ? 'intact' : 'unproven'
  return { checked, fault, intact: state === 'intact', state, witnesses }
}

async function verifyChain(tx: EntityManager, signer: LedgerSigner): Promise<CheckedChain> {
  const anchors = await anchorsBySeq(tx)
  // What a signed archive holds is checked there; the ledger goes on from its last hash.
  const archived = await archivedThrough(tx, signer)
  let seq = BigInt(archived?.seq ?? 0)
  let previous: Buffer = archived?.hash ?? GENESIS
  let since: Date | null = archived?.since ?? null
  const good = () => ({ checked: Number(seq), hash: previous, since })
  const found = (at: bigint, what: LedgerFault['what']): CheckedChain => ({
    ...good(),
    intact: false,
    fault: { seq: Number(at), what },
  })
  for (;;) {
    const batch = await recordsAfter(tx, seq)
    for (const record of batch) {
      const what = faultOf(record, seq + 1n, previous)
      if (what === 'record-missing') return found(seq + 1n, what)
      if (what !== null) return found(BigInt(record.seq), what)
      const anchor = anchors.get(record.seq)
      if (anchor !== undefined && !anchor.equals(record.hash))
        return found(seq + 1n, 'anchor-differs')
      seq += 1n
      previous = record.hash
      since ??= record.recordedAt
    }
    if (batch.length < BATCH) break
  }
  const [head]: { seq: string; hash: Buffer }[] = await tx.query('select seq, hash from audit_head')
  if (head === undefined) return found(seq, 'head-differs')
  // The tail was cut off: the head, or an anchor, remembers more than there is.
  const newestAnchor = [...anchors.keys()].reduce((a, b) => (BigInt(a) > BigInt(b) ? a : b), '0')
  if (BigInt(head.seq) > seq || BigInt(newestAnchor) > seq) return found(seq + 1n, 'record-missing')
  if (BigInt(head.seq) < seq || !head.hash.equals(previous)) return found(seq, 'head-differs')
  return { ...good(), intact: true, fault: null }
}

function faultOf(
  record: AuditRecord,
  expected: bigint,
  previous: Buffer,
): LedgerFault['what'] | null {
  const seq = BigInt(record.seq)
  if (seq !== expected) return 'record-missing'
  if (!ledgerHash(record.previousHash, { ...record, seq }).equals(record.hash))
    return 'record-changed'
  if (!record.previousHash.equals(previous)) return 'record-not-linked'
  return columnsAgree(record) ? null : 'columns-differ-from-envelope'
}

/** The columns that lists filter by are outside the hash; they must say what the envelope says. */
function columnsAgree({ envelope, eventId, type, subject, actor }: AuditRecord): boolean {
  try {
    const event = JSON.parse(envelope) as Envelope
    return (
      event.id === eventId &&
      event.type === type &&
      event.subject === subject &&
      event.actor === actor
    )
  } catch {
    // No JSON: whoever wrote this computed the hashes too.
    return false
  }
}

function recordsAfter(tx: EntityManager, seq: bigint): Promise<AuditRecord[]> {
  return tx.query(
    `select seq, event_id as "eventId", type, subject, actor, recorded_at as "recordedAt", envelope,
            previous_hash as "previousHash", hash
       from audit_record where seq > $1 order by seq limit $2`,
    [seq, BATCH],
  )
}

async function anchorsBySeq(tx: EntityManager): Promise<Map<string, Buffer>> {
  const anchors: Pick<AuditAnchor, 'seq' | 'hash'>[] = await tx.query(
    'select seq, hash from audit_anchor where seq > 0',
  )
  return new Map(anchors.map(({ seq, hash }) => [seq, hash]))
}
