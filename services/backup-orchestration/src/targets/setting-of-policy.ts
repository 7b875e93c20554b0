import { Code, nullable, Uuid } from '@erp-steward/contracts/values'
import { operation } from '@erp-steward/service-kit/measured-interest'
import { defineProposal } from '@erp-steward/service-kit/proposal'
import { Type } from 'typebox'
import { setPolicy } from './set-policy.ts'
import { lockTarget, targetById } from './target.ts'

export const ExactDuration = Type.String({
  maxLength: 30,
  description: 'ISO 8601 duration without years and months, `PT24H`.',
})

const kept = (maximum: number, period: string) =>
  nullable(
    Type.Integer({
      minimum: 1,
      maximum,
      description: `For how many ${period}s the first good backup of each ${period} is kept.`,
    }),
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
  rpo: ExactDuration,
  keepDays: Type.Integer({ minimum: 1, maximum: 36_500 }),
  primarySite: Code,
  offsiteSite: nullable(Code),
}

/**
 * How a target is backed up is set by two, also for the first time: it makes the gate of its system. People of the unit
 * whose data it is do not decide. Sources.
 */
export const settingOfPolicy = defineProposal({
  kind: 'backup-policy.set',
  title: { 'zh-CN': '设定备份策略', en: 'Setting of a backup policy' },
  body: Type.Object({
    targetId: Uuid,
    policy: Type.Object({ ...policyMembers, ...keepingMembers, startWithin: ExactDuration }),
  }),
  decide: 'backup.plan',
  measures: () => operation,
  measuredMayAgree: true,
  subject: ({ targetId }) => targetId,
  concerns: async (tx, { targetId }) => ({
    personIds: [],
    unitIds: [(await targetById(tx, targetId)).unitId],
  }),
  version: async (tx, { targetId }) => (await lockTarget(tx, targetId)).policyVersion,
  apply: async (tx, { targetId, policy }, act) => {
    const { policyVersion } = await lockTarget(tx, targetId)
    await setPolicy(tx, targetId, policy, policyVersion, act)
  },
})
