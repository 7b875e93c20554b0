import type { ServiceName } from '@erp-steward/contracts/services'
import { askUpstream, type Upstream } from '../routing/upstreams.ts'

/** Longest wait for a service's readiness in milliseconds. */
const READY_MS = 2_500
/** How long one round of questions answers for, in milliseconds, so that callers cannot multiply them. */
const KEPT_MS = 1_000

export type State = 'up' | 'down'

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
