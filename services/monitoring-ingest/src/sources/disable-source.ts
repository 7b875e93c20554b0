import type { Act } from '@erp-steward/contracts/act'
import { SourceChanged } from '@erp-steward/contracts/monitoring-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import { endEpisodes } from '../alerts/end-episodes.ts'
import { holdIngest } from '../thresholds/revision.ts'
import { factOf, lockActiveSource, SourceEntity, type Source } from './source.ts'

/**
 * Ends a source for good: its token is void and its open alerts end, for nothing will ever say that they recovered.
 *
 * @throws Problem `source-not-found`, `version-stale`, `source-disabled`
 */
export async function disableSource(
  tx: EntityManager,
  sourceId: string,
  expected: number,
  act: Act,
): Promise<Source> {
  await holdIngest(tx)
  const source = await lockActiveSource(tx, sourceId, expected)
  const disabled = {
    state: 'disabled' as const,
    tokenHash: null,
    silentSince: null,
    version: expected + 1,
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
