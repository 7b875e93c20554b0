import { InstantOut, nullable, Paragraph, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { assertReaches } from '@erp-steward/service-kit/authentication'
import { assertVersion, change, etag } from '@erp-steward/service-kit/commit'
import { ProposalView } from '@erp-steward/service-kit/proposal'
import { proposed } from '@erp-steward/service-kit/proposal-routes'
import { propose } from '@erp-steward/service-kit/proposals'
import type { Dependencies } from '@erp-steward/service-kit/service'
import {
  defaultCalendarDefinition,
  type CalendarDefinition,
} from '@erp-steward/work-calendar/calendar-definition'
import { Type } from 'typebox'
import type { IncidentConfig } from '../config.ts'
import { activeUnit } from '@erp-steward/directory/directory'
import { checkedDefinition, lockedVersion, newestVersion } from './calendar.ts'
import { settingOfCalendar } from './setting-of-calendar.ts'

const CalendarView = Type.Object({
  unitId: nullable(Uuid),
  version: Type.Integer({
    description:
      '0: none of its own; `definition` is what holds instead: of the company, else as shipped.',
  }),
  definition: Type.Unsafe<CalendarDefinition>(Type.Unknown()),
  author: nullable(Type.String()),
  reason: nullable(Type.String()),
  createdAt: nullable(InstantOut),
})

const Scope = Type.Object({
  scope: Type.String({
    pattern: '^(company|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$',
    description: '`company` or a unit id.',
  }),
})

const unitOf = (scope: string) => (scope === 'company' ? null : scope)

export function calendarRoutes(app: App, deps: Dependencies<IncidentConfig>): void {
  app.get(
    '/v1/calendars/:scope',
    {
      config: { access: 'calendar.read', clauses: ['A-5.2.3'] },
      schema: {
        operationId: 'readCalendar',
        summary: "The working time of the company, or a unit's own if it has one.",
        tags: ['calendars'],
        params: Scope,
        response: { 200: CalendarView },
      },
    },
    async ({ params }, reply) => {
      const unitId = unitOf(params.scope)
      if (unitId !== null) await activeUnit(deps.db.manager, unitId)
      const newest = await newestVersion(deps.db.manager, unitId)
      const company = newest ?? (await newestVersion(deps.db.manager, null))
      void reply.header('etag', etag(newest?.version ?? 0))
      return (
        newest ?? {
          unitId,
          version: 0,
          definition: company?.definition ?? defaultCalendarDefinition,
          author: null,
          reason: null,
          createdAt: null,
        }
      )
    },
  )

  app.put(
    '/v1/calendars/:scope',
    {
      config: { access: 'calendar.change', versioned: true, clauses: ['A-5.2.3'] },
      schema: {
        operationId: 'setCalendar',
        summary:
          'Proposes a new version, which a second person of no concerned unit sets; clocks that run keep the version they started with.',
        tags: ['calendars'],
        params: Scope,
        body: Type.Object(
          {
            definition: Type.Object(
              { kind: Type.Enum(['working-time', 'continuous']) },
              {
                additionalProperties: true,
                description:
                  '`{"kind":"continuous"}`, or `kind` working-time with `weekly`, `overrides`, `holidays`.',
              },
            ),
            reason: Paragraph(500),
          },
          { additionalProperties: false },
        ),
        response: { 202: ProposalView },
      },
    },
    (request, reply) => {
      const unitId = unitOf(request.params.scope)
      return change(deps, request, reply, async (tx, act, expected) => {
        assertReaches(request, unitId)
        if (unitId !== null) await activeUnit(tx, unitId)
        assertVersion(await lockedVersion(tx, unitId), expected)
        const body = { unitId, ...request.body }
        checkedDefinition(body, expected + 1)
        const { reason } = body
        const made = await propose(tx, 'incident-tiering', settingOfCalendar, { body, reason }, act)
        return proposed(request, reply, 'incident-tiering', settingOfCalendar, made)
      })
    },
  )
}
