import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { about, closed, nullable, Paragraph } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { assertReaches } from '@erp-steward/service-kit/authentication'
import { assertVersion } from '@erp-steward/service-kit/commit'
import { listOf } from '@erp-steward/service-kit/paging'
import { ProposalView } from '@erp-steward/service-kit/proposal'
import { proposed } from '@erp-steward/service-kit/proposal-routes'
import { propose } from '@erp-steward/service-kit/proposals'
import { changeRoute, readRoute } from '@erp-steward/service-kit/route-shapes'
import type { Dependencies } from '@erp-steward/service-kit/service'
import { shippedHolidays, type HolidayDays } from '@erp-steward/work-calendar/china-holidays'
import { ICalendarRefused, readICalendar } from '@erp-steward/work-calendar/read-icalendar'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'
import type { IncidentConfig } from '../config.ts'
import {
  assertHolidayYear,
  HolidayDaysOfYear,
  HolidayVersion,
  HolidayYearEntity,
  lockedYearVersion,
  PaperOfYear,
} from './holiday-year.ts'
import { loadingHolidays } from './loading-holidays.ts'

const yearSummary = {
  year: Type.Integer({
    minimum: 2000,
    maximum: 2099,
    description: 'The year whose public holidays these are.',
  }),
  version: Type.Integer({ description: '0: as shipped; else the newest that was loaded here.' }),
  paper: nullable(Type.String(), 'Number of the State Council paper.'),
  paperDate: nullable(Type.String(), 'Its local date.'),
}
const YearSummary = Type.Object(yearSummary, { title: 'HolidayYearSummary' })

const YearView = Type.Object(
  {
    ...yearSummary,
    ...HolidayDaysOfYear,
    versions: Type.Array(HolidayVersion, {
      description: 'Every version that was loaded here, the newest first.',
    }),
  },
  { title: 'HolidayYear' },
)

const declared = { tags: ['calendars'], clauses: ['A-5.2.3'] }
const params = { year: Type.String({ pattern: '^20\\d\\d$', description: 'Four digits.' }) }

/** The public holidays by which deadlines count. Source. */
export function holidayRoutes(app: App, deps: Dependencies<IncidentConfig>): void {
  const { db } = deps

  readRoute(app, '/v1/holiday-years', {
    ...declared,
    access: 'calendar.read',
    operationId: 'listHolidayYears',
    summary: 'The years whose public holidays are known, ascending: shipped or loaded here.',
    answer: listOf(YearSummary),
    read: async () => {
      const loaded = await db.manager.find(HolidayYearEntity, { order: { revision: 'asc' } })
      const years = new Map([...shippedHolidays.keys()].map((year) => [year, shipped(year)]))
      for (const { year, version, paper, paperDate } of loaded)
        years.set(year, { year, version, paper, paperDate })
      return { items: [...years.values()].sort((a, b) => a.year - b.year) }
    },
  })

  readRoute(app, '/v1/holiday-years/:year', {
    ...declared,
    access: 'calendar.read',
    operationId: 'readHolidayYear',
    problems: ['holiday-year-not-found'],
    summary: 'The days off and the make-up working days of a year, and which paper sets them.',
    params,
    answer: YearView,
    read: ({ params }) => yearView(db.manager, Number(params.year)),
  })

  changeRoute(app, deps, 'PUT', '/v1/holiday-years/:year', {
    ...declared,
    access: 'calendar.change',
    operationId: 'loadHolidayYear',
    problems: ['administrator-unnamed', 'calendar-refused', 'outside-unit', 'proposal-pending'],
    summary:
      'Proposes the public holidays of a year, which a second person loads; open clocks are computed anew at once. `If-Match: "0"` for a year without any.',
    params,
    body: closed({
      ...PaperOfYear,
      days: Type.Optional(
        Type.Object(HolidayDaysOfYear, {
          additionalProperties: false,
          description: 'The days; either these or `icalendar`.',
        }),
      ),
      icalendar: Type.Optional(
        Type.String({
          minLength: 1,
          maxLength: 500_000,
          description:
            'An iCalendar file with them: `X-APPLE-SPECIAL-DAY` or a summary with 班 for worked, 休 or 假 for off; events of other years and others are left out. The answer shows what was read.',
        }),
      ),
      reason: about(Paragraph(500), 'Why; it stays with the version and in the audit log.'),
    }),
    also: { 202: ProposalView },
    apply: async (tx, { params, body: sent, request, reply, expected, act }) => {
      const year = Number(params.year)
      const { days, icalendar, ...named } = sent
      assertReaches(request, null)
      assertVersion(await lockedYearVersion(tx, year), expected)
      const body = { year, ...named, ...daysOf(year, days, icalendar) }
      await assertHolidayYear(tx, body)
      const { reason } = body
      const made = await propose(tx, 'incident-tiering', loadingHolidays, { body, reason }, act)
      return proposed(request, reply, 'incident-tiering', loadingHolidays, made)
    },
  })
}

/** @throws Problem `validation-failed` unless there is one of the two, `calendar-refused` if the file is none */
function daysOf(
  year: number,
  days: HolidayDays | undefined,
  icalendar: string | undefined,
): HolidayDays {
  if (days !== undefined && icalendar === undefined) return days
  if (days !== undefined || icalendar === undefined) {
    const detail = said('Send either days or icalendar.', '请发送 days 或 icalendar 之一。')
    throw new Problem('validation-failed', detail, { errors: [{ pointer: '#/days', detail }] })
  }
  try {
    return readICalendar(icalendar, year)
  } catch (error) {
    if (!(error instanceof ICalendarRefused)) throw error
    const detail = said(error.message, error.chinese)
    throw new Problem('calendar-refused', detail, { errors: [{ pointer: '#/icalendar', detail }] })
  }
}

function shipped(year: number) {
  const paper = shippedHolidays.get(year)?.paper ?? null
  return { year, version: 0, paper, paperDate: null as string | null }
}

/** @throws Problem `holiday-year-not-found` when nobody has loaded the year */
async function yearView(tx: EntityManager, year: number) {
  const versions = await tx.find(HolidayYearEntity, { where: { year }, order: { version: 'desc' } })
  const days = versions[0] ?? shippedHolidays.get(year)
  if (days === undefined)
    throw new Problem(
      'holiday-year-not-found',
      said(`The public holidays of ${year} are not loaded.`, `${year} 年的法定节假日尚未录入。`),
    )
  const { holidays, makeUpDays } = days
  return { ...shipped(year), ...versions[0], holidays, makeUpDays, versions }
}
