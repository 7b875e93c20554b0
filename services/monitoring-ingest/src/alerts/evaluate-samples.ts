import { randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import {
  AlertCleared,
  AlertFiring,
  AlertPending,
  AlertResolved,
} from '@erp-steward/contracts/monitoring-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { Statement } from '@erp-steward/messaging/statement'
import { durationMs } from '@erp-steward/regulation/duration'
import { readParameter } from '@erp-steward/service-kit/parameters'
import type { ActiveThreshold } from '../thresholds/active-thresholds.ts'
import type { AlertStateRow } from './alert-state.ts'
import { EPISODE_COLUMNS, factOf, type AlertEpisode } from './episode.ts'
import {
  INITIAL,
  step,
  type AlertState,
  type Observation,
  type Transition,
} from './rules/alert-machine.ts'

/** The samples of one series that one threshold looks at; `seriesId` is a `bigint` as text. */
export interface Watched {
  readonly threshold: ActiveThreshold
  readonly seriesId: string
  readonly unitId: string
  readonly moduleCode: string | null
  readonly labels: Readonly<Record<string, string>>
  readonly observations: readonly Observation[]
}

/**
 * Evaluates samples in the transaction that stores them, so an alert can neither be lost nor be decided twice.
 *
 * The states are locked in a fixed order; two requests about one series take turns. Source.
 */
export async function evaluateSamples(
  tx: Statement,
  watched: readonly Watched[],
  act: Act,
): Promise<void> {
  if (watched.length === 0) return
  const byState = oncePerState(watched)
  const states = await lockStates(tx, [...byState.values()])
  const changed: [Watched, AlertState][] = []
  for (const [key, each] of byState) {
    let state = states.get(key) ?? INITIAL
    const before = state
    const inOrder = each.observations.toSorted((a, b) => a.atMs - b.atMs)
    for (const observation of inOrder) {
      const moved = step(each.threshold, state, observation, randomUUID)
      state = moved.state
      for (const transition of moved.transitions) await record(tx, each, transition, act)
    }
    if (state !== before) changed.push([each, state])
  }
  await writeStates(tx, changed)
}

const keyOf = (thresholdId: string, seriesId: string) => `${thresholdId} ${seriesId}`

/** A request may name one series twice, its labels in another order; its samples go through one state all the same. */
function oncePerState(watched: readonly Watched[]): Map<string, Watched> {
  const byState = new Map<string, Watched & { readonly observations: Observation[] }>()
  for (const each of watched) {
    const key = keyOf(each.threshold.id, each.seriesId)
    const known = byState.get(key)
    if (known === undefined) byState.set(key, { ...each, observations: [...each.observations] })
    else for (const observation of each.observations) known.observations.push(observation)
  }
  return byState
}

async function lockStates(tx: Statement, watched: readonly Watched[]) {
  const keys = [watched.map(({ threshold }) => threshold.id), watched.map((each) => each.seriesId)]
  const read = async () =>
    (await tx.query(
      `select threshold_id as "thresholdId", series_id as "seriesId", phase, episode_id as "episodeId", level,
              since, critical_since as "criticalSince", last_at as "lastAt", last_value as "lastValue"
         from alert_state
        where (threshold_id, series_id) in (select * from unnest($1::uuid[], $2::bigint[]))
        order by threshold_id, series_id for update`,
      keys,
    )) as AlertStateRow[]
  let rows = await read()
  if (rows.length < watched.length) {
    await tx.query(
      `insert into alert_state (threshold_id, series_id)
       select t, s from unnest($1::uuid[], $2::bigint[]) as missing (t, s) order by t, s
       on conflict do nothing`,
      keys,
    )
    rows = await read()
  }
  return new Map(rows.map((row) => [keyOf(row.thresholdId, row.seriesId), stateOf(row)]))
}

function stateOf(row: AlertStateRow): AlertState {
  const { phase, episodeId, level, since, criticalSince, lastAt, lastValue } = row
  const ms = (at: Date | null) => at?.getTime() ?? null
  return {
    phase,
    episodeId,
    level,
    sinceMs: ms(since),
    criticalSinceMs: ms(criticalSince),
    lastMs: ms(lastAt),
    lastValue,
  }
}

async function writeStates(tx: Statement, changed: readonly [Watched, AlertState][]) {
  if (changed.length === 0) return
  const at = (ms: number | null) => (ms === null ? null : new Date(ms))
  const column = <Value>(of: (state: AlertState) => Value) => changed.map(([, state]) => of(state))
  await tx.query(
    `update alert_state s
        set phase = n.phase, episode_id = n.episode_id, level = n.level, since = n.since,
            critical_since = n.critical_since, last_at = n.last_at, last_value = n.last_value
       from unnest($1::uuid[], $2::bigint[], $3::text[], $4::uuid[], $5::text[], $6::timestamptz[],
                   $7::timestamptz[], $8::timestamptz[], $9::float8[])
         as n (threshold_id, series_id, phase, episode_id, level, since, critical_since, last_at, last_value)
      where s.threshold_id = n.threshold_id and s.series_id = n.series_id`,
    [
      changed.map(([{ threshold }]) => threshold.id),
      changed.map(([{ seriesId }]) => seriesId),
      column(({ phase }) => phase),
      column(({ episodeId }) => episodeId),
      column(({ level }) => level),
      column(({ sinceMs }) => at(sinceMs)),
      column(({ criticalSinceMs }) => at(criticalSinceMs)),
      column(({ lastMs }) => at(lastMs)),
      column(({ lastValue }) => lastValue),
    ],
  )
}

/** Writes a transition into its episode and announces it. */
async function record(
  tx: Statement,
  { threshold, seriesId, unitId, moduleCode, labels }: Watched,
  { kind, episodeId, level, value, limit, sinceMs, atMs }: Transition,
  act: Act,
): Promise<void> {
  const at = new Date(atMs)
  const ended = kind === 'resolved' || kind === 'cleared'
  const [episode] = (await tx.query(
    `insert into alert_episode (id, threshold_id, threshold_version, series_id, unit_id, module_code, name, metric,
                                labels, state, level, value, limit_value, since, fired_at, ended_at, end_reason,
                                confirmed_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
     on conflict (id) do update
       set threshold_version = excluded.threshold_version, state = excluded.state, level = excluded.level, value = excluded.value, limit_value = excluded.limit_value,
           fired_at = coalesce(alert_episode.fired_at, excluded.fired_at),
           confirmed_at = coalesce(alert_episode.confirmed_at, excluded.confirmed_at),
           ended_at = excluded.ended_at, end_reason = excluded.end_reason,
           -- What nobody has taken climbs anew at a graver level.
           ack_overdue_at = case when alert_episode.level = excluded.level then alert_episode.ack_overdue_at end
     returning ${EPISODE_COLUMNS}`,
    [
      episodeId,
      threshold.id,
      threshold.version,
      seriesId,
      unitId,
      moduleCode,
      threshold.name,
      threshold.metric,
      JSON.stringify(labels),
      kind,
      level,
      value,
      limit,
      new Date(sinceMs),
      kind === 'firing' ? at : null,
      ended ? at : null,
      ended ? 'recovered' : null,
      // The sample may be two hours old; people can be told from now on.
      kind === 'firing' ? act.now : null,
    ],
  )) as AlertEpisode[]
  if (episode === undefined) throw new Error(`episode ${episodeId} was not written`)
  // A level fires once in an episode: it rises and never falls.
  if (kind === 'firing')
    await tx.query(
      `insert into alert_notice (episode_id, level, confirmed_at) values ($1, $2, $3) on conflict do nothing`,
      [episodeId, level, act.now],
    )
  const fact = factOf(episode)
  const since = episode.since.toISOString()
  const time = at.toISOString()
  const reason = 'recovered' as const
  switch (kind) {
    case 'pending':
      await appendEvent(tx, 'monitoring-ingest', AlertPending, episodeId, { ...fact, since }, act)
      break
    case 'firing':
      await appendEvent(
        tx,
        'monitoring-ingest',
        AlertFiring,
        episodeId,
        { ...fact, since, firedAt: time, repeats: await toldBefore(tx, episode, act) },
        act,
      )
      break
    case 'cleared':
      await appendEvent(
        tx,
        'monitoring-ingest',
        AlertCleared,
        episodeId,
        { ...fact, reason, clearedAt: time },
        act,
      )
      break
    case 'resolved':
      await appendEvent(
        tx,
        'monitoring-ingest',
        AlertResolved,
        episodeId,
        { ...fact, reason, resolvedAt: time },
        act,
      )
  }
}

/** The newest ended episode of the same alert that people were told of, as gravely, inside the time of suppression. */
async function toldBefore(tx: Statement, episode: AlertEpisode, act: Act): Promise<string | null> {
  const { id, thresholdId, seriesId, unitId, level } = episode
  const { value } = await readParameter(tx, 'monitoring.alert.suppress', unitId, act.now)
  const [told] = (await tx.query(
    `select e.id from alert_episode e join alert_notice n on n.episode_id = e.id
      where e.threshold_id = $1 and e.series_id = $2 and e.id <> $3 and e.ended_at is not null
        and n.level in ($4, 'critical') and n.notified_at > $5
      order by n.notified_at desc, n.confirmed_at desc, e.since desc limit 1`,
    [thresholdId, seriesId, id, level, new Date(act.now.getTime() - durationMs(value))],
  )) as { id: string }[]
  return told?.id ?? null
}
