import data from './data/china-holidays.json' with { type: 'json' }

interface HolidayYear {
  /** Number of the State Council's notice; null where it could not be confirmed. */
  readonly paper: string | null
  /** Numbers of later notices that changed the year. */
  readonly amendments: readonly string[]
  /** Local date to the name of the holiday; weekend days inside a holiday are listed too. */
  readonly holidays: Readonly<Record<string, string>>
  /** Local date of a weekend day that is worked to the name of the holiday it makes up for. */
  readonly makeUpDays: Readonly<Record<string, string>>
}

const years: Readonly<Record<string, HolidayYear>> = data
const known = Object.keys(years).map(Number)

/** The first year whose public holidays are known. Years are known without a gap up to `lastHolidayYear`. */
export const firstHolidayYear = Math.min(...known)

/** The last year whose public holidays are known; the next one is usually announced in November. */
export const lastHolidayYear = Math.max(...known)

/**
 * What the State Council's notice makes of a local date `YYYY-MM-DD`: a public holiday, a make-up working day (调休),
 * or null for an ordinary day or a year without data. Source: the notices named in `data-origin.md`.
 */
export function noticeFor(date: string): 'holiday' | 'make-up day' | null {
  const year = years[date.slice(0, 4)]
  if (year?.makeUpDays[date] !== undefined) return 'make-up day'
  return year?.holidays[date] === undefined ? null : 'holiday'
}
