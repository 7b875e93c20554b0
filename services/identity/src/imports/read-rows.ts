import { Readable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { said, type Bilingual } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { isStorableText } from '@erp-steward/service-kit/storable-text'
import { CsvError, parse } from 'csv-parse'
import { Compile } from 'typebox/compile'
import { listText } from './list-text.ts'
import { readXlsx, type Cell } from './read-xlsx.ts'
import { columnMapping, membersOfHeader } from './rules/columns.ts'
import { ImportRow, type ImportWarning, type ReadRow } from './rules/import-row.ts'
import { listDate, serialDate } from './rules/list-date.ts'
import { rowFault } from './rules/row-fault.ts'

/** Most rows of one list: more than 16 MiB have room for, as CSV. */
export const MOST_ROWS = 100_000

/** Rows that are checked before others have a turn: some 10 milliseconds. */
const STRIDE = 1_000

const check = Compile(ImportRow)

/** A list as it came. */
export interface SentList {
  readonly bytes: Buffer
  /** Charset of the content type, if it names one. */
  readonly charset: string | undefined
  /** What columns are called, as the caller says. */
  readonly columns: string | undefined
}

export interface ReadList {
  readonly rows: readonly ReadRow[]
  readonly warnings: readonly ImportWarning[]
}

/** Columns with a calendar date. */
const DATES: readonly string[] = ['birthday', 'leaveOn']

/**
 * The rows of a CSV list with a header line (RFC 4180; commas, semicolons or tabs).
 *
 * An empty field is `null`. A row with a wrong number of fields is a fault of that row.
 *
 * @throws Problem `import-unreadable` when the list as a whole cannot be read, `validation-failed` for `columns`
 */
export async function readCsv({ bytes, charset, columns }: SentList): Promise<ReadList> {
  const { text, guessed } = listText(bytes, charset)
  const mapping = columnMapping(columns)
  const [header, ...records] = await parsed(text)
  if (header === undefined) throw unreadable('The list has no header line.', '该列表没有表头行。')
  const members = membersOfHeader(header, mapping)
  const rows = await inStrides(bounded(records), (fields, index) => {
    const row = index + 1
    if (fields.length !== header.length)
      return {
        row,
        employeeNumber: null,
        fault: said(
          `The row has ${fields.length} fields, the header ${header.length}.`,
          `该行有 ${fields.length} 个字段，表头有 ${header.length} 个。`,
        ),
      }
    return rowOf(row, members, (at) => fields[at])
  })
  return { rows, warnings: guessed ? [GUESSED] : [] }
}

/**
 * The rows of the first sheet of an `.xlsx` workbook with a header row. Dates may be cells of the type date. A number of a
 * person that the sheet holds as a number is warned of: it keeps no zeros in front.
 *
 * @throws Problem `import-unreadable`, `validation-failed` for `columns`
 */
export async function readSheet({ bytes, columns }: SentList): Promise<ReadList> {
  const mapping = columnMapping(columns)
  const { rows: all, from1904 } = await readXlsx(bytes, MOST_ROWS + 1)
  const first = all.findIndex((cells) => cells !== undefined)
  const header = all[first]
  if (header === undefined) throw unreadable('The sheet has no header row.', '该工作表没有表头行。')
  const titles = Array.from(header, (cell) => cell?.text ?? '')
  const members = membersOfHeader(titles, mapping)
  const records = all
    .map((cells, at) => ({ cells, row: at - first }))
    .filter(({ cells, row }) => cells !== undefined && row > 0)
  const numberAt = members.indexOf('employeeNumber')
  const warnings: ImportWarning[] = []
  const rows = await inStrides(bounded(records), ({ cells = [], row }) => {
    if (cells.length > titles.length) return { row, employeeNumber: null, fault: TOO_LONG }
    if (cells[numberAt]?.isNumber === true)
      warnings.push({
        row,
        code: 'number-without-zeros',
        detail: said(
          'The sheet holds the employee number as a number: zeros in front would be lost.',
          '工作表中该工号以数字形式保存：前导零会丢失。',
        ),
      })
    return rowOf(row, members, (at) => textOf(cells[at], members[at], from1904))
  })
  return { rows, warnings }
}

function textOf(cell: Cell | undefined, member: string | null | undefined, from1904: boolean) {
  if (cell?.isNumber !== true || !DATES.includes(member ?? '')) return cell?.text
  return serialDate(cell.text, from1904) ?? cell.text
}

/**
 * The rows of a list with one JSON object per line; empty lines are skipped.
 *
 * @throws Problem `import-unreadable`
 */
export async function readNdjson({ bytes, charset }: SentList): Promise<ReadList> {
  const { text, guessed } = listText(bytes, charset)
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '')
  const rows = await inStrides(bounded(lines), (line, index) => {
    const row = index + 1
    try {
      return checked(row, JSON.parse(line))
    } catch {
      return { row, employeeNumber: null, fault: NO_JSON }
    }
  })
  return { rows, warnings: guessed ? [GUESSED] : [] }
}

