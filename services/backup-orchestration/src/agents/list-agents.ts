import { columnsOf } from '@erp-steward/service-kit/entity'
import type { EntityManager } from 'typeorm'
import { AgentEntity, type Agent } from './agent.ts'

const COLUMNS = columnsOf(AgentEntity, 'a')

export interface AgentFilter {
  /** Only agents that serve a target of this unit; `null`: all. */
  readonly onlyUnitId: string | null
  /** Id of the last row of the page before; empty for the first page. */
  readonly after: string
  readonly limit: number
}

/** Agents by id. */
export async function listAgents(
  tx: EntityManager,
  { onlyUnitId, after, limit }: AgentFilter,
): Promise<Agent[]> {
  return tx.query(
    `select ${COLUMNS}
       from backup_agent a
      where a.id > $1 and ($2::uuid is null or exists (
              select from backup_target t where t.agent_id = a.id and t.unit_id = $2))
      order by a.id limit $3`,
    [after, onlyUnitId, limit],
  )
}
