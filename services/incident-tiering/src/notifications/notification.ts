import { AlertLevel } from '@erp-steward/contracts/monitoring-events'
import { about, Id, Instant, InstantOut, nullable, Uuid } from '@erp-steward/contracts/values'
import { entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import { Type, type Static } from 'typebox'
import type { About, Occasion } from './rules/message.ts'

export const Channel = Type.Enum(['mail', 'webhook'], {
  title: 'NotificationChannel',
  description: 'The way to the receiver: mail to a person, or a call to a registered webhook.',
})
export type Channel = Static<typeof Channel>

export const NotificationState = Type.Enum(['queued', 'delivered', 'failed'], {
  title: 'NotificationState',
  description: '`delivered` means that the receiver accepted it, nothing less.',
})

/** One try to deliver a notification; rows are only ever added. */
const AttemptView = Type.Object(
  {
    attempt: Type.Integer({ description: 'From 1.' }),
    at: about(Instant, 'When it was tried.'),
    outcome: Type.Enum(['accepted', 'refused'], { description: 'Whether the receiver took it.' }),
    detail: Type.String({ description: 'What the receiver, or the way to it, said.' }),
  },
  { title: 'NotificationAttempt' },
)

/** A message to one receiver: the delivery ledger's row, and what became of it. */
export const NotificationView = Type.Object(
  {
    id: Id,
    ticketId: nullable(Uuid, 'Null where the message is about no ticket.'),
    occasion: Type.Unsafe<Occasion>(Type.String({ description: 'Why it was sent.' })),
    about: nullable(
      Type.Object({
        type: Type.String({ description: '`alert` or `inspection-roster`.' }),
        id: Type.String({ description: 'Id of the alert, or of the unit whose roster it is.' }),
      }),
      'What it is about where that is no ticket; null where it is one, or many things.',
    ),
    channel: Channel,
    recipient: Type.String({
      description:
        '`person:<id>`, or id of the webhook; an address is looked up when the mail goes out and kept nowhere.',
    }),
    subject: Type.String({ description: 'The heading that the receiver reads.' }),
    state: NotificationState,
    attempts: Type.Integer({ description: 'Tries so far.' }),
    lastError: nullable(Type.String(), 'Why the last try failed; null if none did.'),
    createdAt: about(InstantOut, 'When it was queued.'),
    deliveredAt: nullable(InstantOut, 'When the receiver took it; null before that.'),
    tries: Type.Array(AttemptView, { description: 'Each try, the first first.' }),
  },
  { title: 'Notification' },
)

export const NotificationEntity = entityOf(NotificationView, {
  table: 'notification',
  derived: ['about', 'tries'],
  kept: {
    /** Tells one occurrence from the next, so that a person on two tiers is told once. */
    cause: Type.String(),
    aboutType: nullable(Type.Unsafe<About['type']>(Type.String())),
    aboutId: nullable(Type.String()),
    /** The alert that it tells of, and the level that it says. */
    alertEpisodeId: nullable(Uuid),
    alertLevel: nullable(AlertLevel),
    /** The person whom it is written to; `null` of a system, which is nobody. */
    personId: nullable(Uuid),
    body: Type.String(),
  },
  checks: [
    { name: 'notification_channel_check', expression: `channel in ('mail', 'webhook')` },
    { name: 'notification_state_check', expression: `state in ('queued', 'delivered', 'failed')` },
    {
      name: 'notification_about_check',
      expression: `(about_type is null) = (about_id is null)`,
    },
    {
      name: 'notification_alert_check',
      expression: `(alert_episode_id is null) = (alert_level is null) and alert_level in ('warning', 'critical')`,
    },
  ],
  uniques: [
    { name: 'notification_once_key', columns: ['ticketId', 'channel', 'recipient', 'cause'] },
  ],
  indices: [
    { name: 'notification_by_ticket', columns: ['ticketId', 'createdAt'] },
    {
      name: 'notification_undelivered',
      columns: ['createdAt'],
      where: `state <> 'delivered'`,
    },
  ],
})
export type Notification = RowOf<typeof NotificationEntity>

export const NotificationAttemptEntity = entityOf(AttemptView, {
  table: 'notification_attempt',
  kept: { notificationId: Uuid, at: InstantOut },
  key: ['notificationId', 'attempt'],
})
