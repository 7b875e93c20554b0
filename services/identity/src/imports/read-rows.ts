import { Problem } from '@erp-steward/contracts/problem'
import { isStorableText } from '@erp-steward/service-kit/storable-text'
import { CsvError, parse } from 'csv-parse/sync'
import { Compile } from 'typebox/compile'
import { importColumns, ImportRow, mandatoryColumns, type ReadRow } from './rules/import-row.ts'

/** Most rows of one list. */
export const MOST_ROWS = 5_000

const check = Compile(ImportRow)

/**
 * The rows of a CSV list with a header line (RFC 4180, UTF-8, with or without a byte order mark).
 *
 * An empty field is `null`. A row with a wrong number of fields is a fault of that row.
 *
 * @throws Problem `import-unreadable` when the list as a whole cannot be read
 */
export function readCsv(body: Buffer): ReadRow[] {
  const [header, ...records] = parsed(textOf(body))
  if (header === undefined) throw unreadable('The list has no header line.')
  const missing = mandatoryColumns.filter((column) => !header.includes(column))
  const unknown = header.filter((column) => !importColumns.includes(column))
  if (missing.length > 0 || unknown.length > 0 || new Set(header).size !== header.length)
    throw unreadable(
      `The header must name each of ${mandatoryColumns.join(', ')} once and may name ${importColumns
        .filter((column) => !mandatoryColumns.includes(column))
        .join(
          ', ',
        )}; missing: ${missing.join(', ') || 'none'}; unknown: ${unknown.join(', ') || 'none'}.`,
    )
  return bounded(records).map((fields, index) => {
    const row = index + 1
    if (fields.length !== header.length)
      return {
        row,
        employeeNumber: null,
        fault: `The row has ${fields.length} fields, the header ${header.length}.`,
      }
    const entries = header.map((column, at) => [column, fields[at] === '' ? null : fields[at]])
    return checked(row, Object.fromEntries(entries))
  })
}

/**
 * The rows of a list with one JSON object per line; empty lines are skipped.
 *
 * @throws Problem `import-unreadable`
 */
export function readNdjson(body: Buffer): ReadRow[] {
  const lines = textOf(body)
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '')
  return bounded(lines).map((line, index) => {
    const row = index + 1
    try {
      return checked(row, JSON.parse(line))
    } catch {
      return { row, employeeNumber: null, fault: 'The line is not JSON.' }
    }
  })
}

function parsed(text: string): string[][] {
  try {
    return parse(text, { relaxColumnCount: true, skipEmptyLines: true, trim: true })
  } catch (error) {
    if (error instanceof CsvError) throw unreadable(error.message)
    throw error
  }
}

function textOf(body: Buffer): string {
  try {
    // Drops the byte order mark by itself.
    return new TextDecoder('utf-8', { fatal: true }).decode(body)
  } catch {
    throw unreadable('The list is not UTF-8.')
  }
}

function bounded<Row>(rows: readonly Row[]): readonly Row[] {
  if (rows.length === 0) throw unreadable('The list has no rows.')
  if (rows.length > MOST_ROWS)
    throw unreadable(`The list has ${rows.length} rows; at most ${MOST_ROWS} are taken.`)
  return rows
}

function checked(row: number, value: unknown): ReadRow {
  const fault = check.Check(value)
    ? unstorable(value)
    : check
        .Errors(value)
        .slice(0, 3)
        .map(({ instancePath, message }) => `${instancePath.slice(1) || 'row'} ${message}`)
        .join('; ')
  if (fault === null) return { row, value: value as ImportRow }
  const { employeeNumber } = Object(value) as { employeeNumber?: unknown }
  return {
    row,
    employeeNumber: typeof employeeNumber === 'string' ? employeeNumber.slice(0, 40) : null,
    fault,
  }
}

/** JSON can spell halves of surrogate pairs, which the file as such cannot have. */
function unstorable(row: ImportRow): string | null {
  const column = Object.entries(row).find(
    ([, text]) => typeof text === 'string' && !isStorableText(text),
  )?.[0]
  return column === undefined ? null : `${column} holds half of a surrogate pair`
}

const unreadable = (detail: string) => new Problem('import-unreadable', detail)
