import type { Source } from '@erp-steward/contracts/agent-protocol'
import { Problem } from '@erp-steward/contracts/problem'
import { assertVersion } from '@erp-steward/service-kit/commit'
import { EntitySchema, type EntityManager } from 'typeorm'
import type { FloorStatement, ObjectKind } from './rules/floor.ts'

/** Something that must be backed up. */
export interface Target {
  id: string
  code: string
  name: string
  systemCode: string
  unitId: string
  /** Decides which floors its policy has. */
  objectKind: ObjectKind
  /** Client id of the agent that does its work. */
  agentId: string
  source: Source
  /** Which of the agent's keys seals its copies. */
  keyId: string
  /** Whether a change of its system waits for a fresh backup of it. */
  requiredBeforeChange: boolean
  active: boolean
  /** 0 while it has no policy. */
  policyVersion: number
  /** When the schedule asks next; `null` while inactive or without policy. */
  nextRunAt: Date | null
  /** The instant of the data of the newest run that has a good copy. */
  newestDataAt: Date | null
  /** When the newest good backup is older than the policy allows. */
  rpoDueAt: Date | null
  /** When that was stated; `null` until then, and again after the next good backup. */
  rpoNoticedAt: Date | null
  /** How it stands to the floors, as stated last; `null` before its first policy. */
  protection: FloorStatement | null
  /** When that was looked at last. */
  protectionAt: Date | null
  createdAt: Date
  /** Of what people change; runs do not touch it. */
  version: number
}

export const TargetEntity = new EntitySchema<Target>({
  name: 'Target',
  tableName: 'backup_target',
  columns: {
    id: { type: 'uuid', primary: true, primaryKeyConstraintName: 'backup_target_pkey' },
    code: { type: 'text' },
    name: { type: 'text' },
    systemCode: { type: 'text', name: 'system_code' },
    unitId: { type: 'uuid', name: 'unit_id' },
    objectKind: { type: 'text', name: 'object_kind' },
    agentId: { type: 'text', name: 'agent_id' },
    source: { type: 'jsonb' },
    keyId: { type: 'text', name: 'key_id' },
    requiredBeforeChange: { type: 'boolean', name: 'required_before_change' },
    active: { type: 'boolean' },
    policyVersion: { type: 'integer', name: 'policy_version' },
    nextRunAt: { type: 'timestamptz', name: 'next_run_at', nullable: true },
    newestDataAt: { type: 'timestamptz', name: 'newest_data_at', nullable: true },
    rpoDueAt: { type: 'timestamptz', name: 'rpo_due_at', nullable: true },
    rpoNoticedAt: { type: 'timestamptz', name: 'rpo_noticed_at', nullable: true },
    protection: { type: 'jsonb', nullable: true },
    protectionAt: { type: 'timestamptz', name: 'protection_at', nullable: true },
    createdAt: { type: 'timestamptz', name: 'created_at' },
    version: { type: 'integer' },
  },
  checks: [
    {
      name: 'backup_target_kind_check',
      expression: `object_kind in ('database', 'redo', 'apps', 'configuration', 'own')`,
    },
  ],
  uniques: [{ name: 'backup_target_code_key', columns: ['code'] }],
  indices: [
    { name: 'backup_target_due', columns: ['nextRunAt'], where: '(next_run_at IS NOT NULL)' },
    { name: 'backup_target_rpo_due', columns: ['rpoDueAt'], where: '(rpo_noticed_at IS NULL)' },
    { name: 'backup_target_by_system', columns: ['systemCode'] },
  ],
})

/**
 * The target, locked until the transaction ends: whatever happens to its runs, copies and plans starts here, so that
 * it happens one after the other and its events keep their order.
 *
 * @throws Problem `backup-target-not-found`, `version-stale` when `expected` is given and not the current version
 */
export async function lockTarget(
  tx: EntityManager,
  id: string,
  expected?: number,
): Promise<Target> {
  const target = await tx.findOne(TargetEntity, {
    where: { id },
    lock: { mode: 'pessimistic_write' },
  })
  if (target === null)
    throw new Problem('backup-target-not-found', `There is no backup target ${id}.`)
  if (expected !== undefined) assertVersion(target.version, expected)
  return target
}

/** @throws Problem `backup-target-not-found` */
export async function targetById(tx: EntityManager, id: string): Promise<Target> {
  const target = await tx.findOneBy(TargetEntity, { id })
  if (target === null)
    throw new Problem('backup-target-not-found', `There is no backup target ${id}.`)
  return target
}

/** What every fact about a target, its runs and its restores says of it. */
export function factOf({ id, code, systemCode, unitId }: Target): {
  targetId: string
  targetCode: string
  systemCode: string
  unitId: string
} {
  return { targetId: id, targetCode: code, systemCode, unitId }
}
