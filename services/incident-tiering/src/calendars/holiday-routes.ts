import { Problem } from '@erp-steward/contracts/problem'
import { InstantOut, nullable, Paragraph } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { assertReaches } from '@erp-steward/service-kit/authentication'
import { assertVersion, change, etag } from '@erp-steward/service-kit/commit'
import { ProposalView } from '@erp-steward/service-kit/proposal'
import { proposed } from '@erp-steward/service-kit/proposal-routes'
import { propose } from '@erp-steward/service-kit/proposals'
import type { Dependencies } from '@erp-steward/service-kit/service'
import { shippedHolidays, type HolidayDays } from '@erp-steward/work-calendar/china-holidays'
import { readICalendar } from '@erp-steward/work-calendar/read-icalendar'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'
import type { IncidentConfig } from '../config.ts'
import { assertHolidayYear, HolidayYearEntity, lockedYearVersion } from './holiday-year.ts'
import { HolidayDaysOfYear, loadingHolidays, PaperOfYear } from './loading-holidays.ts'

const CLAUSES = ['A-5.2.3']

const YearSummary = {
  year: Type.Integer(),
  version: Type.Integer({ description: '0: as shipped; else the newest that was loaded here.' }),
  paper: nullable(Type.String({ description: 'Number of the State Council paper.' })),
  paperDate: nullable(Type.String()),
}

const YearView = Type.Object({
  ...YearSummary,
  ...HolidayDaysOfYear,
  versions: Type.Array(
    Type.Object({
      version: Type.Integer(),
      ...PaperOfYear,
      author: Type.String({ description: 'Who proposed it.' }),
      reason: Type.String(),
      createdAt: InstantOut,
    }),
    { description: 'Every version that was loaded here, the newest first.' },
  ),
})

const Params = Type.Object({
  year: Type.String({ pattern: '^20\\d\\d$', description: 'Four digits.' }),
})

/** The public holidays by which deadlines count. Source. */
export function holidayRoutes(app: App, deps: Dependencies<IncidentConfig>): void {
  app.get(
    '/v1/holiday-years',
    {
      config: { access: 'calendar.read', clauses: CLAUSES },
      schema: {
        operationId: 'listHolidayYears',
        summary: 'The years whose public holidays are known, ascending: shipped or loaded here.',
        tags: ['calendars'],
        response: { 200: Type.Object({ items: Type.Array(Type.Object(YearSummary)) }) },
      },
    },
    async () => {
      const loaded = await deps.db.manager.find(HolidayYearEntity, { order: { revision: 'asc' } })
      const years = new Map([...shippedHolidays.keys()].map((year) => [year, shipped(year)]))
      for (const { year, version, paper, paperDate } of loaded)
        years.set(year, { year, version, paper, paperDate })
      return { items: [...years.values()].sort((a, b) => a.year - b.year) }
    },
  )

  app.get(
    '/v1/holiday-years/:year',
    {
      config: { access: 'calendar.read', clauses: CLAUSES },
      schema: {
        operationId: 'readHolidayYear',
        summary: 'The days off and the make-up working days of a year, and which paper sets them.',
        tags: ['calendars'],
        params: Params,
        response: { 200: YearView },
      },
    },
    async ({ params }, reply) => {
      const year = Number(params.year)
      const view = await yearView(deps.db.manager, year)
      void reply.header('etag', etag(view.version))
      return view
    },
  )

  app.put(
    '/v1/holiday-years/:year',
    {
      config: { access: 'calendar.change', versioned: true, clauses: CLAUSES },
      schema: {
        operationId: 'loadHolidayYear',
        summary:
          'Proposes the public holidays of a year, which a second person loads; open clocks are computed anew at once. `If-Match: "0"` for a year without any.',
        tags: ['calendars'],
        params: Params,
        body: Type.Object(
          {
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
            reason: Paragraph(500),
          },
          { additionalProperties: false },
        ),
        response: { 202: ProposalView },
      },
    },
    (request, reply) => {
      const year = Number(request.params.year)
      const { days, icalendar, ...named } = request.body
      return change(deps, request, reply, async (tx, act, expected) => {
        assertReaches(request, null)
        assertVersion(await lockedYearVersion(tx, year), expected)
        const body = { year, ...named, ...daysOf(year, days, icalendar) }
        await assertHolidayYear(tx, body)
        const { reason } = body
        const made = await propose(tx, 'incident-tiering', loadingHolidays, { body, reason }, act)
        return proposed(request, reply, 'incident-tiering', loadingHolidays, made)
      })
    },
  )
}

/** @throws Problem `validation-failed` unless there is one of the two, `calendar-refused` if the file is none */
function daysOf(
  year: number,
  days: HolidayDays | undefined,
  icalendar: string | undefined,
): HolidayDays {
  if (days !== undefined && icalendar === undefined) return days
  if (days !== undefined || icalendar === undefined) {
    const detail = 'Send either days or icalendar.'
    throw new Problem('validation-failed', detail, { errors: [{ pointer: '#/days', detail }] })
  }
  try {
    return readICalendar(icalendar, year)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new Problem('calendar-refused', error.message, {
      errors: [{ pointer: '#/icalendar', detail: error.message }],
    })
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
    throw new Problem('holiday-year-not-found', `The public holidays of ${year} are not loaded.`)
  const { holidays, makeUpDays } = days
  return { ...shipped(year), ...versions[0], holidays, makeUpDays, versions }
}
