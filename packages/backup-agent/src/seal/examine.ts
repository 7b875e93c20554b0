import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { codeOf } from '../work-failed.ts'
import { openStored, type Keys } from './frames.ts'

/** What a stored object was found to be. */
export interface Examined {
  /** Bytes read. */
  readonly storedBytes: number
  /** SHA-256 of all of them; `null` when the object is not there. */
  readonly digest: string | null
  /** The first damage and how many more there are; `null` when there is none. */
  readonly finding: string | null
}

/** What an examination is told about itself and may be stopped by. */
export interface Watch {
  readonly signal: AbortSignal
  /** Called with the bytes of each piece. */
  readonly onBytes: (count: number) => void
}

/**
 * Opens the object anew and reads it to its end: its SHA-256, and whether every frame opens.
 *
 * `expected` is what the SHA-256 should be. Without the key, as at a site that only keeps copies, the digest decides
 * alone and damage cannot be located.
 */
export async function examine(
  path: string,
  keys: Keys,
  expected: string | null,
  watch: Watch,
): Promise<Examined> {
  const file = await open(path, 'r').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  })
  if (file === null) return { storedBytes: 0, digest: null, finding: 'the object is not there' }
  try {
    const stored = await openStored(file, keys)
    const hash = createHash('sha256')
    const damages: string[] = []
    let count = 0
    let storedBytes = 0
    for await (const { bytes, damage } of stored.pieces()) {
      watch.signal.throwIfAborted()
      hash.update(bytes)
      storedBytes += bytes.length
      watch.onBytes(bytes.length)
      if (damage !== null && count++ === 0) damages.push(damage)
    }
    const digest = hash.digest('hex')
    if (count > 1) damages.push(`${count - 1} more after it`)
    if (count === 0 && expected !== null && digest !== expected)
      damages.push(
        stored.hasKey
          ? 'every frame opens, but the SHA-256 is another one: it is another object'
          : `the SHA-256 is another one; key ${stored.header?.keyId ?? '?'} is not here, so the place cannot be told`,
      )
    return { storedBytes, digest, finding: damages.length === 0 ? null : damages.join('; ') }
  } finally {
    await file.close()
  }
}
