import { durationParts } from './duration.ts'

/**
 * `at` plus an ISO 8601 duration; months and years are counted on the calendar in UTC, the 31st of a shorter month is
 * its last day.
 *
 * @throws RangeError if the text is no duration
 */
export function addPeriod(at: Date, text: string): Date {
  const parts = durationParts(text)
  if (!parts) throw new RangeError(`"${text}" is not an ISO 8601 duration`)
  const moved = new Date(at)
  const day = moved.getUTCDate()
  moved.setUTCMonth(moved.getUTCMonth() + parts.years * 12 + parts.months)
  // The day ran over into the next month: day 0 is the last of the month that was meant.
  if (moved.getUTCDate() !== day) moved.setUTCDate(0)
  const days = parts.weeks * 7 + parts.days
  const seconds = ((days * 24 + parts.hours) * 60 + parts.minutes) * 60 + parts.seconds
  return new Date(moved.getTime() + seconds * 1_000)
}
