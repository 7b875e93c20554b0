import { nullable, Paragraph, Uuid } from '@erp-steward/contracts/values'
import { operation } from '@erp-steward/service-kit/measured-interest'
import { defineProposal } from '@erp-steward/service-kit/proposal'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'
import { holdIngest } from './revision.ts'
import { changeThreshold, lockActive, withdrawThreshold } from './set-threshold.ts'
import { definition, thresholdById } from './threshold.ts'

const OfThreshold = Type.Object({ thresholdId: Uuid })

/** A change that lets something pass that alarmed before; `forSeconds` as it was resolved when it was proposed. */
export const loosenThreshold = defineProposal({
  kind: 'threshold.loosen',
  problems: [
    'module-unknown',
    'threshold-exists',
    'threshold-not-found',
    'threshold-refused',
    'threshold-withdrawn',
  ],
  title: { 'zh-CN': '放宽监控阈值', en: 'Loosen a threshold' },
  body: Type.Object({
    ...OfThreshold.properties,
    ...definition,
    forSeconds: nullable(Type.Integer()),
    reason: Paragraph(500),
  }),
  decide: 'threshold.manage',
  measures: () => operation,
  measuredMayAgree: true,
  subject: ({ thresholdId }) => thresholdId,
  concerns: (tx, { thresholdId }) => unitOf(tx, thresholdId),
  version: (tx, { thresholdId }) => heldVersion(tx, thresholdId),
  apply: async (tx, { thresholdId, ...command }, act) => {
    await changeThreshold(tx, thresholdId, command, await heldVersion(tx, thresholdId), act)
  },
})

/** Nothing judges the metric any more. */
export const endThreshold = defineProposal({
  kind: 'threshold.withdraw',
  problems: ['threshold-exists', 'threshold-not-found', 'threshold-withdrawn'],
  title: { 'zh-CN': '撤销监控阈值', en: 'Withdraw a threshold' },
  body: Type.Object({ ...OfThreshold.properties, reason: Paragraph(500) }),
  decide: 'threshold.manage',
  measures: () => operation,
  measuredMayAgree: true,
  subject: ({ thresholdId }) => thresholdId,
  concerns: (tx, { thresholdId }) => unitOf(tx, thresholdId),
  version: (tx, { thresholdId }) => heldVersion(tx, thresholdId),
  apply: async (tx, { thresholdId, reason }, act) => {
    await withdrawThreshold(tx, thresholdId, reason, await heldVersion(tx, thresholdId), act)
  },
})

/** The unit that is alarmed less decides nothing about it. */
async function unitOf(tx: EntityManager, thresholdId: string) {
  const { unitId } = await thresholdById(tx, thresholdId)
  return { personIds: [], unitIds: [unitId] }
}

/** In the order in which a change takes its locks: the ingest, then the row. */
async function heldVersion(tx: EntityManager, thresholdId: string): Promise<number> {
  await holdIngest(tx)
  return (await lockActive(tx, thresholdId)).version
}
