import type { AlertFiring } from '@erp-steward/contracts/monitoring-events'
import type { Static } from 'typebox'
import { EntitySchema } from 'typeorm'
import type { AlertNotice } from './alert-notice.ts'
import type { AlertLevel } from './rules/alert-machine.ts'

/** Why an episode ended; only `recovered` says that the value is good again. */
export type EndReason =
  'recovered' | 'threshold-withdrawn' | 'threshold-changed' | 'source-disabled'

/** One stretch of breach of one series under one threshold, from the first bad sample to the end. */
export interface AlertEpisode {
  id: string
  thresholdId: string
  thresholdVersion: number
  /** `bigint`, as text. */
  seriesId: string
  unitId: string
  moduleCode: string | null
  name: string
  metric: string
  labels: Record<string, string>
  state: 'pending' | 'firing' | 'resolved' | 'cleared'
  level: AlertLevel
  /** The value of the newest transition, and the limit of its level. */
  value: number
  limit: number
  /** Sample times: the first breach, the confirmation, the end. */
  since: Date
  firedAt: Date | null
  endedAt: Date | null
  endReason: EndReason | null
  /** When it was confirmed here first, by our clock; `null` while it was not, as the two after it until they happen. */
  confirmedAt: Date | null
  /** When a person took it, and when it was noticed that nobody did in time; a rise asks anew while nobody has. */
  acknowledgedAt: Date | null
  ackOverdueAt: Date | null
}

export const AlertEpisodeEntity = new EntitySchema<AlertEpisode>({
  name: 'AlertEpisode',
  tableName: 'alert_episode',
  columns: {
    id: { type: 'uuid', primary: true, primaryKeyConstraintName: 'alert_episode_pkey' },
    thresholdId: { type: 'uuid', name: 'threshold_id' },
    thresholdVersion: { type: 'integer', name: 'threshold_version' },
    seriesId: { type: 'bigint', name: 'series_id' },
    unitId: { type: 'uuid', name: 'unit_id' },
    moduleCode: { type: 'text', name: 'module_code', nullable: true },
    name: { type: 'text' },
    metric: { type: 'text' },
    labels: { type: 'jsonb' },
    state: { type: 'text' },
    level: { type: 'text' },
    value: { type: 'double precision' },
    limit: { type: 'double precision', name: 'limit_value' },
    since: { type: 'timestamptz' },
    firedAt: { type: 'timestamptz', name: 'fired_at', nullable: true },
    endedAt: { type: 'timestamptz', name: 'ended_at', nullable: true },
    endReason: { type: 'text', name: 'end_reason', nullable: true },
    confirmedAt: { type: 'timestamptz', name: 'confirmed_at', nullable: true },
    acknowledgedAt: { type: 'timestamptz', name: 'acknowledged_at', nullable: true },
    ackOverdueAt: { type: 'timestamptz', name: 'ack_overdue_at', nullable: true },
  },
  checks: [
    {
      name: 'alert_episode_state_check',
      expression: `state in ('pending', 'firing', 'resolved', 'cleared')`,
    },
    { name: 'alert_episode_level_check', expression: `level in ('warning', 'critical')` },
    {
      name: 'alert_episode_end_check',
      expression: `(state in ('resolved', 'cleared')) = (ended_at is not null and end_reason is not null)`,
    },
  ],
  indices: [
    { name: 'alert_episode_by_time', columns: ['since', 'id'] },
    { name: 'alert_episode_firing', columns: ['since', 'id'], where: `state = 'firing'` },
    { name: 'alert_episode_by_series', columns: ['thresholdId', 'seriesId', 'endedAt'] },
    {
      name: 'alert_episode_open',
      columns: ['thresholdId', 'seriesId'],
      unique: true,
      where: 'ended_at is null',
    },
  ],
})

/** Columns of an episode under their names here, for raw SQL. */
export const EPISODE_COLUMNS = `id, threshold_id as "thresholdId", threshold_version as "thresholdVersion",
  series_id as "seriesId", unit_id as "unitId", module_code as "moduleCode", name, metric, labels, state, level,
  value, limit_value as "limit", since, fired_at as "firedAt", ended_at as "endedAt", end_reason as "endReason",
  confirmed_at as "confirmedAt", acknowledged_at as "acknowledgedAt", ack_overdue_at as "ackOverdueAt"`

/** What every alert event says of its episode. */
export function factOf(
  episode: AlertEpisode,
): Omit<Static<typeof AlertFiring.payload>, 'since' | 'firedAt'> {
  const { id, thresholdId, name, metric, labels, unitId, moduleCode, level, value, limit } = episode
  return {
    episodeId: id,
    thresholdId,
    name,
    metric,
    labels,
    unitId,
    moduleCode,
    level,
    value,
    limit,
  }
}

/** What an event says of an alert that was confirmed at a level and of which people must be told. */
export function confirmedFactOf(
  { id, thresholdId, unitId }: AlertEpisode,
  { level, confirmedAt }: Pick<AlertNotice, 'level' | 'confirmedAt'>,
) {
  return { episodeId: id, thresholdId, unitId, level, confirmedAt: confirmedAt.toISOString() }
}
