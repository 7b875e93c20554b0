import { columnsOf } from '@erp-steward/service-kit/entity'
import type { EntityManager } from 'typeorm'
import { TimeNodeEntity, type TimeNode } from './time-node.ts'

const COLUMNS = columnsOf(TimeNodeEntity)

export interface NodeFilter {
  readonly unitId: string | null
  readonly state: string | null
  readonly month: string | null
  /** The unit of a caller who sees no other. */
  readonly onlyUnitId: string | null
  /** A user, who sees no step of a colleague; `null`: somebody who does, or is no person. */
  readonly user: { readonly personId: string | null } | null
  /** Sort key of the last row of the page before. */
  readonly after: readonly [at: string | null, id: string | null]
  readonly limit: number
}

/** Time nodes, the last to fall due first. */
export async function listTimeNodes(
  tx: EntityManager,
  { unitId, state, month, onlyUnitId, user, after: [at, id], limit }: NodeFilter,
): Promise<TimeNode[]> {
  return tx.query(
    `select ${COLUMNS}
       from time_node
      where ($1::uuid is null or unit_id = $1) and ($2::text is null or state = $2)
        and ($3::text is null or month = $3) and ($4::uuid is null or unit_id = $4)
        and (not $5::boolean or person_id is null or person_id = $6::uuid)
        and ($7::timestamptz is null or (due_at, id) < ($7, $8::uuid))
      order by due_at desc, id desc limit $9`,
    [unitId, state, month, onlyUnitId, user !== null, user?.personId ?? null, at, id, limit],
  )
}
