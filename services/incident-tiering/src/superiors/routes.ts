import { about, closed, Paragraph, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { listOf } from '@erp-steward/service-kit/paging'
import { ProposalView } from '@erp-steward/service-kit/proposal'
import { proposed } from '@erp-steward/service-kit/proposal-routes'
import { changeRoute, readRoute } from '@erp-steward/service-kit/route-shapes'
import type { Dependencies } from '@erp-steward/service-kit/service'
import { Type } from 'typebox'
import type { IncidentConfig } from '../config.ts'
import { assertLeads } from '../key-users/assert-leads.ts'
import { nameSuperiors, replacingSuperiors } from './replace-superiors.ts'
import { everyStep, Step, StepView, SuperiorsView } from './superior.ts'

const tags = ['key users']
const clauses = ['A-4.4.5', 'B-5.3.2']

export function superiorRoutes(app: App, deps: Dependencies<IncidentConfig>): void {
  readRoute(app, '/v1/superiors', {
    operationId: 'listSuperiors',
    summary: 'Who is called when a P1 is not restored in time, step by step.',
    tags,
    access: 'key-user.read',
    clauses,
    answer: listOf(StepView),
    read: async () => ({ items: await everyStep(deps.db.manager) }),
  })

  changeRoute(app, deps, 'PUT', '/v1/superiors/:step', {
    operationId: 'nameSuperiors',
    problems: [
      'administrator-unnamed',
      'outside-unit',
      'person-unknown',
      'person-unreachable',
      'proposal-pending',
      'same-person',
    ],
    summary:
      'Names who is called at a step, in place of those before; nobody names himself. More are named at once (200); who would be taken off is by a second person (202).',
    tags,
    access: 'key-user.nominate',
    clauses,
    params: { step: Step },
    body: closed({
      personIds: Type.Array(Uuid, {
        maxItems: 20,
        uniqueItems: true,
        description: 'Who is called at the step, in place of those before.',
      }),
      reason: Type.Optional(
        about(Paragraph(500), 'Why; a second person reads it where one decides.'),
      ),
    }),
    answer: SuperiorsView,
    also: { 202: ProposalView },
    apply: async (tx, { params, body, request, reply, expected, act }) => {
      assertLeads(request, null)
      const { reason = 'The superiors of a step change.', personIds } = body
      const command = { step: params.step, personIds, reason }
      const named = await nameSuperiors(tx, command, expected, act)
      return 'step' in named
        ? named
        : proposed(request, reply, 'incident-tiering', replacingSuperiors, named)
    },
  })
}
