import type { Act } from '@erp-steward/contracts/act'
import type { AgentPresentation } from '@erp-steward/contracts/agent-protocol'
import type { EntityManager } from 'typeorm'
import { AgentEntity, type Agent } from './agent.ts'

/** Keeps what an agent says of itself; the same again changes only when it was seen. */
export async function presentAgent(
  tx: EntityManager,
  presentation: AgentPresentation,
  act: Act,
): Promise<Agent> {
  const agent: Agent = {
    id: act.actor,
    ...presentation,
    presentedAt: act.now,
    lastSeenAt: act.now,
  }
  await tx.upsert(AgentEntity, agent, ['id'])
  return agent
}

/** How precisely it is known when an agent was last heard of: one that asks all the time writes once in so long. */
const SEEN_SECONDS = 10

/** Notes that the agent lives; a no-op for one that has not presented itself. */
export async function seeAgent(tx: EntityManager, agentId: string, now: Date): Promise<void> {
  await tx.query(
    `update backup_agent set last_seen_at = $2 where id = $1 and last_seen_at < $2::timestamptz - make_interval(secs => $3)`,
    [agentId, now, SEEN_SECONDS],
  )
}
