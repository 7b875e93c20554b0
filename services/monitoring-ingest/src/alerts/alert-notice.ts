import { EntitySchema } from 'typeorm'
import type { AlertLevel } from './rules/alert-machine.ts'

/** One level of a confirmed alert, and whether people in charge were told of it. */
export interface AlertNotice {
  episodeId: string
  level: AlertLevel
  /** When the level was confirmed here, by our clock: the time to tell counts from it. */
  confirmedAt: Date
  /** When a person in charge was reached first; `null` while nobody was. */
  notifiedAt: Date | null
  /** When it was noticed that nobody was reached in time. */
  overdueAt: Date | null
}

export const AlertNoticeEntity = new EntitySchema<AlertNotice>({
  name: 'AlertNotice',
  tableName: 'alert_notice',
  columns: {
    episodeId: {
      type: 'uuid',
      name: 'episode_id',
      primary: true,
      primaryKeyConstraintName: 'alert_notice_pkey',
    },
    level: { type: 'text', primary: true, primaryKeyConstraintName: 'alert_notice_pkey' },
    confirmedAt: { type: 'timestamptz', name: 'confirmed_at' },
    notifiedAt: { type: 'timestamptz', name: 'notified_at', nullable: true },
    overdueAt: { type: 'timestamptz', name: 'overdue_at', nullable: true },
  },
  checks: [{ name: 'alert_notice_level_check', expression: `level in ('warning', 'critical')` }],
  indices: [
    {
      name: 'alert_notice_untold',
      columns: ['confirmedAt'],
      where: 'notified_at is null and overdue_at is null',
    },
  ],
})