const TOO_LONG = said('The row is longer than the header.', '该行的列数多于表头。')
const NO_JSON = said('The line is not JSON.', '该行不是 JSON。')
const GUESSED: ImportWarning = {
  row: null,
  code: 'encoding-guessed',
  detail: said(
    'The list is not UTF-8 and was read as GB 18030 (GBK); look at the names.',
    '该列表不是 UTF-8，已按 GB 18030（GBK）读取；请核对姓名。',
  ),
}

/** A row of text by column. */
function rowOf(
  row: number,
  members: readonly (string | null)[],
  field: (at: number) => string | undefined,
): ReadRow {
  const value: Record<string, string | null> = {}
  for (const [at, member] of members.entries()) {
    if (member === null) continue
    const text = field(at)
    value[member] =
      text === undefined || text === '' ? null : DATES.includes(member) ? listDate(text) : text
  }
  return checked(row, value)
}

async function parsed(text: string): Promise<string[][]> {
  const delimiter = delimiterOf(text)
  const parser = parse({ delimiter, relaxColumnCount: true, skipEmptyLines: true, trim: true })
  const records: string[][] = []
  try {
    for await (const record of Readable.from(slices(text)).pipe(parser)) {
      records.push(record as string[])
      if (records.length > MOST_ROWS + 1) break
    }
  } catch (error) {
    if (error instanceof CsvError) throw unreadable(error.message, `CSV 格式有误：${error.message}`)
    throw error
  }
  return records
}

function* slices(text: string) {
  for (let at = 0; at < text.length; at += 65_536) yield text.slice(at, at + 65_536)
}

/** Which of the three stands most often in the header line, outside of quotes. */
function delimiterOf(text: string): string {
  const header = text.slice(0, 10_000).trimStart().split(/\r?\n/, 1)[0] ?? ''
  const bare = header.replace(/"[^"]*"/g, '')
  const times = (mark: string) => bare.split(mark).length
  return [',', ';', '\t'].reduce((best, mark) => (times(mark) > times(best) ? mark : best))
}

async function inStrides<From, To>(
  from: readonly From[],
  one: (item: From, index: number) => To,
): Promise<To[]> {
  const made: To[] = []
  for (const [index, item] of from.entries()) {
    if (index % STRIDE === STRIDE - 1) await setImmediate()
    made.push(one(item, index))
  }
  return made
}

function bounded<Row>(rows: readonly Row[]): readonly Row[] {
  if (rows.length === 0) throw unreadable('The list has no rows.', '该列表没有数据行。')
  if (rows.length > MOST_ROWS)
    throw unreadable(`The list has more than ${MOST_ROWS} rows.`, `该列表超过 ${MOST_ROWS} 行。`)
  return rows
}

function checked(row: number, value: unknown): ReadRow {
  const fault = check.Check(value) ? unstorable(value) : rowFault(check.Errors(value), value)
  if (fault === null) return { row, value: value as ImportRow }
  const { employeeNumber } = Object(value) as { employeeNumber?: unknown }
  return {
    row,
    employeeNumber: typeof employeeNumber === 'string' ? employeeNumber.slice(0, 40) : null,
    fault,
  }
}

/** JSON can spell halves of surrogate pairs, which the file as such cannot have. */
function unstorable(row: ImportRow): Bilingual | null {
  const column = Object.entries(row).find(
    ([, text]) => typeof text === 'string' && !isStorableText(text),
  )?.[0]
  return column === undefined
    ? null
    : said(`${column} holds half of a surrogate pair`, `${column} 含有不完整的字符（代理对缺半）`)
}

const unreadable = (en: string, zh: string) => new Problem('import-unreadable', said(en, zh))
