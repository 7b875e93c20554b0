import { Uuid } from '@erp-steward/contracts/values'
import { operation } from '@erp-steward/service-kit/measured-interest'
import { defineProposal } from '@erp-steward/service-kit/proposal'
import { Type } from 'typebox'
import { ExactDuration, keepingMembers, policyMembers } from './policy.ts'
import { setPolicy } from './set-policy.ts'
import { lockTarget, targetById } from './target.ts'

/**
 * How a target is backed up is set by two, also for the first time: it makes the gate of its system. People of the unit
 * whose data it is do not decide. Sources.
 */
export const settingOfPolicy = defineProposal({
  kind: 'backup-policy.set',
  problems: ['backup-policy-missing', 'backup-policy-refused', 'backup-target-not-found'],
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
