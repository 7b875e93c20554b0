import { SystemServes } from '@erp-steward/contracts/backup-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { about, Code, InstantOut, Uuid, Version } from '@erp-steward/contracts/values'
import { entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'

/** A system whose backups changes wait for. It is known from its first target on, and belongs to the unit of that target. */
export const SystemView = Type.Object(
  {
    code: about(Code, 'Its name in targets and changes.'),
    unitId: about(Uuid, 'The unit of its targets.'),
    serves: SystemServes,
    createdAt: about(InstantOut, 'When its first target made it known.'),
    version: Version,
  },
  { title: 'BackupSystem' },
)

export const SystemEntity = entityOf(SystemView, {
  table: 'backup_system',
  key: ['code'],
  checks: [{ name: 'backup_system_serves_check', expression: `serves in ('unit', 'company')` }],
})
export type System = RowOf<typeof SystemEntity>

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
  if (system === null)
    throw new Problem(
      'backup-system-not-found',
      said(`There is no system ${code}.`, `没有系统 ${code}。`),
    )
  return system
}
