import { Source } from '@erp-steward/contracts/agent-protocol'
import { about, Code, Line, Uuid } from '@erp-steward/contracts/values'
import { operation } from '@erp-steward/service-kit/measured-interest'
import { defineProposal } from '@erp-steward/service-kit/proposal'
import { Type } from 'typebox'
import { changeTarget } from './change-target.ts'
import { lockTarget, targetById } from './target.ts'

/** Client id of an agent. */
export const AgentId = Type.String({
  minLength: 1,
  maxLength: 100,
  pattern: '^[\\u0021-\\u007e]+$',
  description: 'Client id of the agent that does the work of this target.',
})

export const TargetChanges = Type.Partial(
  Type.Object({
    name: about(Line(200), 'What people call it.'),
    agentId: AgentId,
    source: Source,
    keyId: about(Code, 'Which of the keys of the agent seals its copies.'),
    requiredBeforeChange: Type.Boolean({
      description:
        'Whether a change of its system waits for a fresh backup of it. Source: A-2.4.4.',
    }),
    active: Type.Boolean({ description: 'False: it is not backed up.' }),
  }),
  { additionalProperties: false, minProperties: 1 },
)

/** A change of what the gate of a system rests on. People of the unit whose data it is do not decide. Source. */
export const changeOfTarget = defineProposal({
  kind: 'backup-target.change',
  problems: ['backup-policy-missing', 'backup-target-not-found'],
  title: { 'zh-CN': '变更备份对象', en: 'Change of a backup target' },
  body: Type.Object({ targetId: Uuid, changes: TargetChanges }),
  decide: 'backup.plan',
  measures: () => operation,
  measuredMayAgree: true,
  subject: ({ targetId }) => targetId,
  concerns: async (tx, { targetId }) => ({
    personIds: [],
    unitIds: [(await targetById(tx, targetId)).unitId],
  }),
  version: async (tx, { targetId }) => (await lockTarget(tx, targetId)).version,
  apply: async (tx, { targetId, changes }, act) => {
    const { version } = await lockTarget(tx, targetId)
    await changeTarget(tx, targetId, changes, version, act)
  },
})
