import { Problem } from '@erp-steward/contracts/problem'
import { EntitySchema, type EntityManager } from 'typeorm'
import type { Keeping } from './rules/keeping.ts'

/** One version of how a target is backed up; runs keep the version they were queued under. */
export interface Policy extends Keeping {
  targetId: string
  version: number
  /** Five fields of cron, read in Asia/Shanghai. */
  schedule: string
  /** How old the newest good backup may be: ISO 8601 duration of exact length. */
  rpo: string
  /** How late a run may start before it counts as missed: ISO 8601 duration of exact length. */
  startWithin: string
  /** How many days a copy is to be kept that stands for no week, month or year. */
  keepDays: number
  primarySite: string
  offsiteSite: string | null
  author: string
  createdAt: Date
}

export const PolicyEntity = new EntitySchema<Policy>({
  name: 'Policy',
  tableName: 'backup_policy',
  columns: {
    targetId: {
      type: 'uuid',
      name: 'target_id',
      primary: true,
      primaryKeyConstraintName: 'backup_policy_pkey',
    },
    version: {
      type: 'integer',
      primary: true,
      primaryKeyConstraintName: 'backup_policy_pkey',
    },
    schedule: { type: 'text' },
    rpo: { type: 'text' },
    startWithin: { type: 'text', name: 'start_within' },
    keepDays: { type: 'integer', name: 'keep_days' },
    keepWeeks: { type: 'integer', name: 'keep_weeks', nullable: true },
    keepMonths: { type: 'integer', name: 'keep_months', nullable: true },
    keepYears: { type: 'integer', name: 'keep_years', nullable: true },
    primarySite: { type: 'text', name: 'primary_site' },
    offsiteSite: { type: 'text', name: 'offsite_site', nullable: true },
    author: { type: 'text' },
    createdAt: { type: 'timestamptz', name: 'created_at' },
  },
})

/** @throws Problem `backup-policy-missing` */
export async function policyOf(
  tx: EntityManager,
  targetId: string,
  version: number,
): Promise<Policy> {
  const policy = await tx.findOneBy(PolicyEntity, { targetId, version })
  if (policy === null)
    throw new Problem('backup-policy-missing', 'The target has no policy; set one first.')
  return policy
}
