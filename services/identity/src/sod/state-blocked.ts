import type { Act } from '@erp-steward/contracts/act'
import { SodViolationBlocked } from '@erp-steward/contracts/grant-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import type { ViolatedPair } from './violations-of.ts'

/** States that incompatible duties kept rights from somebody, in `operation`. Source. */
export async function stateBlocked(
  tx: EntityManager,
  operation: string,
  pairs: readonly ViolatedPair[],
  act: Act,
): Promise<void> {
  const violations = pairs.map(({ personId, first, second, held }) => ({
    ...{ personId, first, second, held },
  }))
  const fact = { operation, violations, blockedAt: act.now.toISOString() }
  await appendEvent(tx, 'identity', SodViolationBlocked, act.actor, fact, act)
}
