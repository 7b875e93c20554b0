import { ExecutorProbe, type Source } from '@erp-steward/contracts/agent-protocol'
import { about, InstantOut } from '@erp-steward/contracts/values'
import { entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import { Type } from 'typebox'

/** A process on a backed-up host, as it presented itself last. */
export const AgentView = Type.Object(
  {
    id: Type.String({ description: 'Its client id.' }),
    hostName: Type.String({ description: 'Name of the host that it runs on.' }),
    version: Type.String({ description: 'Of its software.' }),
    executors: Type.Array(ExecutorProbe, {
      description: 'What it can save with, one entry for each executor.',
    }),
    sites: Type.Array(Type.String(), {
      description: 'Codes of the sites whose store it reaches.',
    }),
    presentedAt: about(InstantOut, 'When it presented itself last.'),
    lastSeenAt: about(InstantOut, 'When it called last, whatever for.'),
  },
  { title: 'BackupAgent' },
)

export const AgentEntity = entityOf(AgentView, {
  table: 'backup_agent',
  columns: { sites: { type: 'jsonb', array: false } },
})
export type Agent = RowOf<typeof AgentEntity>

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
