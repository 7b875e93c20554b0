import { setTimeout as sleep } from 'node:timers/promises'
import { Assignment } from '@erp-steward/contracts/agent-protocol'
import { Compile } from 'typebox/compile'
import { GatewayAway, type Gateway } from './gateway.ts'

const WAIT_SECONDS = 20
const LONG_POLL_TIMEOUT_MS = 35_000
/** A service that answers at once that there is nothing is asked again no sooner than this. */
const IDLE_MS = 1_000

const isAssignment = Compile(Assignment)

/** An assignment and when, by the clock of the service, it was given. */
export interface LeasedAssignment {
  readonly assignment: Assignment
  readonly at: Date
}

/**
 * Asks for work and waits up to 20 s for it; `null` when there is none.
 *
 * @throws GatewayAway when the answer is no assignment that this agent understands
 */
export async function leaseAssignment(
  gateway: Gateway,
  signal: AbortSignal,
): Promise<LeasedAssignment | null> {
  const askedAt = performance.now()
  const { status, body, at } = await gateway.call(
    'POST',
    '/v1/backup-agents/me/leases',
    { waitSeconds: WAIT_SECONDS },
    { signal, timeoutMs: LONG_POLL_TIMEOUT_MS },
  )
  if (status === 204) {
    const early = IDLE_MS - (performance.now() - askedAt)
    if (early > 0) await sleep(early, null, { signal })
    return null
  }
  if (status !== 200) throw new GatewayAway(`the question for work was answered with ${status}`)
  if (!isAssignment.Check(body))
    throw new GatewayAway('an assignment came that this agent does not understand')
  return { assignment: body, at }
}
