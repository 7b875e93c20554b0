/** Milliseconds of a day; every Chinese day has as many, because there is no summer time. */
export const dayMs = 86_400_000

/** What is added to UTC for Chinese local time: eight hours, in milliseconds. */
export const zoneOffsetMs = 8 * 3_600_000

/**
 * The day number of a local date `YYYY-MM-DD`, counted in days from 1970-01-01, or null when there is no such date.
 */
export function dayNumberOf(date: string): number | null {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(date)) return null
  const ms = Date.parse(`${date}T00:00:00Z`)
  // V8 reads 2026-02-31 as an invalid date, but not every engine has to; the round trip settles it.
  if (Number.isNaN(ms) || !new Date(ms).toISOString().startsWith(date)) return null
  return ms / dayMs
}

/** The local date `YYYY-MM-DD` of a day number. */
export function dateOf(dayNumber: number): string {
  return new Date(dayNumber * dayMs).toISOString().slice(0, 10)
}

/** The local (Chinese) year of an instant in epoch milliseconds. */
export function localYearOf(atMs: number): number {
  return new Date(atMs + zoneOffsetMs).getUTCFullYear()
}

/** The day of the week of a day number: 0 is Monday, 6 is Sunday. */
export function weekdayOf(dayNumber: number): number {
  // 1970-01-01 was a Thursday; the double remainder keeps days before it positive.
  return (((dayNumber + 3) % 7) + 7) % 7
}
