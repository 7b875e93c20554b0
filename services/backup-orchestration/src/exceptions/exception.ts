import { InstantOut, nullable, Uuid } from '@erp-steward/contracts/values'
import { entityOf } from '@erp-steward/service-kit/entity'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'
import { floors, type FloorName } from '../targets/rules/floor.ts'

/** Leave to fall short of a floor for a time, given by a second person. Sources. */
export const ExceptionView = Type.Object(
  {
    id: Uuid,
    targetId: Uuid,
    unitId: Uuid,
    floors: Type.Array(Type.Enum([...floors])),
    reason: Type.String(),
    /** It ends at this instant, whatever happens. */
    validUntil: InstantOut,
    /** The proposal by which it was asked for and granted. */
    proposalId: Uuid,
    requestedByPersonId: nullable(Uuid),
    grantedByPersonId: nullable(Uuid),
    grantedAt: InstantOut,
  },
  { title: 'BackupException' },
)

export const ExceptionEntity = entityOf(ExceptionView, {
  table: 'backup_exception',
  indices: [
    { name: 'backup_exception_by_target', columns: ['targetId', 'validUntil'] },
    { name: 'backup_exception_by_grant', columns: ['grantedAt', 'id'] },
  ],
})

/** The floors that the target may fall short of at `now`, and until when each may. */
export async function exceptedFloors(
  tx: EntityManager,
  targetId: string,
  now: Date,
): Promise<ReadonlyMap<FloorName, Date>> {
  const rows: { floor: FloorName; until: Date }[] = await tx.query(
    `select floor, max(valid_until) as until
       from backup_exception, unnest(floors) as floor
      where target_id = $1 and valid_until > $2 group by floor`,
    [targetId, now],
  )
  return new Map(rows.map(({ floor, until }) => [floor, until]))
}
