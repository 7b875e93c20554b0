import { Paragraph, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { change } from '@erp-steward/service-kit/commit'
import { ProposalView } from '@erp-steward/service-kit/proposal'
import { proposed } from '@erp-steward/service-kit/proposal-routes'
import type { Dependencies } from '@erp-steward/service-kit/service'
import { Type } from 'typebox'
import type { IncidentConfig } from '../config.ts'
import { superiorSteps } from '../tickets/rules/clocks-of-priority.ts'
import { assertLeads } from '../key-users/assert-leads.ts'
import { nameSuperiors, replacingSuperiors } from './replace-superiors.ts'
import { everyStep } from './superior.ts'

const Step = Type.Enum([...superiorSteps])
const SuperiorsView = Type.Object({
  step: Step,
  personIds: Type.Array(Uuid),
  version: Type.Integer({ description: '0: nobody was named yet.' }),
})
const StepView = Type.Object({
  ...SuperiorsView.properties,
  callablePersonIds: Type.Array(Uuid, {
    description: 'Who of them can be called now; empty: the next step is called instead.',
  }),
})

export function superiorRoutes(app: App, deps: Dependencies<IncidentConfig>): void {
  app.get(
    '/v1/superiors',
    {
      config: { access: 'key-user.read', clauses: ['A-4.4.5', 'B-5.3.2'] },
      schema: {
        operationId: 'listSuperiors',
        summary: 'Who is called when a P1 is not restored in time, step by step.',
        tags: ['key users'],
        response: { 200: Type.Object({ items: Type.Array(StepView) }) },
      },
    },
    async () => ({ items: await everyStep(deps.db.manager) }),
  )

  app.put(
    '/v1/superiors/:step',
    {
      config: { access: 'key-user.nominate', versioned: true, clauses: ['A-4.4.5', 'B-5.3.2'] },
      schema: {
        operationId: 'nameSuperiors',
        summary:
          'Names who is called at a step, in place of those before; nobody names himself. More are named at once (200); who would be taken off is by a second person (202).',
        tags: ['key users'],
        params: Type.Object({ step: Step }),
        body: Type.Object(
          {
            personIds: Type.Array(Uuid, { maxItems: 20, uniqueItems: true }),
            reason: Type.Optional(Paragraph(500)),
          },
          { additionalProperties: false },
        ),
        response: { 200: SuperiorsView, 202: ProposalView },
      },
    },
    (request, reply) =>
      change(deps, request, reply, async (tx, act, expected) => {
        assertLeads(request, null)
        const { reason = 'The superiors of a step change.', ...body } = request.body
        const command = { ...request.params, ...body, reason }
        const named = await nameSuperiors(tx, command, expected, act)
        return 'step' in named
          ? named
          : proposed(request, reply, 'incident-tiering', replacingSuperiors, named)
      }),
  )
}
