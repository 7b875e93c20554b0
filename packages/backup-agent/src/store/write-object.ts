import { createHash } from 'node:crypto'
import { existsSync, rmSync } from 'node:fs'
import { open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { examine, type Examined, type Watch } from '../seal/examine.ts'
import type { Keys } from '../seal/frames.ts'
import { refuse, WorkFailed } from '../work-failed.ts'
import { makeFolders } from './store.ts'
import { syncFolder } from './sync-folder.ts'

/** A stored object with both digests: of what was written and of what was read again. */
export interface Written {
  readonly writtenDigest: string
  readonly read: Examined
}

/** Name of an object that is not whole yet. */
export const partOf = (path: string) => `${path}.part`

/** @throws WorkFailed when an object lies there: stored objects are never written over. */
export function assertFree(path: string): void {
  if (existsSync(path)) refuse('an object of this name is in the store and is not written over')
}

/**
 * Writes an object, brings it to the disk, reads it anew to its end and only then gives it its name.
 *
 * One that is not what was written never gets its name and is removed; `read` then tells what is wrong with it.
 * `fill` pipes the bytes into `write`. On an error what was written is removed.
 *
 * @throws WorkFailed `digest` when `expected` is given and other bytes came
 */
export async function writeObject(
  path: string,
  keys: Keys,
  watch: Watch,
  onProof: () => void,
  fill: (write: (bytes: Buffer) => Promise<void>) => Promise<void>,
  expected?: string,
): Promise<Written> {
  const part = partOf(path)
  makeFolders(path)
  rmSync(part, { force: true })
  try {
    const writtenDigest = await writeDurably(part, watch, fill)
    if (expected !== undefined && writtenDigest !== expected)
      throw new WorkFailed(
        'digest',
        `the source is not what was backed up: its SHA-256 is ${writtenDigest}`,
      )
    onProof()
    const read = await examine(part, keys, writtenDigest, watch)
    if (read.finding === null && read.digest === writtenDigest) {
      await rename(part, path)
      syncFolder(dirname(path))
    }
    return { writtenDigest, read }
  } finally {
    rmSync(part, { force: true })
  }
}

async function writeDurably(
  part: string,
  { signal, onBytes }: Watch,
  fill: (write: (bytes: Buffer) => Promise<void>) => Promise<void>,
): Promise<string> {
  const hash = createHash('sha256')
  const file = await open(part, 'wx', 0o600)
  try {
    await fill(async (bytes) => {
      signal.throwIfAborted()
      hash.update(bytes)
      for (let at = 0; at < bytes.length;)
        at += (await file.write(bytes, at, bytes.length - at)).bytesWritten
      onBytes(bytes.length)
    })
    signal.throwIfAborted()
    await file.sync()
  } finally {
    await file.close()
  }
  return hash.digest('hex')
}
