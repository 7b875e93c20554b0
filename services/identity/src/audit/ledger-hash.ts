import { createHash } from 'node:crypto'

/** What the chain starts from: 32 zero bytes. */
export const GENESIS = Buffer.alloc(32)

/** What the hash of a record covers besides the one before. */
export interface LedgerEntry {
  readonly seq: bigint
  /** Milliseconds count; nothing finer is kept. */
  readonly recordedAt: Date
  /** The CloudEvent as canonical JSON text. */
  readonly envelope: string
}

/**
 * SHA-256 of the previous hash (32 bytes), followed in UTF-8 by the number, the instant in RFC 3339 with
 * milliseconds and the envelope, each ended by a line feed. An outsider can compute it from an export.
 */
export function ledgerHash(previous: Buffer, { seq, recordedAt, envelope }: LedgerEntry): Buffer {
  return createHash('sha256')
    .update(previous)
    .update(`${String(seq)}\n${recordedAt.toISOString()}\n${envelope}\n`)
    .digest()
}

/** JSON text with the members of every object sorted by name, so that one value has one text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_name, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  )
}
