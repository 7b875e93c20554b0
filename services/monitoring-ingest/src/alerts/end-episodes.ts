import type { Act } from '@erp-steward/contracts/act'
import { AlertCleared, AlertResolved } from '@erp-steward/contracts/monitoring-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import { EPISODE_COLUMNS, factOf, type AlertEpisode, type EndReason } from './episode.ts'

/**
 * Ends every open episode of a threshold or of a source, so that each firing is followed by its one end.
 *
 * The caller holds the ingest (`holdIngest`), so no sample can open another meanwhile.
 */
export async function endEpisodes(
  tx: EntityManager,
  of: { readonly thresholdId: string } | { readonly sourceId: string },
  reason: Exclude<EndReason, 'recovered'>,
  act: Act,
): Promise<void> {
  const [condition, id] =
    'thresholdId' in of
      ? ['threshold_id = $1', of.thresholdId]
      : ['series_id in (select id from series where source_id = $1)', of.sourceId]
  const [ended]: [AlertEpisode[], number] = await tx.query(
    `update alert_episode set ended_at = $2, end_reason = $3,
            state = case state when 'firing' then 'resolved' else 'cleared' end
      where ended_at is null and ${condition} returning ${EPISODE_COLUMNS}`,
    [id, act.now, reason],
  )
  // What was seen last stays, so that a late sample cannot open an episode in the past.
  await tx.query(
    `update alert_state set phase = 'inactive', episode_id = null, level = null, since = null,
            critical_since = null
      where phase <> 'inactive' and ${condition}`,
    [id],
  )
  const at = act.now.toISOString()
  for (const episode of ended) {
    const fact = { ...factOf(episode), reason }
    if (episode.state === 'resolved')
      await appendEvent(
        tx,
        'monitoring-ingest',
        AlertResolved,
        episode.id,
        { ...fact, resolvedAt: at },
        act,
      )
    else
      await appendEvent(
        tx,
        'monitoring-ingest',
        AlertCleared,
        episode.id,
        { ...fact, clearedAt: at },
        act,
      )
  }
}
