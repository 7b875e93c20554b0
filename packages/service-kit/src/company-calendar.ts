import { durationMs } from '@erp-steward/regulation/duration'
import type { Target } from '@erp-steward/regulation/parameter'
import { defaultCalendarDefinition } from '@erp-steward/work-calendar/calendar-definition'
import { CalendarYearMissing } from '@erp-steward/work-calendar/calendar-year-missing'
import {
  shippedHolidays,
  withLoadedYears,
  type HolidayDays,
} from '@erp-steward/work-calendar/china-holidays'
import { compileCalendar, type CompiledCalendar } from '@erp-steward/work-calendar/compile-calendar'
import { addWorkingTime, targetMs } from '@erp-steward/work-calendar/working-time'
import type { EntityManager } from 'typeorm'

const shipped = compileCalendar(defaultCalendarDefinition)
/** The last calendar that was compiled for loaded years, by their content. */
let newest = { key: JSON.stringify([]), calendar: shipped }

/**
 * The shipped office week with Chinese holidays, those that the site loaded among them: the calendar of every deadline and
 * time node but those of tickets, whose calendars are of units. Of a service that keeps a copy of the years that were loaded.
 */
export async function companyCalendar(tx: EntityManager): Promise<CompiledCalendar> {
  const rows: (HolidayDays & { year: number })[] = await tx.query(
    'select year, holidays, make_up_days as "makeUpDays" from holiday_year order by year',
  )
  const key = JSON.stringify(rows)
  if (newest.key === key) return newest.calendar
  const loaded = withLoadedYears(
    new Map(rows.map(({ year, holidays, makeUpDays }) => [year, { holidays, makeUpDays }])),
  )
  const calendar =
    loaded === shippedHolidays
      ? shipped
      : compileCalendar(defaultCalendarDefinition, 'missing', loaded)
  newest = { key, calendar }
  return calendar
}

/** A deadline, or `null` and the year for want of which there is none. */
export interface Deadline {
  readonly dueAt: Date | null
  readonly missing: CalendarYearMissing | null
}

/**
 * When a target that runs from an instant is used up. A year without holiday data gives no deadline, and says so.
 *
 * @param calendar that of the company, from `companyCalendar`
 */
export function companyDeadline(calendar: CompiledCalendar, target: Target, from: Date): Deadline {
  if (target.clock === 'continuous')
    return { dueAt: new Date(from.getTime() + durationMs(target.within)), missing: null }
  const work =
    'within' in target
      ? { milliseconds: durationMs(target.within) }
      : { workingDays: target.workingDays }
  try {
    const dueAt = addWorkingTime(calendar, from, targetMs(calendar, work))
    return { dueAt, missing: null }
  } catch (error) {
    if (error instanceof CalendarYearMissing) return { dueAt: null, missing: error }
    throw error
  }
}

let weekAlone: CompiledCalendar | undefined

/** As if no year had holidays, for what may not wait until a year is known: never later than the true deadline but for make-up days. */
export function deadlineWithoutHolidays(target: Target, from: Date): Date {
  weekAlone ??= compileCalendar(defaultCalendarDefinition, 'without-holidays')
  const { dueAt } = companyDeadline(weekAlone, target, from)
  if (dueAt === null) throw new RangeError('a week without holidays has every year')
  return dueAt
}
