import { randomUUID } from 'node:crypto'
import { Problem } from '@erp-steward/contracts/problem'
import { EntitySchema, type EntityManager } from 'typeorm'

export const copyStates = ['awaited', 'good', 'damaged', 'failed'] as const
/**
 * `awaited`: not proven yet; `good`: read again after it was written, its digest agrees; `damaged`: was good and is not
 * what was written any more, for ever; `failed`: never became good.
 */
export type CopyState = (typeof copyStates)[number]

/** A stored object: the backup itself, or its copy at the other site. */
export interface Copy {
  id: string
  runId: string
  targetId: string
  unitId: string
  role: 'primary' | 'offsite'
  siteCode: string
  /** Path below the store's root; each lease writes to a name of its own. */
  objectName: string
  state: CopyState
  storedBytes: number | null
  digest: string | null
  createdAt: Date
  /** When it was proven good first. */
  goodAt: Date | null
  lastVerifiedAt: Date | null
  /** Until when the policy wants it kept. */
  expiresAt: Date | null
  /** When an off-site copy must be confirmed. */
  dueAt: Date | null
  overdueNoticedAt: Date | null
  /** Failed tries to make it. */
  tries: number
  /** What is wrong with it, or why the last try failed. */
  finding: string | null
  foundDigest: string | null
  /** When it was found damaged or given up. */
  endedAt: Date | null
}

export const CopyEntity = new EntitySchema<Copy>({
  name: 'Copy',
  tableName: 'backup_copy',
  columns: {
    id: { type: 'uuid', primary: true, primaryKeyConstraintName: 'backup_copy_pkey' },
    runId: { type: 'uuid', name: 'run_id' },
    targetId: { type: 'uuid', name: 'target_id' },
    unitId: { type: 'uuid', name: 'unit_id' },
    role: { type: 'text' },
    siteCode: { type: 'text', name: 'site_code' },
    objectName: { type: 'text', name: 'object_name' },
    state: { type: 'text' },
    storedBytes: { type: 'double precision', name: 'stored_bytes', nullable: true },
    digest: { type: 'text', nullable: true },
    createdAt: { type: 'timestamptz', name: 'created_at' },
    goodAt: { type: 'timestamptz', name: 'good_at', nullable: true },
    lastVerifiedAt: { type: 'timestamptz', name: 'last_verified_at', nullable: true },
    expiresAt: { type: 'timestamptz', name: 'expires_at', nullable: true },
    dueAt: { type: 'timestamptz', name: 'due_at', nullable: true },
    overdueNoticedAt: { type: 'timestamptz', name: 'overdue_noticed_at', nullable: true },
    tries: { type: 'integer' },
    finding: { type: 'text', nullable: true },
    foundDigest: { type: 'text', name: 'found_digest', nullable: true },
    endedAt: { type: 'timestamptz', name: 'ended_at', nullable: true },
  },
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
  if (copy === null) throw new Problem('backup-copy-not-found', `There is no copy ${id}.`)
  return copy
}

/** @throws Problem `backup-copy-state` unless the copy is proven good */
export function assertGood(copy: Copy): void {
  if (copy.state !== 'good')
    throw new Problem(
      'backup-copy-state',
      `The copy is ${copy.state}${copy.finding === null ? '' : `: ${copy.finding}`}.`,
    )
}
