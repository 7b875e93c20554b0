import { Source } from '@erp-steward/contracts/agent-protocol'
import { SystemServes } from '@erp-steward/contracts/backup-events'
import { about, Code, Line, nullable, Uuid } from '@erp-steward/contracts/values'
import { operation } from '@erp-steward/service-kit/measured-interest'
import { defineProposal } from '@erp-steward/service-kit/proposal'
import { Type } from 'typebox'
import { AgentId } from './change-of-target.ts'
import { registerTarget } from './register-target.ts'
import { ObjectKind } from './target.ts'

/** What is said of a target when it is registered. */
export const registeredMembers = {
  code: about(Code, 'Its name in events and logs; it never changes.'),
  name: about(Line(200), 'What people call it.'),
  systemCode: about(Code, 'The system that it is part of; changes name that.'),
  unitId: about(Uuid, 'The unit whose data it is.'),
  agentId: AgentId,
  source: Source,
  keyId: about(Code, 'Which of the keys of the agent seals its copies.'),
  requiredBeforeChange: Type.Boolean({
    description: 'Whether a change of its system waits for a fresh backup of it. Source: A-2.4.4.',
  }),
}

/**
 * A target is registered, and given to a system, by two: the gate of the system rests on it, and a toy would open it. People
 * of the unit whose data it is do not decide. Source.
 */
export const registering = defineProposal({
  kind: 'backup-target.register',
  problems: [
    'backup-system-foreign',
    'backup-system-not-found',
    'backup-target-exists',
    'unit-unknown',
  ],
  title: { 'zh-CN': '登记备份对象', en: 'Registration of a backup target' },
  body: Type.Object({
    ...registeredMembers,
    targetId: Uuid,
    objectKind: ObjectKind,
    systemServes: nullable(SystemServes),
  }),
  decide: 'backup.plan',
  measures: () => operation,
  measuredMayAgree: true,
  subject: ({ code }) => code,
  concerns: (_, { unitId }) => Promise.resolve({ personIds: [], unitIds: [unitId] }),
  apply: async (tx, { targetId, ...body }, act) => {
    await registerTarget(tx, { ...body, id: targetId }, act)
  },
})
