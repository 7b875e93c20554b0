import { durationMs } from '@erp-steward/regulation/duration'
import type { Target } from '@erp-steward/regulation/parameter'
import { defaultCalendarDefinition } from '@erp-steward/work-calendar/calendar-definition'
import { CalendarYearMissing } from '@erp-steward/work-calendar/calendar-year-missing'
import { compileCalendar } from '@erp-steward/work-calendar/compile-calendar'
import { addWorkingTime, targetMs } from '@erp-steward/work-calendar/working-time'

/** The shipped office week with Chinese holidays: the calendar of every deadline and time node of this service. */
export const companyCalendar = compileCalendar(defaultCalendarDefinition)

/** A deadline, or `null` and why there is none. */
export interface Deadline {
  readonly dueAt: Date | null
  readonly fault: string | null
}

/** When a target that runs from an instant is used up. A year without holiday data gives no deadline, and says so. */
export function companyDeadline(target: Target, from: Date): Deadline {
  if (target.clock === 'continuous')
    return { dueAt: new Date(from.getTime() + durationMs(target.within)), fault: null }
  const work =
    'within' in target
      ? { milliseconds: durationMs(target.within) }
      : { workingDays: target.workingDays }
  try {
    const dueAt = addWorkingTime(companyCalendar, from, targetMs(companyCalendar, work))
    return { dueAt, fault: null }
  } catch (error) {
    if (error instanceof CalendarYearMissing) return { dueAt: null, fault: error.message }
    throw error
  }
}
