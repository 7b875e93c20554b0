import { serviceNames } from '@erp-steward/contracts/services'
import type { App } from '@erp-steward/service-kit/app'
import { Type } from 'typebox'
import type { Upstream } from '../routing/upstreams.ts'
import type { HealthRound } from './health-round.ts'

const State = Type.Enum(['up', 'down'], {
  title: 'HealthState',
  description: '`up`: it can work; `down`: it cannot, or does not answer.',
})
const Report = Type.Object(
  {
    status: State,
    services: Type.Record(Type.Enum([...serviceNames]), State, {
      description: 'Each service by its name; one that is `down` makes `status` so.',
    }),
    cutOff: Type.Array(Type.Enum([...serviceNames]), {
      description:
        'Services to which this gateway passes only what is vital at the moment, for they failed or kept everybody waiting.',
    }),
  },
  { title: 'Health' },
)

/** `/health`: which services can work now; 503 when one cannot. It names no version and no reason. */
export function healthRoutes(app: App, states: HealthRound, upstreams: readonly Upstream[]): void {
  app.get(
    '/health',
    {
      config: { access: 'public' },
      schema: {
        operationId: 'readHealth',
        summary: 'Whether each service can work.',
        tags: ['gateway'],
        response: { 200: Report, 503: Report },
      },
    },
    async (_request, reply) => {
      const services = await states()
      const status = Object.values(services).includes('down') ? 'down' : 'up'
      const cutOff = upstreams.flatMap(({ name, circuit }) =>
        circuit.state === 'closed' ? [] : [name],
      )
      return reply.code(status === 'up' ? 200 : 503).send({ status, services, cutOff })
    },
  )
}
