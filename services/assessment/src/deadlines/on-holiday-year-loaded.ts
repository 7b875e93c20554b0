import { HolidayYearLoaded } from '@erp-steward/contracts/incident-events'
import { on } from '@erp-steward/messaging/consumer'
import { keepHolidayYear } from '@erp-steward/service-kit/holiday-years'
import { enqueueAll } from '@erp-steward/service-kit/jobs'
import { monthOf } from '../months/rules/month.ts'

/** A minute later once more, for what was being recorded or published at that moment. */
const ONCE_MORE_MS = 60_000

/**
 * Keeps the newest version of a year, and has what waited for it done at once: due dates of data errors, ends of the time
 * for appeals, monthly time nodes. What has its deadline keeps it, for people were told. Source.
 */
export const onHolidayYearLoaded = on(HolidayYearLoaded, async (tx, event, act) => {
  await keepHolidayYear(tx, event)
  const runs = [{}, { runAt: new Date(act.now.getTime() + ONCE_MORE_MS) }]
  const jobs = (payload: object) => runs.map((when) => ({ payload, ...when }))
  // Of a month that began before its year was known no node was planned.
  const current = monthOf(act.now).startsWith(`${String(event.data.year)}-`)
  await enqueueAll(tx, 'assessment', 'settle-due-dates', jobs({}), act)
  await enqueueAll(tx, 'assessment', 'settle-appeal-ends', jobs({}), act)
  await enqueueAll(tx, 'assessment', 'plan-monthly-nodes', jobs({ current }), act)
})
