import type { Act } from '@erp-steward/contracts/act'
import { SourceChanged } from '@erp-steward/contracts/monitoring-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { Uuid } from '@erp-steward/contracts/values'
import { operation } from '@erp-steward/service-kit/measured-interest'
import { defineProposal } from '@erp-steward/service-kit/proposal'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'
import { endEpisodes } from '../alerts/end-episodes.ts'
import { holdIngest } from '../thresholds/revision.ts'
import { factOf, lockActiveSource, SourceEntity, type Source } from './source.ts'

/**
 * Ends a source for good: its token is void and its open alerts end, for nothing will ever say that they recovered.
 *
 * @throws Problem `source-not-found`, `source-disabled`
 */
export async function disableSource(
  tx: EntityManager,
  sourceId: string,
  act: Act,
): Promise<Source> {
  await holdIngest(tx)
  const source = await lockActiveSource(tx, sourceId)
  const disabled = {
    state: 'disabled' as const,
    tokenHash: null,
    silentSince: null,
    version: source.version + 1,
  }
  await tx.update(SourceEntity, { id: sourceId }, disabled)
  await endEpisodes(tx, { sourceId }, 'source-disabled', act)
  await appendEvent(
    tx,
    'monitoring-ingest',
    SourceChanged,
    sourceId,
    { ...factOf(source), change: 'disabled' },
    act,
  )
  return { ...source, ...disabled }
}

/** Disables a source that a threshold or a key figure lives on: what it watched goes blind. Source. */
export const disableNeededSource = defineProposal({
  kind: 'source.disable',
  problems: ['source-disabled', 'source-not-found'],
  title: { 'zh-CN': '停用采集源', en: 'Disable a source of samples' },
  body: Type.Object({ sourceId: Uuid }),
  decide: 'source.manage',
  measures: () => operation,
  measuredMayAgree: true,
  subject: ({ sourceId }) => sourceId,
  concerns: async (tx, { sourceId }) => ({
    personIds: [],
    unitIds: [(await lockActiveSource(tx, sourceId)).unitId],
  }),
  version: async (tx, { sourceId }) => {
    await holdIngest(tx)
    return (await lockActiveSource(tx, sourceId)).version
  },
  apply: async (tx, { sourceId }, act) => {
    await disableSource(tx, sourceId, act)
  },
})
