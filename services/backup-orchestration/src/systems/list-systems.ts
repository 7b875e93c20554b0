import { columnsOf } from '@erp-steward/service-kit/entity'
import type { EntityManager } from 'typeorm'
import { SystemEntity, type System } from './system.ts'

const COLUMNS = columnsOf(SystemEntity)

export interface SystemFilter {
  /** Only systems whose gate opens for changes of this unit; `null`: all. */
  readonly onlyUnitId: string | null
  /** Code of the last row of the page before; empty for the first page. */
  readonly after: string
  readonly limit: number
}

/** Systems by code. */
export async function listSystems(
  tx: EntityManager,
  { onlyUnitId, after, limit }: SystemFilter,
): Promise<System[]> {
  return tx.query(
    `select ${COLUMNS}
       from backup_system
      where code > $1 and ($2::uuid is null or unit_id = $2 or serves = 'company')
      order by code limit $3`,
    [after, onlyUnitId, limit],
  )
}
