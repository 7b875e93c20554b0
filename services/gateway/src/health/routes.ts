import { serviceNames, type ServiceName } from '@erp-steward/contracts/services'
import type { App } from '@erp-steward/service-kit/app'
import { Type } from 'typebox'
import { askUpstream, type Upstream } from '../routing/upstreams.ts'

/** Longest wait for a service's readiness in milliseconds. */
const READY_MS = 2_500
/** How long one round of questions answers for, in milliseconds, so that callers cannot multiply them. */
const KEPT_MS = 1_000

type State = 'up' | 'down'

const State = Type.Enum(['up', 'down'])
const Report = Type.Object({
  status: State,
  services: Type.Record(Type.Enum([...serviceNames]), State),
})

/** Which services can work, as they said within the last second. */
export type HealthRound = () => Promise<Record<ServiceName, State>>

export function createHealthRound(upstreams: readonly Upstream[]): HealthRound {
  let askedAt = -Infinity
  let round: Promise<Record<ServiceName, State>> | undefined
  return () => {
    if (round === undefined || performance.now() - askedAt > KEPT_MS) {
      askedAt = performance.now()
      round = ask(upstreams)
    }
    return round
  }
}

/** `/health`: which services can work now; 503 when one cannot. It names no version and no reason. */
export function healthRoutes(app: App, states: HealthRound): void {
  app.get(
    '/health',
    {
      config: { access: 'public' },
      schema: {
        operationId: 'readHealth',
        summary: 'Whether each service can work',
        tags: ['gateway'],
        response: { 200: Report, 503: Report },
      },
    },
    async (_request, reply) => {
      const services = await states()
      const status = Object.values(services).includes('down') ? 'down' : 'up'
      return reply.code(status === 'up' ? 200 : 503).send({ status, services })
    },
  )
}

async function ask(upstreams: readonly Upstream[]): Promise<Record<ServiceName, State>> {
  const entries = await Promise.all(
    upstreams.map(async (upstream): Promise<[ServiceName, State]> => {
      try {
        await askUpstream(upstream, '/health/ready', READY_MS)
        return [upstream.name, 'up']
      } catch {
        return [upstream.name, 'down']
      }
    }),
  )
  return Object.fromEntries(entries) as Record<ServiceName, State>
}
