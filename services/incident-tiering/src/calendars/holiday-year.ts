import type { Act } from '@erp-steward/contracts/act'
import { said, together } from '@erp-steward/contracts/bilingual'
import { HolidayYearLoaded } from '@erp-steward/contracts/incident-events'
import { Problem } from '@erp-steward/contracts/problem'
import { about, InstantOut, Line, LocalDate } from '@erp-steward/contracts/values'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { entityOf } from '@erp-steward/service-kit/entity'
import { enqueueAll } from '@erp-steward/service-kit/jobs'
import { checkHolidayYear } from '@erp-steward/work-calendar/check-holiday-year'
import {
  lastYearOf,
  withLoadedYears,
  type HolidayDays,
  type HolidayYears,
} from '@erp-steward/work-calendar/china-holidays'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'

/** Name of the task that gives clocks their true deadlines. */
export const MEND_CLOCKS = 'mend-clocks'

/** A minute after a year was loaded, clocks are looked at again: of tickets that were just being opened. */
const ONCE_MORE_MS = 60_000

const Days = (description: string) =>
  Type.Record(Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$' }), Line(40), {
    maxProperties: 366,
    description,
  })

/** The days of a year as a paper of the State Council sets them. */
export const HolidayDaysOfYear = {
  holidays: Days('Days off by local date, weekend days inside a holiday too, with their names.'),
  makeUpDays: Days('Saturdays and Sundays that are worked, with the holiday they make up for.'),
}

/** What names the paper. */
export const PaperOfYear = {
  paper: about(Line(60), 'Number of the State Council paper.'),
  paperDate: about(LocalDate, 'Local date of the paper.'),
}

/** One version of the public holidays of a year. Rows are only ever added. */
export const HolidayVersion = Type.Object(
  {
    version: Type.Integer({ description: 'From 1; version 0 is the shipped one.' }),
    ...PaperOfYear,
    author: Type.String({ description: 'Who proposed it.' }),
    reason: Type.String({ description: 'Why it was loaded.' }),
    createdAt: about(InstantOut, 'When a second person loaded it.'),
  },
  { title: 'HolidayYearVersion' },
)

export const HolidayYearEntity = entityOf(HolidayVersion, {
  table: 'holiday_year',
  kept: {
    /** From 1 over all years, in the order in which they were loaded. */
    revision: Type.Integer(),
    year: Type.Integer(),
    ...HolidayDaysOfYear,
  },
  key: ['revision'],
  columns: { holidays: { type: 'json' }, makeUpDays: { type: 'json' } },
  uniques: [{ name: 'holiday_year_key', columns: ['year', 'version'] }],
})

/** The years as they were known when `revision` was the newest; 0: as shipped. */
export async function holidaysAt(tx: EntityManager, revision: number): Promise<HolidayYears> {
  if (revision === 0) return withLoadedYears(new Map())
  const rows: (HolidayDays & { year: number })[] = await tx.query(
    `select distinct on (year) year, holidays, make_up_days as "makeUpDays"
       from holiday_year where revision <= $1 order by year, version desc`,
    [revision],
  )
  return withLoadedYears(
    new Map(rows.map(({ year, holidays, makeUpDays }) => [year, { holidays, makeUpDays }])),
  )
}

/** The newest revision of the loaded years, 0 while none was loaded. */
export async function newestRevision(tx: EntityManager): Promise<number> {
  const [row]: { revision: number }[] = await tx.query(
    'select coalesce(max(revision), 0) as revision from holiday_year',
  )
  return row?.revision ?? 0
}

/** The first year whose public holidays are not known. */
export async function firstMissingYear(tx: EntityManager): Promise<number> {
  return lastYearOf(await holidaysAt(tx, await newestRevision(tx))) + 1
}

/** Version of a year's holidays, 0 as shipped, while the transaction keeps others from loading any year. */
export async function lockedYearVersion(tx: EntityManager, year: number): Promise<number> {
  await tx.query(`select pg_advisory_xact_lock(hashtext('holiday-years'))`)
  const [row]: { version: number }[] = await tx.query(
    'select coalesce(max(version), 0) as version from holiday_year where year = $1',
    [year],
  )
  return row?.version ?? 0
}

export interface LoadYear extends HolidayDays {
  readonly year: number
  readonly paper: string
  readonly paperDate: string
  readonly reason: string
  /** Who proposed it: account or client. */
  readonly author: string
}

/** @throws Problem `calendar-refused` with the faults, by pointer into `days` */
export async function assertHolidayYear(
  tx: EntityManager,
  { year, holidays, makeUpDays }: Pick<LoadYear, 'year' | 'holidays' | 'makeUpDays'>,
): Promise<void> {
  const known = await holidaysAt(tx, await newestRevision(tx))
  const faults = checkHolidayYear(year, { holidays, makeUpDays }, known)
  if (faults.length === 0) return
  throw new Problem(
    'calendar-refused',
    together(
      faults.map(({ path, message, chinese }) => {
        const subject = path.slice(1) || String(year)
        return said(`${subject} ${message}.`, `${subject} ${chinese}。`)
      }),
    ),
    {
      errors: faults.map(({ path, message, chinese }) => ({
        pointer: `#/days${path}`,
        detail: said(message, chinese),
      })),
    },
  )
}

/**
 * Adds a version of a year, for every clock that is computed from now on, and has the open ones computed anew at once.
 * Stopped and breached ones are history and keep theirs.
 *
 * @throws Problem `calendar-refused` with the faults
 */
export async function loadHolidayYear(
  tx: EntityManager,
  { year, paper, paperDate, holidays, makeUpDays, reason, author }: LoadYear,
  act: Act,
): Promise<void> {
  const version = (await lockedYearVersion(tx, year)) + 1
  await assertHolidayYear(tx, { year, holidays, makeUpDays })
  const revision = (await newestRevision(tx)) + 1
  const days = { paper, paperDate, holidays, makeUpDays }
  await tx.insert(HolidayYearEntity, {
    ...{ revision, year, version, ...days },
    ...{ author, reason, createdAt: act.now },
  })
  const data = { year, version, ...days, reason }
  await appendEvent(tx, 'incident-tiering', HolidayYearLoaded, String(year), data, act)
  const payload = { year, after: null }
  await enqueueAll(
    tx,
    'incident-tiering',
    MEND_CLOCKS,
    [{ payload }, { payload, runAt: new Date(act.now.getTime() + ONCE_MORE_MS) }],
    act,
  )
}
