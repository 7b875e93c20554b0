import { createHash, randomUUID } from 'node:crypto'
import { nullable } from '@erp-steward/contracts/values'
import { Type, type Static } from 'typebox'
import type { DataSource, EntityManager } from 'typeorm'
import { fillSheet } from './fill-sheet.ts'
import { readSheet } from './score-sheet.ts'
import { sheetLines } from './sheet-lines.ts'

/** Whether a sheet is what its facts give. */
export const SheetCheck = Type.Object(
  {
    matches: Type.Boolean({ description: 'Whether both digests are the one of the sheet.' }),
    digest: Type.String({ description: 'The digest that the sheet has, SHA-256.' }),
    computedDigest: Type.String({
      description: 'SHA-256 of the lines as computed anew from the facts.',
    }),
    storedDigest: Type.String({ description: 'SHA-256 of the lines as they are stored.' }),
    firstDifference: nullable(
      Type.Object(
        {
          line: Type.Integer({ description: 'Its number, from 1.' }),
          stored: nullable(Type.String(), 'As it is stored; null: the text has ended.'),
          computed: nullable(Type.String(), 'As computed anew; null: the text has ended.'),
        },
        { title: 'SheetDifference' },
      ),
      'The first line in which both differ; null: none does.',
    ),
  },
  { title: 'SheetCheck' },
)
export type SheetCheck = Static<typeof SheetCheck>

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
  let firstDifference: SheetCheck['firstDifference'] = null
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
