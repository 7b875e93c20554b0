import { randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import type { EntityManager } from 'typeorm'
import type { Rights } from '../grants/rules/grant-item.ts'
import { PositionVersionEntity } from '../organisation/position-version.ts'
import { carriesRights, PositionEntity, type Position } from '../organisation/position.ts'
import { announcePosition } from '../organisation/put-position.ts'
import type { AccountChange } from './account-change.ts'
import { changeRights } from './change-rights.ts'
import { assertNoAdministrator } from './may-administer.ts'

/**
 * Sets what the holders of a position may do, here and in EBS, as a new version of its row of the matrix, and changes it for
 * everybody who holds it now.
 *
 * Source.
 *
 * @throws Problem `position-unknown`, `administrator-has-business-role` (one who holds the position is an administrator)
 */
export async function setPositionRights(
  tx: EntityManager,
  positionCode: string,
  rights: Rights,
  { id: changeId, requestedBy }: Pick<AccountChange, 'id' | 'requestedBy'>,
  act: Act,
): Promise<Position> {
  const from = await tx.findOne(PositionEntity, {
    where: { code: positionCode },
    lock: { mode: 'pessimistic_write' },
  })
  if (from === null)
    throw new Problem(
      'position-unknown',
      said(`There is no position ${positionCode}.`, `没有岗位 ${positionCode}。`),
    )
  const matrixVersion = from.matrixVersion + 1
  const to: Position = { ...from, ...rights, matrixVersion, version: from.version + 1 }
  await tx.save(PositionEntity, to)
  await tx.insert(PositionVersionEntity, {
    ...{ id: randomUUID(), positionId: from.id, version: matrixVersion, ...rights },
    ...{ validFrom: act.now, changeId, requestedBy, approvedBy: act.actor },
  })
  await announcePosition(tx, to, act)
  // In the order of their ids, as everybody who locks several people does.
  const holders: { id: string; unitId: string }[] = await tx.query(
    `select id, unit_id as "unitId" from person where position_id = $1 and active order by id for update`,
    [from.id],
  )
  if (carriesRights(to))
    await assertNoAdministrator(
      tx,
      holders.map(({ id }) => id),
    )
  await changeRights(tx, holders, from, to, act)
  return to
}
