import { EntitySchema, type EntityManager } from 'typeorm'
import type { FloorName } from '../targets/rules/floor.ts'

/** Leave to fall short of a floor for a time, given by a second person. Sources. */
export interface BackupException {
  id: string
  targetId: string
  unitId: string
  floors: FloorName[]
  reason: string
  /** It ends at this instant, whatever happens. */
  validUntil: Date
  /** The proposal by which it was asked for and granted. */
  proposalId: string
  requestedByPersonId: string | null
  grantedByPersonId: string | null
  grantedAt: Date
}

export const ExceptionEntity = new EntitySchema<BackupException>({
  name: 'BackupException',
  tableName: 'backup_exception',
  columns: {
    id: { type: 'uuid', primary: true, primaryKeyConstraintName: 'backup_exception_pkey' },
    targetId: { type: 'uuid', name: 'target_id' },
    unitId: { type: 'uuid', name: 'unit_id' },
    floors: { type: 'text', array: true },
    reason: { type: 'text' },
    validUntil: { type: 'timestamptz', name: 'valid_until' },
    proposalId: { type: 'uuid', name: 'proposal_id' },
    requestedByPersonId: { type: 'uuid', name: 'requested_by_person_id', nullable: true },
    grantedByPersonId: { type: 'uuid', name: 'granted_by_person_id', nullable: true },
    grantedAt: { type: 'timestamptz', name: 'granted_at' },
  },
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
