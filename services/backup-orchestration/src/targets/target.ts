import { Source } from '@erp-steward/contracts/agent-protocol'
import { FloorState } from '@erp-steward/contracts/backup-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { about, Code, Id, InstantOut, nullable, Uuid } from '@erp-steward/contracts/values'
import { assertVersion } from '@erp-steward/service-kit/commit'
import { entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import { Type, type Static } from 'typebox'
import type { EntityManager } from 'typeorm'
import { objectKinds } from './rules/floor.ts'

export const ObjectKind = Type.Enum([...objectKinds], {
  title: 'BackupObjectKind',
  description: 'Decides which floors the policy of a target has.',
})

/** How a target stands to the floors of the parameters. */
const FloorStatement = Type.Object(
  {
    plan: FloorState,
    media: FloorState,
    offsite: FloorState,
    faults: Type.Array(Type.String(), {
      description: 'Floor and fault, a line each; empty when all is kept.',
    }),
    exceptedUntil: nullable(
      Type.String(),
      'The instant at which the first of the exceptions that it needs ends.',
    ),
  },
  { title: 'FloorStatement' },
)
export type FloorStatement = Static<typeof FloorStatement>

/** Something that must be backed up. */
export const TargetView = Type.Object(
  {
    id: Id,
    code: about(Code, 'Its name in events and logs; it never changes.'),
    name: Type.String({ description: 'What people call it.' }),
    systemCode: about(Code, 'The system that it is part of; changes name that.'),
    unitId: about(Uuid, 'The unit whose data it is.'),
    objectKind: ObjectKind,
    agentId: Type.String({ description: 'Client id of the agent that does its work.' }),
    source: Source,
    /** Which of the agent's keys seals its copies. */
    keyId: about(Code, 'Which of the keys of the agent seals its copies.'),
    requiredBeforeChange: Type.Boolean({
      description:
        'Whether a change of its system waits for a fresh backup of it. Source: A-2.4.4.',
    }),
    active: Type.Boolean({ description: 'False: it is not backed up.' }),
    policyVersion: Type.Integer({ description: '0 while it has no policy.' }),
    nextRunAt: nullable(
      InstantOut,
      'When the schedule asks next; null while inactive or without policy.',
    ),
    newestDataAt: nullable(
      InstantOut,
      'The instant of the data of the newest run that has a good copy.',
    ),
    protection: nullable(
      FloorStatement,
      'How it stands to the floors, as stated last; null before its first policy.',
    ),
    createdAt: about(InstantOut, 'When it was registered.'),
    version: Type.Integer({ description: 'Of what people change; runs do not touch it.' }),
  },
  { title: 'BackupTarget' },
)

export const TargetEntity = entityOf(TargetView, {
  table: 'backup_target',
  kept: {
    /** When the newest good backup is older than the policy allows. */
    rpoDueAt: nullable(InstantOut),
    /** When that was stated; `null` until then, and again after the next good backup. */
    rpoNoticedAt: nullable(InstantOut),
    /** When the floors were looked at last. */
    protectionAt: nullable(InstantOut),
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
export type Target = RowOf<typeof TargetEntity>

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
    throw new Problem(
      'backup-target-not-found',
      said(`There is no backup target ${id}.`, `没有备份对象 ${id}。`),
    )
  if (expected !== undefined) assertVersion(target.version, expected)
  return target
}

/** @throws Problem `backup-target-not-found` */
export async function targetById(tx: EntityManager, id: string): Promise<Target> {
  const target = await tx.findOneBy(TargetEntity, { id })
  if (target === null)
    throw new Problem(
      'backup-target-not-found',
      said(`There is no backup target ${id}.`, `没有备份对象 ${id}。`),
    )
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
