import type { ExecutorProbe, Source } from '@erp-steward/contracts/agent-protocol'
import { EntitySchema } from 'typeorm'

/** A process on a backed-up host, as it presented itself last. */
export interface Agent {
  /** Client id. */
  id: string
  hostName: string
  version: string
  executors: ExecutorProbe[]
  /** Codes of the sites whose store it reaches. */
  sites: string[]
  presentedAt: Date
  lastSeenAt: Date
}

export const AgentEntity = new EntitySchema<Agent>({
  name: 'Agent',
  tableName: 'backup_agent',
  columns: {
    id: { type: 'text', primary: true, primaryKeyConstraintName: 'backup_agent_pkey' },
    hostName: { type: 'text', name: 'host_name' },
    version: { type: 'text' },
    executors: { type: 'jsonb' },
    sites: { type: 'jsonb' },
    presentedAt: { type: 'timestamptz', name: 'presented_at' },
    lastSeenAt: { type: 'timestamptz', name: 'last_seen_at' },
  },
})

/**
 * Why the agent cannot save the source into the site, as it said of itself; `null` when it can.
 *
 * An agent that has never presented itself is not refused: it may come, and if it does not the run is missed.
 */
export function refusalOf(
  agent: Pick<Agent, 'hostName' | 'executors' | 'sites'> | undefined,
  source: Source,
  siteCode: string,
): string | null {
  if (agent === undefined) return null
  const probe = agent.executors.find(({ executor }) => executor === source.executor)
  if (probe === undefined)
    return `The agent on ${agent.hostName} has no executor ${source.executor}.`
  if (!probe.isAvailable)
    return `The executor ${source.executor} on ${agent.hostName} cannot work: ${probe.reason ?? 'no reason given'}`
  if (!agent.sites.includes(siteCode))
    return `The agent on ${agent.hostName} does not reach the site ${siteCode}.`
  return null
}
