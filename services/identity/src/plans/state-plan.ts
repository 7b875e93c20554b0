import type { Act } from '@erp-steward/contracts/act'
import { PersonPlanned } from '@erp-steward/contracts/directory-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import type { PersonPlan } from './person-plan.ts'

/** States what became of a plan. */
export async function statePlan(tx: EntityManager, plan: PersonPlan, act: Act): Promise<void> {
  const { id, kind, personId, unitId, effectiveOn, state, problem } = plan
  const fact = { planId: id, kind, personId, unitId, effectiveOn, state, problem }
  await appendEvent(tx, 'identity', PersonPlanned, id, fact, act)
}
