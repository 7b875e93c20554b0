import { AlertLevel } from '@erp-steward/contracts/monitoring-events'
import { InstantOut, nullable, Uuid } from '@erp-steward/contracts/values'
import { entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import { Type } from 'typebox'

/** Where the state machine of one series under one threshold stands; a restart goes on from here. */
export const AlertStateEntity = entityOf(
  Type.Object({
    thresholdId: Uuid,
    // A bigint, hence text.
    seriesId: Type.String(),
    phase: Type.Enum(['inactive', 'pending', 'firing']),
    episodeId: nullable(Uuid),
    level: nullable(AlertLevel),
    since: nullable(InstantOut),
    criticalSince: nullable(InstantOut),
    lastAt: nullable(InstantOut),
    lastValue: nullable(Type.Number()),
  }),
  {
    table: 'alert_state',
    key: ['thresholdId', 'seriesId'],
    columns: { seriesId: { type: 'bigint' }, phase: { default: 'inactive' } },
    checks: [
      {
        name: 'alert_state_phase_check',
        expression: `phase in ('inactive', 'pending', 'firing')`,
      },
      {
        name: 'alert_state_episode_check',
        expression: `(phase = 'inactive') = (episode_id is null)`,
      },
    ],
  },
)
export type AlertStateRow = RowOf<typeof AlertStateEntity>
