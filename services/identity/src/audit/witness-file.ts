import { createReadStream, existsSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { SignedHead } from '@erp-steward/contracts/ledger-events'
import type { Logger } from 'pino'
import { Compile } from 'typebox/compile'
import type { DataSource } from 'typeorm'
import { sealsAfter } from './audit-seal.ts'
import { WitnessUnreachable, type HeadWitness } from './compare-witness.ts'

/** Heads read or written at a time. */
const BATCH = 1_000
/** How often new seals are looked for, in milliseconds. */
const FOLLOW_MS = 10_000

const isSignedHead = Compile(SignedHead)

/** The heads in a file of one JSON object per line; an empty path: this site has none. */
export function fileWitness(path: string): HeadWitness {
  return { witness: 'file', heads: path === '' ? null : () => headsIn(path) }
}

async function* headsIn(path: string): AsyncIterable<SignedHead[]> {
  // A file that somebody removed holds nothing, and is behind for that.
  if (!existsSync(path)) return
  let some: SignedHead[] = []
  try {
    for await (const line of createInterface({ input: createReadStream(path) })) {
      const head = headOf(line)
      if (head !== null) some.push(head)
      if (some.length < BATCH) continue
      yield some
      some = []
    }
  } catch (error) {
    throw new WitnessUnreachable('the witness file cannot be read', { cause: error })
  }
  yield some
}

/** `null` for a line that a crash cut short: what it held is added again. */
function headOf(line: string): SignedHead | null {
  try {
    const head: unknown = JSON.parse(line)
    return isSignedHead.Check(head) ? head : null
  } catch {
    return null
  }
}

/**
 * Adds every seal after `seq` to the file, on the disk when this returns.
 *
 * @returns the number of the last one there now
 */
export async function addSeals(db: DataSource, path: string, seq: number): Promise<number> {
  let last = seq
  for (;;) {
    const seals = await sealsAfter(db.manager, last, BATCH)
    const newest = seals.at(-1)
    if (newest === undefined) return last
    const file = await open(path, 'a', 0o600)
    try {
      // The line feed in front ends what a crash may have cut short.
      await file.appendFile(seals.map((head) => `\n${JSON.stringify(head)}`).join(''))
      await file.sync()
    } finally {
      await file.close()
    }
    last = newest.seq
  }
}

/**
 * Keeps the file up with the seals, in each replica its own: a crash between seal and file is made up for by the next
 * look. Heads that stand in the file are never written again, whatever the database says by then.
 */
export async function followSeals(
  db: DataSource,
  path: string,
  log: Logger,
): Promise<{ stop(): Promise<void> }> {
  if (path === '') return { stop: () => Promise.resolve() }
  let last = await lastSeqIn(path)
  const made = await open(path, 'a', 0o600)
  await made.close()
  let atWork: Promise<void> = Promise.resolve()
  const look = () => {
    atWork = atWork.then(async () => {
      try {
        last = await addSeals(db, path, last)
      } catch (error) {
        log.error({ err: error }, 'the witness file of the ledger could not be added to')
      }
    })
  }
  look()
  const timer = setInterval(look, FOLLOW_MS)
  return {
    async stop() {
      clearInterval(timer)
      await atWork
    },
  }
}

async function lastSeqIn(path: string): Promise<number> {
  let last = 0
  for await (const some of headsIn(path)) for (const { seq } of some) last = Math.max(last, seq)
  return last
}
