import { EntitySchema } from 'typeorm'
import type { AlertLevel } from './rules/alert-machine.ts'

/** Where the state machine of one series under one threshold stands; a restart goes on from here. */
export interface AlertStateRow {
  thresholdId: string
  /** `bigint`, as text. */
  seriesId: string
  phase: 'inactive' | 'pending' | 'firing'
  episodeId: string | null
  level: AlertLevel | null
  since: Date | null
  criticalSince: Date | null
  lastAt: Date | null
  lastValue: number | null
}

export const AlertStateEntity = new EntitySchema<AlertStateRow>({
  name: 'AlertState',
  tableName: 'alert_state',
  columns: {
    thresholdId: {
      type: 'uuid',
      primary: true,
      name: 'threshold_id',
      primaryKeyConstraintName: 'alert_state_pkey',
    },
    seriesId: {
      type: 'bigint',
      primary: true,
      name: 'series_id',
      primaryKeyConstraintName: 'alert_state_pkey',
    },
    phase: { type: 'text', default: 'inactive' },
    episodeId: { type: 'uuid', name: 'episode_id', nullable: true },
    level: { type: 'text', nullable: true },
    since: { type: 'timestamptz', nullable: true },
    criticalSince: { type: 'timestamptz', name: 'critical_since', nullable: true },
    lastAt: { type: 'timestamptz', name: 'last_at', nullable: true },
    lastValue: { type: 'double precision', name: 'last_value', nullable: true },
  },
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
})
