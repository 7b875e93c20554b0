import { randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { NotificationFailed, NotificationFellBack } from '@erp-steward/contracts/incident-events'
import type { SupportTier } from '@erp-steward/contracts/values'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { enqueueAll } from '@erp-steward/service-kit/jobs'
import { Brackets, In, IsNull, type EntityManager } from 'typeorm'
import { PersonEntity } from '@erp-steward/directory/directory'
import { authorities, leadersOf, type Addressee } from '../key-users/people-in-charge.ts'
import type { Ticket } from '../tickets/ticket.ts'
import { NotificationEntity, type Notification } from './notification.ts'
import { fallBackMessage, messageOf, type Message, type Occasion } from './rules/message.ts'
import { WebhookEntity } from './webhook.ts'

/** Name of the task that delivers one notification. */
export const DELIVER = 'deliver-notification'

/** Behind every other job, so that a mail server that is down holds up no clock. Source. */
export const DELIVER_PRIORITY = 100

export interface Notify {
  readonly occasion: Occasion
  readonly tier: SupportTier | null
  readonly recipients: readonly Addressee[]
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
  const mails = recipients.map((person) => mailTo(person, { ...row, ...message }))
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

/**
 * Queues a mail to each of the people about something that is no ticket.
 *
 * @param about tells one thing from another of which the same is said at one instant
 * @param at the instant of what is said; said again of the same instant it reaches nobody twice
 */
export async function tellPeople(
  tx: EntityManager,
  occasion: Occasion,
  message: Message,
  recipients: readonly Addressee[],
  act: Act,
  about = '',
  at = act.now,
): Promise<void> {
  const row = {
    ...message,
    ticketId: null,
    occasion,
    cause: `${occasion}${about}@${at.toISOString()}`,
    attempts: 0,
    createdAt: act.now,
    deliveredAt: null,
  }
  await queue(
    tx,
    recipients.map((person) => mailTo(person, row)),
    act,
  )
}

/**
 * Tells the O&M authority and the leaders of the unit what a person could not be told: a message that is lost in silence
 * is no warning. Once per occurrence, however many people it did not reach, and only those whom it was not addressed to:
 * without a mail server every message is lost, and each would else call for as many again. Source.
 */
export async function fallBack(
  tx: EntityManager,
  lost: Notification,
  reason: string,
  act: Act,
): Promise<void> {
  const { id, ticketId, channel, occasion } = lost
  if (channel !== 'mail' || occasion === 'delivery-failed') return
  const cause = `delivery-failed@${lost.cause}`
  const addressed = await tx.find(NotificationEntity, {
    select: { personId: true, cause: true },
    where: { ticketId: ticketId ?? IsNull(), channel, cause: In([lost.cause, cause]) },
  })
  if (addressed.some((each) => each.cause === cause)) return
  const reached = new Set(addressed.map(({ personId }) => personId))
  const people = [...(await authorities(tx)), ...(await leadersOfTicket(tx, ticketId))]
  const others = [...new Map(people.map((person) => [person.id, person])).values()].filter(
    (person) => !reached.has(person.id),
  )
  await appendEvent(
    tx,
    'incident-tiering',
    NotificationFellBack,
    id,
    {
      notificationId: id,
      ticketId,
      personIds: others.map((person) => person.id),
      reason,
      fellBackAt: act.now.toISOString(),
    },
    act,
  )
  const row = {
    ...fallBackMessage(lost, lost.recipient, reason),
    ticketId,
    occasion: 'delivery-failed' as const,
    cause,
    attempts: 0,
    createdAt: act.now,
    deliveredAt: null,
  }
  await queue(
    tx,
    others.map((person) => mailTo(person, row)),
    act,
  )
}

async function leadersOfTicket(tx: EntityManager, ticketId: string | null): Promise<Addressee[]> {
  if (ticketId === null) return []
  const [ticket]: { unitId: string }[] = await tx.query(
    `select unit_id as "unitId" from ticket where id = $1`,
    [ticketId],
  )
  return ticket === undefined ? [] : leadersOf(tx, ticket.unitId)
}

type Mail = Omit<Notification, 'id' | 'channel' | 'recipient' | 'personId' | 'state' | 'lastError'>

function mailTo({ id: personId, email }: Addressee, mail: Mail): Notification {
  return {
    ...mail,
    id: randomUUID(),
    channel: 'mail',
    recipient: `person:${personId}`,
    personId,
    state: email === null ? 'failed' : 'queued',
    lastError: email === null ? 'The person has no mail address.' : null,
  }
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
    .map(({ id }) => ({ payload: { notificationId: id }, priority: DELIVER_PRIORITY }))
  await enqueueAll(tx, 'incident-tiering', DELIVER, jobs, act)
  const failedAt = act.now.toISOString()
  for (const lost of fresh.filter(({ state }) => state === 'failed')) {
    const { id, ticketId, channel, occasion, lastError } = lost
    const reason = lastError ?? ''
    await appendEvent(
      tx,
      'incident-tiering',
      NotificationFailed,
      id,
      { notificationId: id, ticketId, channel, occasion, attempts: 0, reason, failedAt },
      act,
    )
    await fallBack(tx, lost, reason, act)
  }
}
