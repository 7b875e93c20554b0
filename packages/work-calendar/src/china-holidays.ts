import data from './data/china-holidays.json' with { type: 'json' }

/** What a notice of the State Council makes of the days of one year; all other days are as their weekday. */
export interface HolidayDays {
  /** Local date to the name of the holiday; weekend days inside a holiday are listed too. */
  readonly holidays: Readonly<Record<string, string>>
  /** Local date of a weekend day that is worked to the name of the holiday it makes up for. */
  readonly makeUpDays: Readonly<Record<string, string>>
}

/** A year of the shipped data. */
export interface ShippedYear extends HolidayDays {
  /** Number of the State Council's notice; null where it could not be confirmed. */
  readonly paper: string | null
  /** Numbers of later notices that changed the year. */
  readonly amendments: readonly string[]
}

/** Years whose public holidays are known. */
export type HolidayYears = ReadonlyMap<number, HolidayDays>

const years: Readonly<Record<string, ShippedYear>> = data

/** The years that are shipped, without a gap. A site loads the next ones, and may load one of these anew. */
export const shippedHolidays: ReadonlyMap<number, ShippedYear> = new Map(
  Object.entries(years).map(([year, days]) => [Number(year), days]),
)

/** The shipped years with those of a site, which hold instead where both have one. */
export function withLoadedYears(loaded: HolidayYears): HolidayYears {
  return loaded.size === 0 ? shippedHolidays : new Map([...shippedHolidays, ...loaded])
}

/** The first year whose public holidays are known; from it on there is no gap up to `lastYearOf`. */
export function firstYearOf(known: HolidayYears): number {
  return Math.min(...known.keys())
}

/** The last year up to which public holidays are known without a gap; the next is usually announced in November. */
export function lastYearOf(known: HolidayYears): number {
  let year = firstYearOf(known)
  while (known.has(year + 1)) year += 1
  return year
}

/**
 * What the State Council's notice makes of a local date `YYYY-MM-DD`: a public holiday, a make-up working day (调休),
 * or null for an ordinary day or a year without data. Source: the notices named in `data-origin.md`.
 */
export function noticeFor(
  date: string,
  known: HolidayYears = shippedHolidays,
): 'holiday' | 'make-up day' | null {
  const year = known.get(Number(date.slice(0, 4)))
  if (year?.makeUpDays[date] !== undefined) return 'make-up day'
  return year?.holidays[date] === undefined ? null : 'holiday'
}
