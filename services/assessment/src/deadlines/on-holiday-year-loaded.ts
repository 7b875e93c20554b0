import { HolidayYearLoaded } from '@erp-steward/contracts/incident-events'
import { on } from '@erp-steward/messaging/consumer'
import { enqueueAll } from '@erp-steward/service-kit/jobs'
import { monthOf } from '../months/rules/month.ts'

/** A minute later once more, for what was being recorded or published at that moment. */
const ONCE_MORE_MS = 60_000

/**
 * Keeps the newest version of a year, and has what waited for it done at once: due dates of data errors, ends of the time
 * for appeals, monthly time nodes. What has its deadline keeps it, for people were told. Source.
 */
export const onHolidayYearLoaded = on(HolidayYearLoaded, async (tx, { data }, act) => {
  const { year, version, holidays, makeUpDays } = data
  await tx.query(
    `insert into holiday_year (year, version, holidays, make_up_days) values ($1, $2, $3, $4)
     on conflict on constraint holiday_year_pkey do update
       set version = excluded.version, holidays = excluded.holidays, make_up_days = excluded.make_up_days
       where holiday_year.version < excluded.version`,
    [year, version, JSON.stringify(holidays), JSON.stringify(makeUpDays)],
  )
  const runs = [{}, { runAt: new Date(act.now.getTime() + ONCE_MORE_MS) }]
  const jobs = (payload: object) => runs.map((when) => ({ payload, ...when }))
  // Of a month that began before its year was known no node was planned.
  const current = monthOf(act.now).startsWith(`${String(year)}-`)
  await enqueueAll(tx, 'assessment', 'settle-due-dates', jobs({}), act)
  await enqueueAll(tx, 'assessment', 'settle-appeal-ends', jobs({}), act)
  await enqueueAll(tx, 'assessment', 'plan-monthly-nodes', jobs({ current }), act)
})
