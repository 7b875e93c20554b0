import { randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { PositionChanged } from '@erp-steward/contracts/directory-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import { assertNobodyIn, putEntry, type Put } from './put-entry.ts'
import { PositionEntity, type Position } from './position.ts'

/**
 * Names a position; it carries no rights until the security administrator approves its set.
 *
 * @throws Problem as `putEntry`, and `entry-in-use` for a position that active people still hold
 */
export async function putPosition(
  tx: EntityManager,
  { code, ...values }: Pick<Position, 'code' | 'name' | 'active'>,
  expected: number | null,
  act: Act,
): Promise<Put<Position>> {
  const rights = { roles: [], responsibilities: [], ebsRoles: [] }
  const fresh: Position = {
    id: randomUUID(),
    code,
    ...values,
    ...rights,
    matrixVersion: 0,
    version: 1,
  }
  const put = await putEntry(tx, PositionEntity, { code }, fresh, values, expected)
  if (put.outcome === 'unchanged') return put
  if (!put.row.active) await assertNobodyIn(tx, 'position_id', put.row.id)
  await announcePosition(tx, put.row, act)
  return put
}

/** States the whole position, for the copies that other services keep. */
export async function announcePosition(
  tx: EntityManager,
  { id, code, name, roles, active, version }: Position,
  act: Act,
): Promise<void> {
  const fact = { positionId: id, code, name, roles, active, version }
  await appendEvent(tx, 'identity', PositionChanged, id, fact, act)
}
