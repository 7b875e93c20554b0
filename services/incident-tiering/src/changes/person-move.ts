import { PersonChanged } from '@erp-steward/contracts/directory-events'
import { InstantOut, Uuid } from '@erp-steward/contracts/values'
import { PersonEntity } from '@erp-steward/directory/directory'
import { on } from '@erp-steward/messaging/consumer'
import { entityOf } from '@erp-steward/service-kit/entity'
import { Type } from 'typebox'
import { MoreThanOrEqual, type EntityManager } from 'typeorm'

/** When a person left a unit last: whoever moves while a change is decided still belongs to the one that asked. */
export const PersonMoveEntity = entityOf(
  Type.Object({ personId: Uuid, unitId: Uuid, leftAt: InstantOut }),
  { table: 'person_move', key: ['personId', 'unitId'] },
)

/** Comes before the copy of the directory is kept: only now is it known which unit the person leaves. */
export const onPersonMoves = on(PersonChanged, async (tx, { data }, act) => {
  const before = await tx.findOneBy(PersonEntity, { id: data.personId })
  if (before === null || before.version >= data.version || before.unitId === data.unitId) return
  await tx.upsert(
    PersonMoveEntity,
    { personId: data.personId, unitId: before.unitId, leftAt: act.now },
    ['personId', 'unitId'],
  )
})

/** Whether the person left the unit at that instant or later. */
export async function hasLeftSince(
  tx: EntityManager,
  personId: string,
  unitId: string,
  since: Date,
): Promise<boolean> {
  return tx.existsBy(PersonMoveEntity, { personId, unitId, leftAt: MoreThanOrEqual(since) })
}
