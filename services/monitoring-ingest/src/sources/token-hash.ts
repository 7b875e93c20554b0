import { createHash } from 'node:crypto'

/** What is stored of a token. One round of SHA-256 is enough for 256 random bits. */
export function tokenHash(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
