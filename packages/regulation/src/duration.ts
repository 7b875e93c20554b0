const FORM =
  /^P(?!$)(?:(\d{1,4})Y)?(?:(\d{1,4})M)?(?:(\d{1,4})W)?(?:(\d{1,5})D)?(?:T(?=\d)(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,7})S)?)?$/

/** The members of an ISO 8601 duration, each a whole number of its unit, 0 where absent. */
export interface DurationParts {
  readonly years: number
  readonly months: number
  readonly weeks: number
  readonly days: number
  readonly hours: number
  readonly minutes: number
  readonly seconds: number
}

/** Reads an ISO 8601 duration of whole numbers, such as PT15M or P3M; undefined when the text is none. */
export function durationParts(text: string): DurationParts | undefined {
  const match = FORM.exec(text)
  if (!match) return undefined
  const at = (group: number) => Number(match[group] ?? 0)
  return {
    years: at(1),
    months: at(2),
    weeks: at(3),
    days: at(4),
    hours: at(5),
    minutes: at(6),
    seconds: at(7),
  }
}

/**
 * Length of an exact duration in milliseconds; a day is 24 hours, a week 7 days.
 *
 * @throws RangeError if the text is no duration or holds years or months, whose length depends on the date
 */
export function durationMs(text: string): number {
  const parts = durationParts(text)
  if (!parts) throw new RangeError(`"${text}" is not an ISO 8601 duration`)
  if (parts.years || parts.months)
    throw new RangeError(`"${text}" has no exact length: years and months depend on the date`)
  return nominalSeconds(parts) * 1000
}

/** Length in seconds for comparing with bounds only: a month counts 30 days, a year 365. */
export function nominalSeconds(parts: DurationParts): number {
  const { years, months, weeks, days, hours, minutes, seconds } = parts
  const wholeDays = years * 365 + months * 30 + weeks * 7 + days
  return ((wholeDays * 24 + hours) * 60 + minutes) * 60 + seconds
}
