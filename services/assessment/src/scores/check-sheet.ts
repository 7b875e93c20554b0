import { createHash, randomUUID } from 'node:crypto'
import type { DataSource, EntityManager } from 'typeorm'
import { fillSheet } from './fill-sheet.ts'
import { readSheet } from './score-sheet.ts'
import { sheetLines } from './sheet-lines.ts'

/** The first line in which two texts differ, counted from 1; `null` where one has ended. */
export interface Difference {
  readonly line: number
  readonly stored: string | null
  readonly computed: string | null
}

export interface SheetCheck {
  readonly matches: boolean
  /** The digest on the sheet. */
  readonly digest: string
  /** Of the facts, computed again. */
  readonly computedDigest: string
  /** Of the scores and deductions as they lie in the tables now. */
  readonly storedDigest: string
  readonly firstDifference: Difference | null
}

/**
 * Computes a sheet again from its facts, roster and parameters, and compares it with what is stored and with its digest.
 * Leaves nothing behind. Source: B-5.6.
 *
 * @throws Problem `sheet-not-found`
 */
export async function checkSheet(db: DataSource, id: string): Promise<SheetCheck> {
  const runner = db.createQueryRunner()
  await runner.startTransaction()
  try {
    return await checked(runner.manager, id)
  } finally {
    await runner.rollbackTransaction()
    await runner.release()
  }
}

async function checked(tx: EntityManager, id: string): Promise<SheetCheck> {
  const { month, cutOffOrder, digest } = await readSheet(tx, id)
  const again = randomUUID()
  await tx.query(
    `insert into score_roster (sheet_id, subject_id, subject_kind, unit_id, department_id)
     select $1, subject_id, subject_kind, unit_id, department_id from score_roster where sheet_id = $2`,
    [again, id],
  )
  await tx.query(
    `insert into score_parameter (sheet_id, unit_id, key, value, version, source)
     select $1, unit_id, key, value, version, source from score_parameter where sheet_id = $2`,
    [again, id],
  )
  await fillSheet(tx, { sheetId: again, month, cutOffOrder })
  const stored = lineReader(sheetLines(tx, id, month))
  const computed = lineReader(sheetLines(tx, again, month))
  let firstDifference: Difference | null = null
  for (let line = 1; ; line += 1) {
    const left = await stored.next()
    const right = await computed.next()
    if (left === null && right === null) break
    if (left !== right) firstDifference ??= { line, stored: left, computed: right }
  }
  const storedDigest = stored.digest()
  const computedDigest = computed.digest()
  const matches = storedDigest === digest && computedDigest === digest
  return { matches, digest, computedDigest, storedDigest, firstDifference }
}

/** Reads pieces line by line and digests them on the way. */
function lineReader(pieces: AsyncGenerator<string>) {
  const hash = createHash('sha256')
  let lines: string[] = []
  let at = 0
  return {
    async next(): Promise<string | null> {
      while (at === lines.length) {
        const piece = await pieces.next()
        if (piece.done === true) return null
        hash.update(piece.value)
        lines = piece.value.split('\n').slice(0, -1)
        at = 0
      }
      at += 1
      return lines[at - 1] ?? null
    },
    digest: () => hash.digest('hex'),
  }
}
