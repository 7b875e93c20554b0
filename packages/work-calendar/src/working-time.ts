import { dayMs, localYearOf } from './calendar-date.ts'
import { CalendarYearMissing } from './calendar-year-missing.ts'
import type { CompiledCalendar, WorkingTimeCalendar } from './compile-calendar.ts'

/** How long something may take: working milliseconds, or working days as `targetMs` turns them into milliseconds. */
export type Target = { readonly milliseconds: number } | { readonly workingDays: number }

/** A span of working time, from inclusive to exclusive. */
export interface WorkingSpan {
  readonly from: Date
  readonly to: Date
}

/**
 * Whether an instant is working time. Opening hours include their start and exclude their end: 08:30:00.000 is, and
 * 17:30:00.000 is not.
 * @throws CalendarYearMissing when the holidays of its local year are not known.
 */
export function isWorkingMoment(calendar: CompiledCalendar, at: Date): boolean {
  const atMs = instantOf(at)
  if (calendar.kind === 'continuous') return true
  const day = coveredDay(calendar, atMs)
  const offset = atMs - calendar.startMs - day * dayMs
  const plan = planOf(calendar, day)
  return plan.starts.some((start, index) => start <= offset && offset < (plan.ends[index] ?? 0))
}

/**
 * The first instant at which `workingMs` milliseconds of working time have passed since `from`. Zero answers `from`
 * itself; eight hours from 08:30 answer 17:30 of that day, not 08:30 of the next working day.
 * @throws RangeError when `workingMs` is not a whole number from 0, or the calendar never opens that long.
 * @throws CalendarYearMissing when `from` or the answer lies in a year whose holidays are not known.
 */
export function addWorkingTime(calendar: CompiledCalendar, from: Date, workingMs: number): Date {
  if (!Number.isSafeInteger(workingMs) || workingMs < 0) {
    throw new RangeError(`Working time must be a whole number of milliseconds from 0: ${workingMs}`)
  }
  const fromMs = instantOf(from)
  if (calendar.kind === 'continuous') return new Date(fromMs + workingMs)
  const startDay = coveredDay(calendar, fromMs)
  if (workingMs === 0) return new Date(fromMs)
  const goal = workedUntil(calendar, startDay, fromMs) + workingMs
  const day = dayReaching(calendar, startDay, goal)
  return new Date(calendar.startMs + day * dayMs + offsetReaching(calendar, day, goal))
}

/**
 * Working milliseconds from `a` to `b`; negative when `b` is before `a`.
 * @throws CalendarYearMissing when one of them lies in a year whose holidays are not known.
 */
export function workingTimeBetween(calendar: CompiledCalendar, a: Date, b: Date): number {
  const aMs = instantOf(a)
  const bMs = instantOf(b)
  if (calendar.kind === 'continuous') return bMs - aMs
  const untilA = workedUntil(calendar, coveredDay(calendar, aMs), aMs)
  return workedUntil(calendar, coveredDay(calendar, bMs), bMs) - untilA
}

/**
 * The working spans between two instants, ascending, cut at both ends; none when `to` is not after `from`.
 * @throws CalendarYearMissing when one of them lies in a year whose holidays are not known.
 */
export function workingSpans(calendar: CompiledCalendar, from: Date, to: Date): WorkingSpan[] {
  const fromMs = instantOf(from)
  const toMs = instantOf(to)
  if (calendar.kind === 'continuous') return fromMs < toMs ? [{ from, to }] : []
  const lastDay = coveredDay(calendar, toMs)
  const spans: WorkingSpan[] = []
  for (let day = coveredDay(calendar, fromMs); day <= lastDay; day += 1) {
    const midnightMs = calendar.startMs + day * dayMs
    const plan = planOf(calendar, day)
    for (const [index, start] of plan.starts.entries()) {
      const openMs = Math.max(fromMs, midnightMs + start)
      const closeMs = Math.min(toMs, midnightMs + (plan.ends[index] ?? 0))
      if (openMs < closeMs) spans.push({ from: new Date(openMs), to: new Date(closeMs) })
    }
  }
  return spans
}

/**
 * Working milliseconds of a standard working day: those of Monday, or of the first open day after it, as the week
 * defines them; 24 hours in a continuous calendar.
 * @throws RangeError when no day of the week is open.
 */
export function workingDayMs(calendar: CompiledCalendar): number {
  if (calendar.kind === 'continuous') return dayMs
  if (calendar.standardDayMs === 0) {
    throw new RangeError(`Calendar ${calendar.id} has no working day in its week.`)
  }
  return calendar.standardDayMs
}

