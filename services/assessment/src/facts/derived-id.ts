import { createHash } from 'node:crypto'

/**
 * The id of a row that follows from another one, always the same: a UUID of version 8 (RFC 9562), so that a timer that
 * runs twice, or a late caller, finds what was written before.
 */
export function derivedId(what: string, ...from: readonly string[]): string {
  const hash = createHash('sha256')
    .update([what, ...from].join('\n'))
    .digest()
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x80
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80
  const hex = hash.toString('hex')
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20, 32),
  ].join('-')
}

/** Whether an id has the version of ids that are derived. */
export function isDerived(id: string): boolean {
  return id[14] === '8'
}
