import type { Act } from '@erp-steward/contracts/act'
import { CalendarYearMissing } from '@erp-steward/contracts/incident-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { defineTask } from '@erp-steward/service-kit/jobs'
import { defaultCalendarDefinition } from '@erp-steward/work-calendar/calendar-definition'
import { compileCalendar } from '@erp-steward/work-calendar/compile-calendar'
import { missingYears } from '@erp-steward/work-calendar/working-time'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'
import { holidaysAt, newestRevision } from './holiday-year.ts'

/** Days ahead that deadlines may reach: the year must be loaded before the first one needs it. Own choice. */
const AHEAD_DAYS = 45

/** Says each day that a year of public holidays is missing, until it is loaded: an alarm, not silence. */
export const watchCalendars = defineTask('watch-calendars', Type.Object({}), async (tx, _, act) => {
  const neededBy = new Date(act.now.getTime() + AHEAD_DAYS * 86_400_000)
  const known = await holidaysAt(tx, await newestRevision(tx))
  const calendar = compileCalendar(defaultCalendarDefinition, 'missing', known)
  for (const year of missingYears(calendar, neededBy)) await announceMissingYear(tx, year, act)
})

/** States that a deadline needs, or soon will, a year whose public holidays are not known. */
export async function announceMissingYear(
  tx: EntityManager,
  year: number,
  act: Act,
): Promise<void> {
  await appendEvent(
    tx,
    'incident-tiering',
    CalendarYearMissing,
    String(year),
    { year, neededBy: `${String(year)}-01-01T00:00:00+08:00`, foundAt: act.now.toISOString() },
    act,
  )
}
