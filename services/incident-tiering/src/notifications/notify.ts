import { randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { NotificationFailed } from '@erp-steward/contracts/incident-events'
import type { SupportTier } from '@erp-steward/contracts/values'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { enqueueAll } from '@erp-steward/service-kit/jobs'
import { Brackets, type EntityManager } from 'typeorm'
import { PersonEntity, type Person } from '@erp-steward/directory/directory'
import type { Ticket } from '../tickets/ticket.ts'
import { NotificationEntity, type Notification } from './notification.ts'
import { messageOf, type Occasion } from './rules/message.ts'
import { WebhookEntity } from './webhook.ts'

/** Name of the task that delivers one notification. */
export const DELIVER = 'deliver-notification'

export interface Notify {
  readonly occasion: Occasion
  readonly tier: SupportTier | null
  readonly recipients: readonly Pick<Person, 'id' | 'email'>[]
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
    recipient: `person:${personId}`,
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
  await queue(tx, [...mails, ...calls], act)
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

async function queue(tx: EntityManager, notifications: readonly Notification[], act: Act) {
  if (notifications.length === 0) return
  const inserted = await tx
    .createQueryBuilder()
    .insert()
    .into(NotificationEntity)
    .values([...notifications])
    .orIgnore()
    .returning('id')
    .execute()
  // Who was told of this occurrence already is left out of `raw`, though not of `identifiers`.
  const ids = new Set((inserted.raw as { id: string }[]).map(({ id }) => id))
  const fresh = notifications.filter(({ id }) => ids.has(id))
  const jobs = fresh
    .filter(({ state }) => state === 'queued')
    .map(({ id }) => ({ payload: { notificationId: id } }))
  await enqueueAll(tx, 'incident-tiering', DELIVER, jobs, act)
  const failedAt = act.now.toISOString()
  for (const { id, ticketId, channel, state, lastError } of fresh)
    if (state === 'failed')
      await appendEvent(
        tx,
        'incident-tiering',
        NotificationFailed,
        id,
        {
          notificationId: id,
          ticketId,
          channel,
          attempts: 0,
          reason: lastError ?? '',
          failedAt,
        },
        act,
      )
}
