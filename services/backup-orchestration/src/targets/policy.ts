import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { about, Code, InstantOut, nullable, Uuid } from '@erp-steward/contracts/values'
import { entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'

export const ExactDuration = Type.String({
  maxLength: 30,
  description: 'ISO 8601 duration without years and months, `PT24H`.',
})

const kept = (maximum: number, period: string) =>
  nullable(
    Type.Integer({ minimum: 1, maximum }),
    `For how many ${period}s the first good backup of each ${period} is kept; null: for none.`,
  )

/** How long the backups are kept that stand for a week, a month or a year; a database has them all. */
export const keepingMembers = {
  keepWeeks: kept(520, 'week'),
  keepMonths: kept(360, 'month'),
  keepYears: kept(30, 'year'),
}

export const policyMembers = {
  schedule: Type.String({
    maxLength: 100,
    description: 'Five fields of cron, read in Asia/Shanghai.',
  }),
  /** How old the newest good backup may be. */
  rpo: about(
    ExactDuration,
    'How old the newest good backup may be: ISO 8601 duration without years and months, `PT24H`.',
  ),
  keepDays: Type.Integer({
    minimum: 1,
    maximum: 36_500,
    description: 'How many days a copy is to be kept that stands for no week, month or year.',
  }),
  primarySite: about(Code, 'Code of the site where the backup itself lies.'),
  offsiteSite: nullable(Code, 'Code of the site of the copy elsewhere (A-2.4.3); null: none.'),
}

/** One version of how a target is backed up; runs keep the version they were queued under. */
export const PolicyView = Type.Object(
  {
    targetId: about(Uuid, 'The target that it is about.'),
    version: Type.Integer({
      description: 'From 1; runs keep the version that they were queued under.',
    }),
    ...policyMembers,
    ...keepingMembers,
    /** How late a run may start before it counts as missed. */
    startWithin: about(
      ExactDuration,
      'How late a run may start before it counts as missed: ISO 8601 duration.',
    ),
    author: Type.String({ description: 'Account or client that proposed it.' }),
    createdAt: about(InstantOut, 'When it was set.'),
    nextRuns: Type.Array(InstantOut, { description: 'The next three instants of the schedule.' }),
  },
  { title: 'BackupPolicy' },
)

export const PolicyEntity = entityOf(PolicyView, {
  table: 'backup_policy',
  derived: ['nextRuns'],
  key: ['targetId', 'version'],
})
export type Policy = RowOf<typeof PolicyEntity>

/** @throws Problem `backup-policy-missing` */
export async function policyOf(
  tx: EntityManager,
  targetId: string,
  version: number,
): Promise<Policy> {
  const policy = await tx.findOneBy(PolicyEntity, { targetId, version })
  if (policy === null)
    throw new Problem(
      'backup-policy-missing',
      said('The target has no policy; set one first.', '该备份对象没有策略，请先设置。'),
    )
  return policy
}
