import { Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { change } from '@erp-steward/service-kit/commit'
import type { Dependencies } from '@erp-steward/service-kit/service'
import { Type } from 'typebox'
import type { IncidentConfig } from '../config.ts'
import { superiorSteps } from '../tickets/rules/clocks-of-priority.ts'
import { assertLeads } from '../key-users/assert-leads.ts'
import { everyStep, nameSuperiors } from './superior.ts'

const Step = Type.Enum([...superiorSteps])
const SuperiorsView = Type.Object({
  step: Step,
  personIds: Type.Array(Uuid),
  version: Type.Integer({ description: '0: nobody was named yet.' }),
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
        response: { 200: Type.Object({ items: Type.Array(SuperiorsView) }) },
      },
    },
    async () => ({ items: await everyStep(deps.db.manager) }),
  )

  app.put(
    '/v1/superiors/:step',
    {
      config: { access: 'key-user.nominate', clauses: ['A-4.4.5', 'B-5.3.2'] },
      schema: {
        operationId: 'nameSuperiors',
        summary: 'Names who is called at a step, in place of those before; nobody names himself.',
        tags: ['key users'],
        params: Type.Object({ step: Step }),
        body: Type.Object(
          { personIds: Type.Array(Uuid, { maxItems: 20, uniqueItems: true }) },
          { additionalProperties: false },
        ),
        response: { 200: SuperiorsView },
      },
    },
    (request, reply) =>
      change(deps, request, reply, (tx, act, expected) => {
        assertLeads(request, null)
        return nameSuperiors(tx, { ...request.params, ...request.body }, expected, act)
      }),
  )
}
