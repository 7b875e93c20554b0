import { isLocalDate } from '@erp-steward/contracts/calendar-text'
import type { SignedHead } from '@erp-steward/contracts/ledger-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { unusableCursor } from '@erp-steward/service-kit/paging'
import type { EntityManager } from 'typeorm'
import { archivedThrough } from './ledger-archive.ts'
import type { LedgerHead, LedgerSigner, Signature } from './ledger-key.ts'

/** What the ledger says of the record that a noted head names. */
export type RecordState =
  'agrees' | 'archived' | 'record-missing' | 'hash-differs' | 'signature-invalid'

/** The anchor of a day beside what the ledger says of its record now. */
export interface ShownAnchor extends LedgerHead {
  readonly day: string
  readonly anchoredAt: Date
  readonly record: RecordState
}

/**
 * Anchors of days before `before` (`null`: from the newest on), newest first. The anchor of an empty ledger agrees.
 *
 * @throws Problem `cursor-unusable` when `before` is no date
 */
export async function anchorsBefore(
  tx: EntityManager,
  signer: LedgerSigner,
  before: string | null,
  limit: number,
): Promise<ShownAnchor[]> {
  if (before !== null && !isLocalDate(before)) throw unusableCursor()
  const archived = await archivedThrough(tx, signer)
  return tx.query(
    `select a.day::text as day, a.seq::float8 as seq, encode(a.hash, 'hex') as hash, anchored_at as "anchoredAt",
            case when a.seq = 0 or a.hash = r.hash then 'agrees'
                 when r.seq is null and a.seq <= $3 then 'archived' when r.seq is null then 'record-missing' else 'hash-differs' end as record
       from audit_anchor a left join audit_record r on r.seq = a.seq
      where $1::date is null or a.day < $1 order by a.day desc limit $2`,
    [before, limit, archived?.seq ?? 0],
  )
}

/** What somebody noted outside the product, signed or not. */
export type NotedHead = LedgerHead & { readonly [Member in keyof Signature]?: string }

/**
 * Each head beside what the ledger says of it now, in the order given.
 *
 * @throws Problem `validation-failed` for half a signature
 */
export async function compareNoted(
  tx: EntityManager,
  signer: LedgerSigner,
  heads: readonly NotedHead[],
): Promise<(LedgerHead & { readonly record: RecordState })[]> {
  const signed = heads.map((head, at) => signedHead(head, at))
  const rows: LedgerHead[] = await tx.query(
    `select seq::float8 as seq, encode(hash, 'hex') as hash from audit_record where seq = any($1)`,
    [heads.map(({ seq }) => seq)],
  )
  const held = new Map(rows.map(({ seq, hash }) => [seq, hash]))
  const archived = await archivedThrough(tx, signer)
  if (archived !== null) held.set(archived.seq, archived.hash.toString('hex'))
  return heads.map(({ seq, hash }, at) => {
    const head = signed[at] ?? null
    const state = (): RecordState => {
      if (head !== null && !signer.isSignedByUs(head)) return 'signature-invalid'
      const here = held.get(seq)
      if (here === undefined && archived !== null && seq < archived.seq) return 'archived'
      if (here === undefined) return 'record-missing'
      return here === hash ? 'agrees' : 'hash-differs'
    }
    return { seq, hash, record: state() }
  })
}

/** `null` for a head without a signature. */
function signedHead(
  { seq, hash, signedAt, keyId, signature }: NotedHead,
  at: number,
): SignedHead | null {
  if (signature === undefined && keyId === undefined) return null
  if (signature === undefined || keyId === undefined || signedAt === undefined) {
    const detail = said(
      'A signature is `signedAt`, `keyId` and `signature` together.',
      '签名由 `signedAt`、`keyId` 和 `signature` 共同组成。',
    )
    throw new Problem('validation-failed', detail, {
      errors: [{ pointer: `#/heads/${String(at)}`, detail }],
    })
  }
  return { seq, hash, signedAt, keyId, signature }
}
