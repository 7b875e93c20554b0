import { dayMs, zoneOffsetMs } from '@erp-steward/work-calendar/calendar-date'

/** The month in Asia/Shanghai that an instant falls into, `2026-11`; it begins at 16:00 UTC of the day before its first. */
export function monthOf(at: Date): string {
  return new Date(at.getTime() + zoneOffsetMs).toISOString().slice(0, 7)
}

/** The first instant of a month in Asia/Shanghai. */
export function startOfMonth(month: string): Date {
  return new Date(Date.parse(`${month}-01T00:00:00Z`) - zoneOffsetMs)
}

/** The month after. */
export function nextMonth(month: string): string {
  // The first of a month and 31 days later are never in the same month, and never two apart.
  return new Date(Date.parse(`${month}-01T00:00:00Z`) + 31 * dayMs).toISOString().slice(0, 7)
}

/** The first instant after a month. */
export function endOfMonth(month: string): Date {
  return startOfMonth(nextMonth(month))
}

/** Days of a month, 28 to 31. */
export function daysOfMonth(month: string): number {
  return (endOfMonth(month).getTime() - startOfMonth(month).getTime()) / dayMs
}
