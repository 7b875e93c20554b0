import { randomUUID } from 'node:crypto'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { about, Code, Id, InstantOut, nullable, UnitId, Uuid } from '@erp-steward/contracts/values'
import { entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'

export const CopyState = Type.Enum(['awaited', 'good', 'damaged', 'failed'], {
  title: 'BackupCopyState',
  description:
    '`awaited`: not proven yet; `good`: read again after it was written, its digest agrees; `damaged`: was good and is not what was written any more, for ever; `failed`: never became good.',
})

/** A stored object: the backup itself, or its copy at the other site. */
export const CopyView = Type.Object(
  {
    id: Id,
    runId: about(Uuid, 'The run that saved it.'),
    targetId: about(Uuid, 'The target that it is a backup of.'),
    unitId: UnitId,
    role: Type.Enum(['primary', 'offsite'], {
      description: '`primary`: the backup itself; `offsite`: its copy at the other site.',
    }),
    siteCode: about(Code, 'The site in whose store it lies.'),
    objectName: Type.String({
      description:
        "Path below the store's root, a name of its own for each lease; empty until an agent has taken it.",
    }),
    state: CopyState,
    storedBytes: nullable(Type.Number(), 'Bytes in the store.'),
    digest: nullable(Type.String(), 'SHA-256 of the stored bytes.'),
    createdAt: about(InstantOut, 'When it was asked for.'),
    goodAt: nullable(InstantOut, 'When it was proven good first.'),
    lastVerifiedAt: nullable(
      InstantOut,
      'When it was read to its end last and found good; null before that.',
    ),
    expiresAt: nullable(InstantOut, 'Until when the policy wants it kept.'),
    dueAt: nullable(InstantOut, 'By when an off-site copy must be confirmed. Source: A-2.4.3.'),
    overdueNoticedAt: nullable(
      InstantOut,
      'When it was noticed that an off-site copy was not confirmed in time; null otherwise.',
    ),
    tries: Type.Integer({ description: 'Failed tries to make it.' }),
    finding: nullable(Type.String(), 'What is wrong with it, or why the last try failed.'),
    foundDigest: nullable(Type.String(), 'SHA-256 of what was read where it differs.'),
    endedAt: nullable(InstantOut, 'When it was found damaged or given up.'),
  },
  { title: 'BackupCopy' },
)

export const CopyEntity = entityOf(CopyView, {
  table: 'backup_copy',
  checks: [
    { name: 'backup_copy_role_check', expression: `role in ('primary', 'offsite')` },
    {
      name: 'backup_copy_state_check',
      expression: `state in ('awaited', 'good', 'damaged', 'failed')`,
    },
  ],
  uniques: [{ name: 'backup_copy_role_key', columns: ['runId', 'role'] }],
  indices: [
    { name: 'backup_copy_by_creation', columns: ['createdAt', 'id'] },
    { name: 'backup_copy_by_target', columns: ['targetId', 'createdAt'] },
    {
      name: 'backup_copy_unconfirmed',
      columns: ['dueAt'],
      where: '((good_at IS NULL) AND (overdue_noticed_at IS NULL))',
    },
    {
      name: 'backup_copy_to_verify',
      columns: ['lastVerifiedAt'],
      where: `(state = 'good'::text)`,
    },
  ],
})
export type Copy = RowOf<typeof CopyEntity>

/** A copy that a run is to make. */
export function newCopy(
  run: { readonly id: string; readonly targetId: string; readonly unitId: string },
  given: Pick<Copy, 'role' | 'siteCode' | 'dueAt' | 'expiresAt'>,
  now: Date,
): Copy {
  return {
    ...given,
    id: randomUUID(),
    runId: run.id,
    targetId: run.targetId,
    unitId: run.unitId,
    objectName: '',
    state: 'awaited',
    storedBytes: null,
    digest: null,
    createdAt: now,
    goodAt: null,
    lastVerifiedAt: null,
    overdueNoticedAt: null,
    tries: 0,
    finding: null,
    foundDigest: null,
    endedAt: null,
  }
}

/** @throws Problem `backup-copy-not-found` */
export async function copyOf(tx: EntityManager, id: string): Promise<Copy> {
  const copy = await tx.findOneBy(CopyEntity, { id })
  if (copy === null)
    throw new Problem('backup-copy-not-found', said(`There is no copy ${id}.`, `没有副本 ${id}。`))
  return copy
}

/** @throws Problem `backup-copy-state` unless the copy is proven good */
export function assertGood(copy: Copy): void {
  if (copy.state !== 'good')
    throw new Problem(
      'backup-copy-state',
      said(
        `The copy is ${copy.state}${copy.finding === null ? '' : `: ${copy.finding}`}.`,
        `该副本的状态为 ${copy.state}${copy.finding === null ? '' : `:${copy.finding}`}。`,
      ),
    )
}
