import { Problem } from '@erp-steward/contracts/problem'
import type { SystemServes } from '@erp-steward/contracts/backup-events'
import { EntitySchema, type EntityManager } from 'typeorm'

/** A system whose backups changes wait for. It is known from its first target on, and belongs to the unit of that target. */
export interface System {
  code: string
  unitId: string
  /** For whose changes its gate opens: those of its own unit, or those of every unit. */
  serves: SystemServes
  createdAt: Date
  version: number
}

export const SystemEntity = new EntitySchema<System>({
  name: 'System',
  tableName: 'backup_system',
  columns: {
    code: { type: 'text', primary: true, primaryKeyConstraintName: 'backup_system_pkey' },
    unitId: { type: 'uuid', name: 'unit_id' },
    serves: { type: 'text' },
    createdAt: { type: 'timestamptz', name: 'created_at' },
    version: { type: 'integer' },
  },
  checks: [{ name: 'backup_system_serves_check', expression: `serves in ('unit', 'company')` }],
})

/**
 * The system, locked until the transaction ends; before the targets and the gate of it.
 *
 * @throws Problem `backup-system-not-found`
 */
export async function lockSystem(tx: EntityManager, code: string): Promise<System> {
  const system = await tx.findOne(SystemEntity, {
    where: { code },
    lock: { mode: 'pessimistic_write' },
  })
  if (system === null) throw new Problem('backup-system-not-found', `There is no system ${code}.`)
  return system
}
