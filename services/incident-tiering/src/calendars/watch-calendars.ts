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
const AHEAD_MS = 45 * 86_400_000

/** Says each day that a year of public holidays is missing, until it is loaded: an alarm, not silence. */
export const watchCalendars = defineTask('watch-calendars', Type.Object({}), async (tx, _, act) => {
  for (const { year } of await missingHolidayYears(tx, act.now))
    await announceMissingYear(tx, year, act)
})

/** A year whose public holidays nobody knows. */
interface MissingYear {
  readonly year: number
  /** Since when deadlines may reach it. */
  readonly since: Date
  readonly hasBegun: boolean
}

/** The years whose public holidays deadlines need by now, or soon will, and nobody knows. */
export async function missingHolidayYears(
  tx: EntityManager,
  now: Date,
): Promise<readonly MissingYear[]> {
  const neededBy = new Date(now.getTime() + AHEAD_MS)
  const known = await holidaysAt(tx, await newestRevision(tx))
  const calendar = compileCalendar(defaultCalendarDefinition, 'missing', known)
  return missingYears(calendar, neededBy).map((year) => {
    const beginsAt = new Date(beginningOf(year))
    return { year, since: new Date(beginsAt.getTime() - AHEAD_MS), hasBegun: beginsAt <= now }
  })
}

const beginningOf = (year: number) => `${String(year)}-01-01T00:00:00+08:00`

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
    { year, neededBy: beginningOf(year), foundAt: act.now.toISOString() },
    act,
  )
}