/**
 * A target in working milliseconds. n working days are n standard working days' length of working time: from Friday
 * 16:30 in the shipped calendar, one working day ends on Monday 16:30, and a short day (an override) does not count
 * as a whole one. Fractions are allowed and rounded to the millisecond.
 * @throws RangeError when the target is negative or not finite, or milliseconds are not whole.
 */
export function targetMs(calendar: CompiledCalendar, target: Target): number {
  const inDays = 'workingDays' in target
  const ms = inDays ? Math.round(target.workingDays * workingDayMs(calendar)) : target.milliseconds
  if (!Number.isSafeInteger(ms) || ms < 0) {
    throw new RangeError(
      `A target must be a number of working days or a whole number of milliseconds from 0: ${JSON.stringify(target)}`,
    )
  }
  return ms
}

/**
 * The local years after the data and up to that of `upTo` whose public holidays are not known, ascending. Ask with a
 * date some weeks ahead and raise an alarm when it is not empty; always empty for a calendar without holidays.
 */
export function missingYears(calendar: CompiledCalendar, upTo: Date): number[] {
  const lastAsked = localYearOf(instantOf(upTo))
  if (calendar.kind === 'continuous' || !calendar.holidays) return []
  const count = Math.max(0, lastAsked - calendar.lastYear)
  return Array.from({ length: count }, (_, index) => calendar.lastYear + 1 + index)
}

function instantOf(at: Date): number {
  const ms = at.getTime()
  // A comparison with NaN is false, so an invalid date would pass every check below it.
  if (Number.isNaN(ms)) throw new RangeError('The date is invalid.')
  return ms
}

function coveredDay(calendar: WorkingTimeCalendar, atMs: number): number {
  const day = Math.floor((atMs - calendar.startMs) / dayMs)
  if (day >= 0 && day < calendar.dayCount) return day
  throw outside(calendar, localYearOf(atMs))
}

function outside(calendar: WorkingTimeCalendar, year: number): Error {
  if (calendar.holidays) return new CalendarYearMissing(year)
  const { id, firstYear, lastYear } = calendar
  return new RangeError(`Calendar ${id} reaches from ${firstYear} to ${lastYear}, not ${year}.`)
}

function planOf(calendar: WorkingTimeCalendar, day: number) {
  const plan = calendar.plans[calendar.planOfDay[day] ?? -1]
  if (!plan) throw new RangeError(`Calendar ${calendar.id} has no day ${day}.`)
  return plan
}

/** Working milliseconds from the start of the calendar to an instant of a day. */
function workedUntil(calendar: WorkingTimeCalendar, day: number, atMs: number): number {
  const offset = atMs - calendar.startMs - day * dayMs
  const { starts, ends, before } = planOf(calendar, day)
  let worked = calendar.workedBefore[day] ?? 0
  for (let index = starts.length - 1; index >= 0; index -= 1) {
    const start = starts[index] ?? 0
    if (offset > start) {
      worked += (before[index] ?? 0) + Math.min(offset, ends[index] ?? 0) - start
      break
    }
  }
  return worked
}

/** The first day, not before `startDay`, at whose end `goal` working milliseconds have passed. */
function dayReaching(calendar: WorkingTimeCalendar, startDay: number, goal: number): number {
  const { workedBefore, dayCount } = calendar
  if (goal > (workedBefore[dayCount] ?? 0)) throw outside(calendar, calendar.lastYear + 1)
  // Targets are days and the table is decades: doubling steps from the start beat halving the whole table.
  let low = startDay
  let step = 1
  while (low + step < dayCount && (workedBefore[low + step] ?? 0) < goal) {
    low += step
    step *= 2
  }
  let high = Math.min(low + step, dayCount)
  while (high - low > 1) {
    const middle = (low + high) >>> 1
    if ((workedBefore[middle] ?? 0) < goal) low = middle
    else high = middle
  }
  return low
}

function offsetReaching(calendar: WorkingTimeCalendar, day: number, goal: number): number {
  const { starts, before } = planOf(calendar, day)
  const needed = goal - (calendar.workedBefore[day] ?? 0)
  // The last interval that begins with less than the needed time: the first one that reaches it.
  let index = starts.length - 1
  while (index > 0 && (before[index] ?? 0) >= needed) index -= 1
  return (starts[index] ?? 0) + needed - (before[index] ?? 0)
}
