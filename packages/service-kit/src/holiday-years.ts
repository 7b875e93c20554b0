import type { HolidayYearLoaded } from '@erp-steward/contracts/incident-events'
import type { EventOf } from '@erp-steward/contracts/event'
import type { EntityManager, QueryRunner } from 'typeorm'

/** A service's own copy of the holidays that the site loaded, as incident-tiering states them; `companyCalendar` reads it. */
export async function createHolidayYears(query: QueryRunner): Promise<void> {
  await query.query(`
    create table holiday_year (
      year         integer constraint holiday_year_pkey primary key,
      version      integer not null,
      holidays     json not null,
      make_up_days json not null
    )
  `)
}

/** Keeps the newest version of a year. What has its deadline keeps it, for people were told. Source. */
export async function keepHolidayYear(
  tx: EntityManager,
  { data }: EventOf<typeof HolidayYearLoaded>,
): Promise<void> {
  const { year, version, holidays, makeUpDays } = data
  await tx.query(
    `insert into holiday_year (year, version, holidays, make_up_days) values ($1, $2, $3, $4)
     on conflict on constraint holiday_year_pkey do update
       set version = excluded.version, holidays = excluded.holidays, make_up_days = excluded.make_up_days
       where holiday_year.version < excluded.version`,
    [year, version, JSON.stringify(holidays), JSON.stringify(makeUpDays)],
  )
}
