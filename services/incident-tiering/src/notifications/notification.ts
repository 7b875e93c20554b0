import { EntitySchema } from 'typeorm'
import type { AlertLevel } from '../tickets/ticket.ts'
import type { About, Occasion } from './rules/message.ts'

export type Channel = 'mail' | 'webhook'

/**
 * A message to one receiver: the delivery ledger's row. `delivered` means that the receiver accepted it, nothing less.
 */
export interface Notification {
  id: string
  /** `null` where the message is about no ticket. */
  ticketId: string | null
  occasion: Occasion
  /** Tells one occurrence from the next, so that a person on two tiers is told once. */
  cause: string
  /** What it is about where that is no ticket; `null` where it is one, or many things. */
  aboutType: About['type'] | null
  aboutId: string | null
  /** The alert that it tells of, and the level that it says. */
  alertEpisodeId: string | null
  alertLevel: AlertLevel | null
  channel: Channel
  /** `person:<id>`, or id of the webhook; an address is looked up when the mail goes out and kept nowhere. */
  recipient: string
  /** The person whom it is written to; `null` of a system, which is nobody. */
  personId: string | null
  subject: string
  body: string
  state: 'queued' | 'delivered' | 'failed'
  attempts: number
  lastError: string | null
  createdAt: Date
  deliveredAt: Date | null
}

export const NotificationEntity = new EntitySchema<Notification>({
  name: 'Notification',
  tableName: 'notification',
  columns: {
    id: { type: 'uuid', primary: true, primaryKeyConstraintName: 'notification_pkey' },
    ticketId: { type: 'uuid', name: 'ticket_id', nullable: true },
    occasion: { type: 'text' },
    cause: { type: 'text' },
    aboutType: { type: 'text', name: 'about_type', nullable: true },
    aboutId: { type: 'text', name: 'about_id', nullable: true },
    alertEpisodeId: { type: 'uuid', name: 'alert_episode_id', nullable: true },
    alertLevel: { type: 'text', name: 'alert_level', nullable: true },
    channel: { type: 'text' },
    recipient: { type: 'text' },
    personId: { type: 'uuid', name: 'person_id', nullable: true },
    subject: { type: 'text' },
    body: { type: 'text' },
    state: { type: 'text' },
    attempts: { type: 'integer' },
    lastError: { type: 'text', name: 'last_error', nullable: true },
    createdAt: { type: 'timestamptz', name: 'created_at' },
    deliveredAt: { type: 'timestamptz', name: 'delivered_at', nullable: true },
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
  indices: [{ name: 'notification_by_ticket', columns: ['ticketId', 'createdAt'] }],
})

/** One try to deliver a notification; rows are only ever added. */
export interface NotificationAttempt {
  notificationId: string
  attempt: number
  at: Date
  outcome: 'accepted' | 'refused'
  detail: string
}

export const NotificationAttemptEntity = new EntitySchema<NotificationAttempt>({
  name: 'NotificationAttempt',
  tableName: 'notification_attempt',
  columns: {
    notificationId: {
      type: 'uuid',
      name: 'notification_id',
      primary: true,
      primaryKeyConstraintName: 'notification_attempt_pkey',
    },
    attempt: {
      type: 'integer',
      primary: true,
      primaryKeyConstraintName: 'notification_attempt_pkey',
    },
    at: { type: 'timestamptz' },
    outcome: { type: 'text' },
    detail: { type: 'text' },
  },
})
