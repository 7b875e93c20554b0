import type { Act } from '@erp-steward/contracts/act'
import { ThresholdFed, ThresholdUnfed } from '@erp-steward/contracts/monitoring-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { defineTask } from '@erp-steward/service-kit/jobs'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'
import { speaksForNow } from '../ingest/rules/speaks-for-now.ts'
import { matches } from '../metrics/rules/matchers.ts'
import type { Threshold } from './threshold.ts'
import { UnfedThresholdEntity, type UnfedReason } from './unfed-threshold.ts'

type Fed = Pick<Threshold, 'id' | 'unitId' | 'moduleCode' | 'metric' | 'matchers'>

/**
 * States which thresholds in force judge nothing, and which do again: the source was disabled or fell silent, the module
 * has none, or nobody ever sent the metric. Source.
 */
export const stateFeeds = defineTask(
  'state-threshold-feeds',
  Type.Object({}),
  async (tx, _, act) => {
    const { from, to } = speaksForNow(act.now)
    const rows: (Fed & { isFed: boolean })[] = await tx.query(
      `select id, unit_id as "unitId", module_code as "moduleCode", metric, matchers,
            exists (select from alert_state where threshold_id = t.id and last_at between $1 and $2) as "isFed"
       from threshold t where active order by id`,
      [from, to],
    )
    await tx.query('delete from threshold_unfed where threshold_id <> all($1)', [
      rows.map(({ id }) => id),
    ])
    for (const { isFed, ...threshold } of rows)
      await stateFeed(tx, threshold, isFed ? null : await unfedReason(tx, threshold), act)
  },
)

/** States once that a threshold judges nothing, for what reason, or that it judges again (`null`). */
export async function stateFeed(
  tx: EntityManager,
  { id: thresholdId, unitId }: Pick<Threshold, 'id' | 'unitId'>,
  reason: UnfedReason | null,
  act: Act,
): Promise<void> {
  const was = await tx.findOneBy(UnfedThresholdEntity, { thresholdId })
  if ((was?.reason ?? null) === reason) return
  const at = act.now.toISOString()
  if (reason === null) {
    await tx.delete(UnfedThresholdEntity, { thresholdId })
    const fact = { thresholdId, unitId, fedAt: at }
    await appendEvent(tx, 'monitoring-ingest', ThresholdFed, thresholdId, fact, act)
    return
  }
  await tx.save(UnfedThresholdEntity, {
    thresholdId,
    reason,
    unfedSince: was?.unfedSince ?? act.now,
  })
  const fact = { thresholdId, unitId, reason, foundAt: at }
  await appendEvent(tx, 'monitoring-ingest', ThresholdUnfed, thresholdId, fact, act)
}

/** What is missing for a threshold that no sample of now reaches. */
export async function unfedReason(
  tx: EntityManager,
  { unitId, moduleCode, metric, matchers }: Omit<Fed, 'id'>,
): Promise<UnfedReason> {
  const sources: { moduleCode: string | null }[] = await tx.query(
    `select module_code as "moduleCode" from source where unit_id = $1 and state = 'active'`,
    [unitId],
  )
  if (sources.length === 0) return 'no-source'
  if (moduleCode !== null && sources.every((source) => source.moduleCode !== moduleCode))
    return 'no-source-of-module'
  const series: { labels: Record<string, string> }[] = await tx.query(
    `select s.labels from series s join source o on o.id = s.source_id and o.state = 'active'
      where s.unit_id = $1 and s.metric = $2 and ($3::text is null or s.module_code = $3)`,
    [unitId, metric, moduleCode],
  )
  return series.some(({ labels }) => matches(matchers, labels)) ? 'no-samples' : 'metric-unknown'
}
