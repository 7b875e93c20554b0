import { createHash } from 'node:crypto'
import type { DataSource } from 'typeorm'
import type { Viewer } from '../people/show-person.ts'
import { sealsAfter } from './audit-seal.ts'
import type { LedgerHead, LedgerSigner } from './ledger-key.ts'
import { nameRecords, type RecordNames } from './name-records.ts'
import type { RecordCondition } from './record-filter.ts'
import { SHOWN_COLUMNS, type ShownRecord } from './records-before.ts'
import { csvLine } from './rules/csv.ts'

/** Records read at a time, and so the most that lie in memory: some megabytes. */
const BATCH = 500

/** What is exported: records after a number up to the head as it was when the export began. */
export interface LedgerExport {
  readonly after: number
  readonly head: LedgerHead
  readonly condition: RecordCondition
  /** The filter as it is told to whoever reads the copy; empty: no record is left out. */
  readonly filter: Readonly<Record<string, string>>
  readonly viewer: Viewer
  readonly madeBy: string
  readonly madeAt: Date
}

/**
 * The copy that can be checked without the ledger, in pieces, one JSON object a line: what it is (`export`), the records in
 * order (`record`), behind each record the signed head that covers it (`head`; only where no record is left out), and at
 * the end a `receipt`: how many records, SHA-256 of all bytes before it, signed. A copy without its receipt broke off.
 */
export async function* ndjsonExport(
  db: DataSource,
  signer: LedgerSigner,
  copy: LedgerExport,
  clock: () => Date,
): AsyncGenerator<string> {
  const { after, head, filter, madeBy, madeAt } = copy
  const digest = createHash('sha256')
  const line = (kind: string, members: object) => {
    const text = `${JSON.stringify({ line: kind, ...members })}\n`
    digest.update(text)
    return text
  }
  const format = 'erp-steward ledger export 1'
  yield line('export', { format, madeAt, madeBy, filter, after, head, keys: signer.publicKeys })
  const isWhole = Object.keys(filter).length === 0
  let count = 0
  let last = after
  for await (const records of batches(db, copy)) {
    const seals = isWhole ? await sealsAfter(db.manager, last, BATCH) : []
    const sealed = new Map(seals.map((seal) => [seal.seq, seal]))
    count += records.length
    last = records.at(-1)?.seq ?? last
    yield records
      .map((record) => {
        const seal = sealed.get(record.seq)
        return line('record', record) + (seal === undefined ? '' : line('head', seal))
      })
      .join('')
  }
  const sha256 = digest.digest('hex')
  const signature = signer.signLines('export', [String(count), sha256], clock())
  yield `${JSON.stringify({ line: 'receipt', records: count, sha256, ...signature })}\n`
}

const COLUMNS = [
  'seq',
  'recordedAt',
  'type',
  'subject',
  'subjectName',
  'actor',
  'actorName',
  'actorUserName',
  'eventId',
  'previousHash',
  'hash',
  'envelope',
] as const

/** The copy for a spreadsheet, in pieces: UTF-8 with the mark by which Excel knows it. */
export async function* csvExport(db: DataSource, copy: LedgerExport): AsyncGenerator<string> {
  yield `\uFEFF${csvLine(COLUMNS)}`
  for await (const records of batches(db, copy))
    yield records
      .map((record) =>
        csvLine(
          COLUMNS.map((name) => {
            const value = record[name]
            return value instanceof Date ? value.toISOString() : value
          }),
        ),
      )
      .join('')
}

/** No transaction is held open while somebody reads slowly: what has been recorded does not change. */
async function* batches(
  db: DataSource,
  { after, head, condition: { text, values }, viewer }: LedgerExport,
): AsyncGenerator<(ShownRecord & RecordNames)[]> {
  const [from, to, most] = [1, 2, 3].map((n) => `$${String(values.length + n)}`)
  let last = after
  for (;;) {
    const rows: ShownRecord[] = await db.query(
      `select ${SHOWN_COLUMNS} from audit_record
        where ${text} and audit_record.seq > ${from} and audit_record.seq <= ${to}
        order by audit_record.seq limit ${most}`,
      [...values, last, head.seq, BATCH],
    )
    const newest = rows.at(-1)
    if (newest === undefined) return
    yield await nameRecords(db.manager, viewer, rows)
    last = newest.seq
  }
}
