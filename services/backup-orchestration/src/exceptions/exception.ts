import { about, Id, InstantOut, nullable, UnitId, Uuid } from '@erp-steward/contracts/values'
import { entityOf } from '@erp-steward/service-kit/entity'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'
import { floors, type FloorName } from '../targets/rules/floor.ts'

/** Leave to fall short of a floor for a time, given by a second person. Sources. */
export const ExceptionView = Type.Object(
  {
    id: Id,
    targetId: about(Uuid, 'The target that may fall short.'),
    unitId: UnitId,
    floors: Type.Array(Type.Enum([...floors]), {
      description: 'The floors that it may fall short of.',
    }),
    reason: Type.String({ description: 'Why it was asked for.' }),
    /** It ends at this instant, whatever happens. */
    validUntil: about(InstantOut, 'It ends at this instant, whatever happens.'),
    /** The proposal by which it was asked for and granted. */
    proposalId: about(Uuid, 'The proposal by which it was asked for and granted.'),
    requestedByPersonId: nullable(Uuid, 'Who asked; null for a client.'),
    grantedByPersonId: nullable(Uuid, 'The second person; null in an old row that does not say.'),
    grantedAt: about(InstantOut, 'When it was granted.'),
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
