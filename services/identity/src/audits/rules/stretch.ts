import { addPeriod } from '@erp-steward/regulation/add-period'
import { durationParts } from '@erp-steward/regulation/duration'
import { dayMs, zoneOffsetMs } from '@erp-steward/work-calendar/calendar-date'

/** The first instant of the month in Asia/Shanghai that an instant falls into. */
export function monthStart(at: Date): Date {
  const local = new Date(at.getTime() + zoneOffsetMs)
  return new Date(Date.UTC(local.getUTCFullYear(), local.getUTCMonth(), 1) - zoneOffsetMs)
}

/** The first instant of the day in Asia/Shanghai that an instant falls into. */
export function dayStart(at: Date): Date {
  const local = at.getTime() + zoneOffsetMs
  return new Date(local - (local % dayMs) - zoneOffsetMs)
}

/**
 * The last end of a period that is over, counted from `since` on the calendar of Asia/Shanghai; `null` before the first.
 *
 * @param period ISO 8601, not zero
 * @throws RangeError if the text is no duration
 */
export function endOfLastPeriod(since: Date, period: string, now: Date): Date | null {
  const parts = durationParts(period)
  if (parts === undefined) throw new RangeError(`"${period}" is not an ISO 8601 duration`)
  const local = new Date(since.getTime() + zoneOffsetMs)
  const plus = (count: number) => new Date(times(local, parts, count).getTime() - zoneOffsetMs)
  // The largest count whose end is not after now; ends rise with the count, so it is bisected.
  let [reached, beyond] = [0, 1]
  while (plus(beyond) <= now) [reached, beyond] = [beyond, beyond * 2]
  while (beyond - reached > 1) {
    const middle = Math.floor((reached + beyond) / 2)
    if (plus(middle) <= now) reached = middle
    else beyond = middle
  }
  return reached === 0 ? null : plus(reached)
}

/** `at` and so many periods; months are counted at once, so that the 31st does not wander to the 28th and stay there. */
function times(
  at: Date,
  parts: NonNullable<ReturnType<typeof durationParts>>,
  count: number,
): Date {
  const months = (parts.years * 12 + parts.months) * count
  const days = (parts.weeks * 7 + parts.days) * count
  const seconds = ((parts.hours * 60 + parts.minutes) * 60 + parts.seconds) * count
  const moved = addPeriod(at, `P${String(Math.floor(months / 12))}Y${String(months % 12)}M`)
  return new Date(moved.getTime() + (days * 86_400 + seconds) * 1_000)
}
