import { randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { NotificationFailed } from '@erp-steward/contracts/incident-events'
import type { SupportTier } from '@erp-steward/contracts/values'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { enqueue } from '@erp-steward/service-kit/jobs'
import { Brackets, type EntityManager } from 'typeorm'
import { PersonEntity, type Person } from '@erp-steward/directory/directory'
import type { Ticket } from '../tickets/ticket.ts'
import type { Notification } from './notification.ts'
import { messageOf, type Occasion } from './rules/message.ts'
import { WebhookEntity } from './webhook.ts'

/** Name of the task that delivers one notification. */
export const DELIVER = 'deliver-notification'

export interface Notify {
  readonly occasion: Occasion
  readonly tier: SupportTier | null
  readonly recipients: readonly Person[]
  readonly note?: string
}

/**
 * Queues a mail to each recipient and a call of each webhook that follows the ticket, in the ledger and in the same
 * transaction. One occurrence reaches each receiver once, however many tiers it is told to.
 */
export async function notify(
  tx: EntityManager,
  ticket: Ticket,
  { occasion, tier, recipients, note }: Notify,
  act: Act,
): Promise<void> {
  const message = messageOf(ticket, occasion, tier, note ?? null)
  const cause = `${occasion}@${act.now.toISOString()}`
  const row = {
    ticketId: ticket.id,
    occasion,
    cause,
    attempts: 0,
    createdAt: act.now,
    deliveredAt: null,
  }
  const mails = recipients.map(({ id: personId, email }): Notification => ({
    ...row,
    ...message,
    id: randomUUID(),
    channel: 'mail',
    recipient: email ?? `person:${personId}`,
    personId,
    state: email === null ? 'failed' : 'queued',
    lastError: email === null ? 'The person has no mail address.' : null,
  }))
  const webhooks = await tx
    .createQueryBuilder(WebhookEntity, 'webhook')
    .where('webhook.active')
    .andWhere(
      new Brackets((either) =>
        either.where('webhook.unitId is null').orWhere('webhook.unitId = :unitId', ticket),
      ),
    )
    .getMany()
  const calls = webhooks.map(({ id: recipient }): Notification => {
    const { id: ticketId, number, title, priority, state, unitId, moduleCode } = ticket
    return {
      ...row,
      id: randomUUID(),
      channel: 'webhook',
      recipient,
      personId: null,
      subject: message.subject,
      body: JSON.stringify({
        type: `ticket.${occasion}`,
        timestamp: act.now.toISOString(),
        data: {
          ticketId,
          number,
          title,
          priority,
          state,
          tier: ticket.tier,
          unitId,
          moduleCode,
          note: note ?? null,
        },
      }),
      state: 'queued',
      lastError: null,
    }
  })
  for (const notification of [...mails, ...calls]) await queue(tx, notification, act)
}

/** Writes to the person who reported the ticket; an alert or a script has none and is not written to. */
export async function notifyReporter(
  tx: EntityManager,
  ticket: Ticket,
  occasion: Occasion,
  act: Act,
  note: string,
): Promise<void> {
  const reporter =
    ticket.reporterPersonId === null
      ? null
      : await tx.findOneBy(PersonEntity, { id: ticket.reporterPersonId, active: true })
  await notify(
    tx,
    ticket,
    { occasion, tier: null, recipients: reporter === null ? [] : [reporter], note },
    act,
  )
}

async function queue(tx: EntityManager, notification: Notification, act: Act) {
  const inserted: unknown[] = await tx.query(
    `insert into notification (id, ticket_id, occasion, cause, channel, recipient, person_id, subject, body, state,
                               attempts, last_error, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, $11, $12)
     on conflict on constraint notification_once_key do nothing returning id`,
    [
      notification.id,
      notification.ticketId,
      notification.occasion,
      notification.cause,
      notification.channel,
      notification.recipient,
      notification.personId,
      notification.subject,
      notification.body,
      notification.state,
      notification.lastError,
      notification.createdAt,
    ],
  )
  if (inserted.length === 0) return
  const { id: notificationId, ticketId, channel, state, lastError } = notification
  if (state === 'queued') {
    await enqueue(tx, 'incident-tiering', DELIVER, { notificationId }, act)
    return
  }
  const reason = lastError ?? ''
  await appendEvent(
    tx,
    'incident-tiering',
    NotificationFailed,
    notificationId,
    { notificationId, ticketId, channel, attempts: 0, reason, failedAt: act.now.toISOString() },
    act,
  )
}
