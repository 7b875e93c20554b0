import { dayMs } from '@erp-steward/work-calendar/calendar-date'
import type { CompiledCalendar } from '@erp-steward/work-calendar/compile-calendar'
import { workingTimeBetween } from '@erp-steward/work-calendar/working-time'
import { daysOfMonth, startOfMonth } from '../../months/rules/month.ts'

/** A monthly node as the parameter `assessment.calendar.nodes` writes it, for example `close-gl WD3 18:00`. */
export interface MonthlyNode {
  readonly code: string
  readonly kind: 'working-day' | 'calendar-day'
  /** From 1. */
  readonly day: number
  /** After midnight in Asia/Shanghai. */
  readonly minutes: number
}

/** @throws RangeError when the text does not have the form that the parameter demands */
export function parseNode(text: string): MonthlyNode {
  const match = /^(\S+) (WD|D)(\d+) (\d\d):(\d\d)$/.exec(text)
  const [, code, kind, day, hours, minutes] = match ?? []
  if (code === undefined) throw new RangeError(`"${text}" is no time node`)
  return {
    code,
    kind: kind === 'WD' ? 'working-day' : 'calendar-day',
    day: Number(day),
    minutes: Number(hours) * 60 + Number(minutes),
  }
}

/**
 * When a monthly node is due. A month with fewer days, or fewer working days, has it on the last of them.
 *
 * @throws CalendarYearMissing when it counts working days of a year whose holidays are not known
 */
export function nodeDueAt(month: string, node: MonthlyNode, calendar: CompiledCalendar): Date {
  const start = startOfMonth(month).getTime()
  const midnights = Array.from({ length: daysOfMonth(month) }, (_, day) => start + day * dayMs)
  const days =
    node.kind === 'calendar-day'
      ? midnights
      : midnights.filter(
          (midnight) =>
            workingTimeBetween(calendar, new Date(midnight), new Date(midnight + dayMs - 1)) > 0,
        )
  const midnight = days[Math.min(node.day, days.length) - 1]
  if (midnight === undefined) throw new RangeError(`${month} has no working day`)
  return new Date(midnight + node.minutes * 60_000)
}
