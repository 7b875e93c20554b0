import { AlertLevel } from '@erp-steward/contracts/monitoring-events'
import { about, InstantOut, nullable, Uuid } from '@erp-steward/contracts/values'
import { entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import { Type } from 'typebox'

/** One level of a confirmed alert, and whether people in charge were told of it. */
export const NoticeView = Type.Object(
  {
    level: AlertLevel,
    confirmedAt: about(
      InstantOut,
      'When the level was confirmed here, by our clock: the time to tell counts from it.',
    ),
    notifiedAt: nullable(InstantOut, 'When a person in charge was reached first.'),
    notifyOverdueAt: nullable(InstantOut, 'When it was noticed that nobody was reached in time.'),
  },
  { title: 'AlertNotice' },
)

export const AlertNoticeEntity = entityOf(NoticeView, {
  table: 'alert_notice',
  derived: ['notifyOverdueAt'],
  kept: { episodeId: Uuid, overdueAt: nullable(InstantOut) },
  key: ['episodeId', 'level'],
  checks: [{ name: 'alert_notice_level_check', expression: `level in ('warning', 'critical')` }],
  indices: [
    {
      name: 'alert_notice_untold',
      columns: ['confirmedAt'],
      where: 'notified_at is null and overdue_at is null',
    },
  ],
})
export type AlertNotice = RowOf<typeof AlertNoticeEntity>
