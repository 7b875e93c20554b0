import { readParameters } from '@erp-steward/service-kit/parameters'
import { CalendarYearMissing } from '@erp-steward/work-calendar/calendar-year-missing'
import { dayMs, zoneOffsetMs } from '@erp-steward/work-calendar/calendar-date'
import type { CompiledCalendar } from '@erp-steward/work-calendar/compile-calendar'
import { missingYears, workingSpans } from '@erp-steward/work-calendar/working-time'
import type { EntityManager } from 'typeorm'
import { calendarOfUnit, compiledCalendar } from '../calendars/calendar.ts'
import type { Change } from './change.ts'
import { isOpenAt, nextOpenSpan, type OpenSpan } from './rules/change-window.ts'

const BEFORE_MONTH_END = 'incident.change.freeze.before_month_end'
const AFTER_MONTH_START = 'incident.change.freeze.after_month_start'

/** Whether a change may start now as far as windows go, and under which versions of the parameters. */
export interface WindowOfChange {
  readonly isOpen: boolean
  /** Whether an emergency starts where a minor change would have waited. */
  readonly isSkipped: boolean
  /** The next time it may; `null` when there is none in sight. */
  readonly next: OpenSpan | null
  /** Versions of the parameters that said so, by key. */
  readonly versions: Readonly<Record<string, number>>
  /** Years whose holidays are not known, so that their freeze has no end. */
  readonly unknownYears: readonly number[]
}

/** The windows of the change's class and the freeze, as its unit has them; an emergency waits for neither, but it is known. */
export async function windowOfChange(
  tx: EntityManager,
  change: Change,
  now: Date,
): Promise<WindowOfChange> {
  const { unitId } = change
  const key = change.class === 'major' ? 'incident.change.major_windows' : 'incident.change.windows'
  const {
    [key]: windows,
    [BEFORE_MONTH_END]: before,
    [AFTER_MONTH_START]: after,
  } = await readParameters(tx, [key, BEFORE_MONTH_END, AFTER_MONTH_START], unitId, now)
  const calendar = await compiledCalendar(tx, await calendarOfUnit(tx, unitId))
  const rules = {
    windows: windows.value,
    freezeBeforeDays: before.value,
    freezeAfterWorkingDays: after.value,
    isWorkingDay: (day: number) => isWorkingDay(calendar, day),
  }
  const isOpen = isOpenAt(rules, now)
  if (change.class === 'emergency')
    return { isOpen: true, isSkipped: !isOpen, next: null, versions: {}, unknownYears: [] }
  return {
    isOpen,
    isSkipped: false,
    next: isOpen ? null : nextOpenSpan(rules, now),
    versions: {
      [key]: windows.version,
      [BEFORE_MONTH_END]: before.version,
      [AFTER_MONTH_START]: after.version,
    },
    unknownYears: missingYears(calendar, now),
  }
}

/** An unknown day is none: the freeze then goes on, since nobody can say that the month's books are closed. */
function isWorkingDay(calendar: CompiledCalendar, day: number): boolean {
  const midnight = day * dayMs - zoneOffsetMs
  try {
    return workingSpans(calendar, new Date(midnight), new Date(midnight + dayMs - 1)).length > 0
  } catch (error) {
    if (error instanceof CalendarYearMissing) return false
    throw error
  }
}
