/**
 * What a spreadsheet takes for a formula when a cell begins with it, full width too, and what it skips before it.
 * Source: OWASP, CSV Injection.
 */
const FORMULA = /^[\s\p{Cc}\p{Cf}]*[=+\-@＝＋－＠]|^[\t\r\n]/u

/**
 * A line of CSV (RFC 4180), ended by CR and LF. Every text is quoted; one that a spreadsheet would compute gets an
 * apostrophe in front, so that a name that somebody chose is read and not run. `null` is an empty cell.
 */
export function csvLine(cells: readonly (string | number | null)[]): string {
  return `${cells.map(cellOf).join(',')}\r\n`
}

function cellOf(value: string | number | null): string {
  if (value === null) return ''
  if (typeof value === 'number') return String(value)
  const harmless = FORMULA.test(value) ? `'${value}` : value
  return `"${harmless.replaceAll('"', '""')}"`
}
