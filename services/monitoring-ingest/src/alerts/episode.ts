import { AlertLevel, type AlertFiring } from '@erp-steward/contracts/monitoring-events'
import { about, Code, Id, InstantOut, nullable, UnitId, Uuid } from '@erp-steward/contracts/values'
import { columnsOf, entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import { Type, type Static } from 'typebox'
import { NoticeView, type AlertNotice } from './alert-notice.ts'

const EndReason = Type.Enum(
  ['recovered', 'threshold-withdrawn', 'threshold-changed', 'source-disabled'],
  {
    title: 'AlertEndReason',
    description: 'Why it ended; only `recovered` says that the value is good again.',
  },
)
export type EndReason = Static<typeof EndReason>

export const AlertState = Type.Enum(['pending', 'firing', 'resolved', 'cleared'], {
  title: 'AlertState',
  description:
    '`pending`: a breach that has not lasted yet; `firing`; `resolved`: it fired and ended; `cleared`: it ended before it fired.',
})

/** One stretch of breach of one series under one threshold, from the first bad sample to the end. */
export const EpisodeView = Type.Object(
  {
    id: Id,
    thresholdId: about(Uuid, 'The threshold that is broken.'),
    thresholdVersion: Type.Integer({ description: 'The version by which it was judged last.' }),
    unitId: UnitId,
    moduleCode: nullable(Code, 'The module of the threshold; null: of none.'),
    name: Type.String({ description: 'Of the threshold.' }),
    metric: Type.String({ description: 'Name of the metric, as its source sends it.' }),
    labels: Type.Record(Type.String(), Type.String(), {
      description: 'The labels that tell the series from others of the metric.',
    }),
    state: AlertState,
    level: AlertLevel,
    value: Type.Number({ description: 'At the newest transition, in the unit of the metric.' }),
    limit: Type.Number({ description: 'Of its level, in the unit of the metric.' }),
    since: about(InstantOut, 'Sample time of the first breach.'),
    firedAt: nullable(InstantOut, 'Sample time of the confirmation.'),
    endedAt: nullable(InstantOut, 'Sample time of the end.'),
    endReason: nullable(EndReason, 'Why it ended; null while it is open.'),
    confirmedAt: nullable(InstantOut, 'When it was confirmed here first, by our clock.'),
    notifiedAt: nullable(
      InstantOut,
      'When a person in charge was reached first about the level it has; null before that. Source: A-3.2.3.',
    ),
    notifyOverdueAt: nullable(
      InstantOut,
      'When it was noticed that nobody was reached in time about that level; null otherwise.',
    ),
    notices: Type.Array(NoticeView, {
      description:
        'Each level that was confirmed, the first first: when a person in charge was reached about it, and when it was noticed that nobody was in time. The members of the same name beside it are those of the level that the alert has.',
    }),
    acknowledgedAt: nullable(InstantOut, 'When a person took it.'),
    ackOverdueAt: nullable(
      InstantOut,
      'When it was noticed that nobody took it in time; a rise asks anew while nobody has.',
    ),
  },
  { title: 'Alert' },
)

export const AlertEpisodeEntity = entityOf(EpisodeView, {
  table: 'alert_episode',
  derived: ['notifiedAt', 'notifyOverdueAt', 'notices'],
  kept: {
    // A bigint, hence text.
    seriesId: Type.String(),
  },
  columns: { seriesId: { type: 'bigint' }, limit: { name: 'limit_value' } },
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
export type AlertEpisode = RowOf<typeof AlertEpisodeEntity>

/** Columns of an episode under their names here, for raw SQL. */
export const EPISODE_COLUMNS = columnsOf(AlertEpisodeEntity)

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
