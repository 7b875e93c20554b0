import { SystemServes } from '@erp-steward/contracts/backup-events'
import { Code } from '@erp-steward/contracts/values'
import { operation } from '@erp-steward/service-kit/measured-interest'
import { defineProposal } from '@erp-steward/service-kit/proposal'
import { Type } from 'typebox'
import { setServes } from './keep-system.ts'
import { lockSystem } from './system.ts'

/**
 * For whose changes the gate of a system opens is set by two: whoever may name a system may rest a change on its backups.
 * People of its unit do not decide. Source.
 */
export const changeOfSystem = defineProposal({
  kind: 'backup-system.change',
  problems: ['backup-system-not-found'],
  title: { 'zh-CN': '变更系统的服务范围', en: 'Change of whom a system serves' },
  body: Type.Object({ systemCode: Code, serves: SystemServes }),
  decide: 'backup.plan',
  measures: () => operation,
  measuredMayAgree: true,
  subject: ({ systemCode }) => systemCode,
  concerns: async (tx, { systemCode }) => ({
    personIds: [],
    unitIds: [(await lockSystem(tx, systemCode)).unitId],
  }),
  version: async (tx, { systemCode }) => (await lockSystem(tx, systemCode)).version,
  apply: (tx, { systemCode, serves }, act) => setServes(tx, systemCode, serves, act),
})
