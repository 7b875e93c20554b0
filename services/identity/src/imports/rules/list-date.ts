const DAY_MS = 86_400_000
const WRITTEN = /^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?$/

/** `2026/1/5` and `2026年1月5日` as `2026-01-05`; another text as it is, for the check of the row to refuse. */
export function listDate(text: string): string {
  const [, year, month, day] = WRITTEN.exec(text) ?? []
  return year === undefined || month === undefined || day === undefined
    ? text
    : `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`
}

/** Largest serial date of a spreadsheet, 9999-12-31. */
const LAST_SERIAL = 2_958_465

/**
 * The calendar date of a cell that holds a date as a number of days; `null` for a number that is none.
 *
 * Spreadsheets count from 1900 with a 29 February that there never was, or from 1904; days before 1 March 1900 are refused.
 *
 * @param from1904 as the workbook says
 */
export function serialDate(text: string, from1904: boolean): string | null {
  const days = Math.floor(Number(text))
  if (!(days >= (from1904 ? 0 : 61) && days <= LAST_SERIAL)) return null
  const epoch = from1904 ? Date.UTC(1904, 0, 1) : Date.UTC(1899, 11, 30)
  return new Date(epoch + days * DAY_MS).toISOString().slice(0, 10)
}
