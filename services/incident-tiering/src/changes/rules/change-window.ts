import { dateOf, dayMs, weekdayOf, zoneOffsetMs } from '@erp-steward/work-calendar/calendar-date'

/** When changes may start: weekly windows in Chinese time, except in the freeze around the end of a month. */
export interface ChangeWindows {
  /** Such as `TUE 20:00-24:00` or `SAT 20:00-SUN 06:00`; without a second day an end not after the start is of the next day. */
  readonly windows: readonly string[]
  /** The freeze begins with the last so many calendar days of a month, from 0. */
  readonly freezeBeforeDays: number
  /** It lasts to the midnight that ends this working day of the new month; 0: no freeze after the month's end. */
  readonly freezeAfterWorkingDays: number
  /** Whether the day, in days since 1970-01-01, is a working day; `false` where that is not known. */
  readonly isWorkingDay: (day: number) => boolean
}

/** A time in which changes may start; `until` is exclusive, `null` when its end is not in sight. */
export interface OpenSpan {
  readonly from: Date
  readonly until: Date | null
}

const DAYS = ['MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT', 'SUN']
const WEEK_MS = 7 * dayMs
/** How far ahead a window is looked for, in days: two months, so that a freeze of a whole month is passed. */
const AHEAD_DAYS = 62

/** Whether a change may start at this instant: a window includes its start and excludes its end. Source: defaults 2.4. */
export function isOpenAt(rules: ChangeWindows, at: Date): boolean {
  const localMs = at.getTime() + zoneOffsetMs
  const day = Math.floor(localMs / dayMs)
  const sinceMonday = weekdayOf(day) * dayMs + (localMs - day * dayMs)
  return (
    rules.windows
      .map(weekly)
      .some(({ startMs, lengthMs }) => modulo(sinceMonday - startMs, WEEK_MS) < lengthMs) &&
    !isFrozen(rules, day)
  )
}

/** The first time from `from` on in which changes may start; `null` when there is none in the next two months. */
export function nextOpenSpan(rules: ChangeWindows, from: Date): OpenSpan | null {
  // Whether changes may start differs only where a window begins or ends, and, for the freeze, at midnight.
  const instants = [from, ...boundariesAfter(rules, from)]
  const first = instants.findIndex((at) => isOpenAt(rules, at))
  const start = instants[first]
  if (start === undefined) return null
  return {
    from: start,
    until: instants.slice(first + 1).find((at) => !isOpenAt(rules, at)) ?? null,
  }
}

/** Whether the day, in days since 1970-01-01, lies in the freeze around the end of a month. Source: defaults 2.4. */
export function isFrozen(
  { freezeBeforeDays, freezeAfterWorkingDays, isWorkingDay }: ChangeWindows,
  day: number,
): boolean {
  const [year = 0, month = 0] = dateOf(day).split('-').map(Number)
  if (day >= Date.UTC(year, month, 1) / dayMs - freezeBeforeDays) return true
  let workingDaysBefore = 0
  for (let each = Date.UTC(year, month - 1, 1) / dayMs; each < day; each += 1) {
    if (workingDaysBefore >= freezeAfterWorkingDays) return false
    if (isWorkingDay(each)) workingDaysBefore += 1
  }
  return workingDaysBefore < freezeAfterWorkingDays
}

function boundariesAfter({ windows }: ChangeWindows, from: Date): Date[] {
  const firstDay = Math.floor((from.getTime() + zoneOffsetMs) / dayMs)
  const spans = windows.map(weekly)
  const boundaries = new Set<number>()
  // A window may be a week long, so one that began up to a week ago may still have to end.
  for (let day = firstDay - 7; day <= firstDay + AHEAD_DAYS; day += 1) {
    const midnight = day * dayMs - zoneOffsetMs
    boundaries.add(midnight)
    for (const { startMs, lengthMs } of spans) {
      const start = midnight + startMs - weekdayOf(day) * dayMs
      if (Math.floor(startMs / dayMs) !== weekdayOf(day)) continue
      boundaries.add(start).add(start + lengthMs)
    }
  }
  return [...boundaries]
    .filter((at) => at > from.getTime())
    .sort((a, b) => a - b)
    .map((at) => new Date(at))
}

/** Start in milliseconds since Monday's midnight, and length, of a window as the parameter writes it. */
function weekly(window: string): { readonly startMs: number; readonly lengthMs: number } {
  const [, day = '', start = '', endDay, end = ''] =
    /^(\w{3}) ([\d:]{5})-(?:(\w{3}) )?([\d:]{5})$/.exec(window) ?? []
  const startMs = DAYS.indexOf(day) * dayMs + timeMs(start)
  // The schema of the parameter admits only windows of this form.
  if (endDay === undefined)
    return { startMs, lengthMs: modulo(timeMs(end) - timeMs(start), dayMs) || dayMs }
  const endMs = DAYS.indexOf(endDay) * dayMs + timeMs(end)
  return { startMs, lengthMs: modulo(endMs - startMs, WEEK_MS) || WEEK_MS }
}

function timeMs(text: string): number {
  const [hours = 0, minutes = 0] = text.split(':').map(Number)
  return (hours * 60 + minutes) * 60_000
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by
}
