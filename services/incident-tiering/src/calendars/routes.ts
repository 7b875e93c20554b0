import { about, closed, Paragraph } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { assertReaches } from '@erp-steward/service-kit/authentication'
import { assertVersion } from '@erp-steward/service-kit/commit'
import { ProposalView } from '@erp-steward/service-kit/proposal'
import { proposed } from '@erp-steward/service-kit/proposal-routes'
import { propose } from '@erp-steward/service-kit/proposals'
import { changeRoute, readRoute } from '@erp-steward/service-kit/route-shapes'
import type { Dependencies } from '@erp-steward/service-kit/service'
import { defaultCalendarDefinition } from '@erp-steward/work-calendar/calendar-definition'
import { Type } from 'typebox'
import type { IncidentConfig } from '../config.ts'
import { activeUnit } from '@erp-steward/directory/directory'
import { CalendarView, checkedDefinition, lockedVersion, newestVersion } from './calendar.ts'
import { settingOfCalendar } from './setting-of-calendar.ts'

const said = {
  tags: ['calendars'],
  clauses: ['A-5.2.3'],
  params: {
    scope: Type.String({
      pattern: '^(company|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$',
      description: '`company` or a unit id.',
    }),
  },
}

const unitOf = (scope: string) => (scope === 'company' ? null : scope)

export function calendarRoutes(app: App, deps: Dependencies<IncidentConfig>): void {
  readRoute(app, '/v1/calendars/:scope', {
    ...said,
    access: 'calendar.read',
    operationId: 'readCalendar',
    problems: ['unit-unknown'],
    summary: "The working time of the company, or a unit's own if it has one.",
    answer: CalendarView,
    read: async ({ params }) => {
      const unitId = unitOf(params.scope)
      if (unitId !== null) await activeUnit(deps.db.manager, unitId)
      const newest = await newestVersion(deps.db.manager, unitId)
      if (newest !== null) return newest
      const { definition = defaultCalendarDefinition } =
        (await newestVersion(deps.db.manager, null)) ?? {}
      return { unitId, version: 0, definition, author: null, reason: null, createdAt: null }
    },
  })

  changeRoute(app, deps, 'PUT', '/v1/calendars/:scope', {
    ...said,
    access: 'calendar.change',
    operationId: 'setCalendar',
    problems: [
      'administrator-unnamed',
      'calendar-refused',
      'outside-unit',
      'proposal-pending',
      'unit-unknown',
    ],
    summary:
      'Proposes a new version, which a second person of no concerned unit sets; clocks that run keep the version they started with.',
    body: closed({
      definition: Type.Object(
        {
          kind: Type.Enum(['working-time', 'continuous'], {
            description:
              '`working-time`: hours by weekday and public holidays; `continuous`: every hour counts.',
          }),
        },
        {
          additionalProperties: true,
          description:
            '`{"kind":"continuous"}`, or `kind` working-time with `weekly`, `overrides`, `holidays`.',
        },
      ),
      reason: about(Paragraph(500), 'Why; it stays with the version and in the audit log.'),
    }),
    also: { 202: ProposalView },
    apply: async (tx, { params, body: sent, request, reply, expected, act }) => {
      const unitId = unitOf(params.scope)
      assertReaches(request, unitId)
      if (unitId !== null) await activeUnit(tx, unitId)
      assertVersion(await lockedVersion(tx, unitId), expected)
      const body = { unitId, ...sent }
      checkedDefinition(body, expected + 1)
      const { reason } = body
      const made = await propose(tx, 'incident-tiering', settingOfCalendar, { body, reason }, act)
      return proposed(request, reply, 'incident-tiering', settingOfCalendar, made)
    },
  })
}
