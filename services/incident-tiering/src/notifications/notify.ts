import { randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { NotificationFailed, NotificationFellBack } from '@erp-steward/contracts/incident-events'
import type { SupportTier } from '@erp-steward/contracts/values'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { ask, write, type RowsStatement } from '@erp-steward/messaging/statement'
import { insertStatement } from '@erp-steward/service-kit/insert-rows'
import { enqueueAll, type Job } from '@erp-steward/service-kit/jobs'
import { In, IsNull, type EntityManager } from 'typeorm'
import { PersonEntity } from '@erp-steward/directory/directory'
import { authorities, leadersOf, type Addressee } from '../key-users/people-in-charge.ts'
import type { AlertLevel, Ticket } from '../tickets/ticket.ts'
import { NotificationEntity, type Channel, type Notification } from './notification.ts'
import {
  fallBackMessage,
  messageOf,
  type About,
  type Message,
  type Occasion,
} from './rules/message.ts'
import type { WebhookMessage } from './webhook-message.ts'

/** Names of the tasks that deliver one notification, by mail and by a call. */
export const DELIVER: Readonly<Record<Channel, string>> = {
  mail: 'deliver-notification',
  webhook: 'call-webhook',
}

/** Behind every other job, should they ever share workers: a mail server that is down holds up no clock. Source. */
export const DELIVER_PRIORITY = 100

/** An alert at the level that a message says. */
export interface ToldAlert {
  readonly episodeId: string
  readonly level: AlertLevel
}

export interface Notify {
  readonly occasion: Occasion
  readonly tier: SupportTier | null
  readonly recipients: readonly Addressee[]
  /** Those that follow the ticket, where they were read before. */
  readonly webhooks?: readonly string[]
  readonly note?: string
}

const WEBHOOKS = {
  name: 'webhooks of unit',
  text: 'select id from webhook where active and (unit_id is null or unit_id = $1)',
  reads: ['webhook'],
}

/** The webhooks that follow the tickets of a unit. */
export async function webhooksOf(tx: EntityManager, unitId: string): Promise<string[]> {
  const rows = await ask<{ id: string }>(tx, WEBHOOKS, [unitId])
  return rows.map(({ id }) => id)
}

/**
 * Queues a mail to each recipient and a call of each webhook that follows the ticket, in the ledger and in the same
 * transaction. One occurrence reaches each receiver once, however many tiers it is told to.
 */
export async function notify(
  tx: EntityManager,
  ticket: Ticket,
  { occasion, tier, recipients, webhooks, note }: Notify,
  act: Act,
): Promise<void> {
  const message = messageOf(ticket, occasion, tier, note ?? null)
  const cause = `${occasion}@${act.now.toISOString()}`
  const row = {
    ticketId: ticket.id,
    occasion,
    cause,
    aboutType: null,
    aboutId: null,
    alertEpisodeId: ticket.alertEpisodeId,
    alertLevel: ticket.alertLevel,
    attempts: 0,
    createdAt: act.now,
    deliveredAt: null,
  }
  const mails = recipients.map((person) => mailTo(person, { ...row, ...message }))
  const followers = webhooks ?? (await webhooksOf(tx, ticket.unitId))
  const calls = followers.map((recipient): Notification => {
    const { id: ticketId, number, title, priority, state, unitId, moduleCode } = ticket
    const { alertEpisodeId, alertLevel } = ticket
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
          alertEpisodeId,
          alertLevel,
          note: note ?? null,
        },
      } satisfies WebhookMessage),
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

/** What is said that is about no ticket. */
export interface Tell {
  readonly occasion: Occasion
  readonly message: Message
  readonly recipients: readonly Addressee[]
  /** Tells one thing from another of which the same is said at one instant. */
  readonly key?: string
  /** The instant of what is said, by default now; said again of the same instant it reaches nobody twice. */
  readonly at?: Date
  readonly about?: About
  readonly alert?: ToldAlert
}

/** Queues a mail to each of the people about something that is no ticket. */
export async function tellPeople(
  tx: EntityManager,
  { occasion, message, recipients, key = '', at, about, alert }: Tell,
  act: Act,
): Promise<void> {
  const row = {
    ...message,
    ticketId: null,
    occasion,
    cause: `${occasion}${key}@${(at ?? act.now).toISOString()}`,
    aboutType: about?.type ?? null,
    aboutId: about?.id ?? null,
    alertEpisodeId: alert?.episodeId ?? null,
    alertLevel: alert?.level ?? null,
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
    aboutType: lost.aboutType,
    aboutId: lost.aboutId,
    alertEpisodeId: lost.alertEpisodeId,
    alertLevel: lost.alertLevel,
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

/** The next try of a message: one receiver is called once at a time, so that one that hangs holds up no other. */
export function jobOf({ id, channel, recipient }: Notification): Job {
  return {
    payload: { notificationId: id },
    priority: DELIVER_PRIORITY,
    ...(channel === 'webhook' && { queue: `webhook:${recipient}` }),
  }
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

/** Who was told of this occurrence already is left out; the job of a message that is not there does nothing. */
function keepStatement(tx: EntityManager, members: readonly string[]): RowsStatement<Notification> {
  const insert = insertStatement(tx, NotificationEntity, members)
  return { ...insert, name: 'keep notifications', text: `${insert.text} on conflict do nothing` }
}

async function queue(tx: EntityManager, notifications: readonly Notification[], act: Act) {
  const queued = notifications.filter(({ state }) => state === 'queued')
  const [first] = queued
  if (first !== undefined) await write(tx, keepStatement(tx, Object.keys(first)), queued)
  for (const [channel, ofChannel] of Map.groupBy(queued, (each) => each.channel))
    await enqueueAll(tx, 'incident-tiering', DELIVER[channel], ofChannel.map(jobOf), act)
  await stateLost(
    tx,
    notifications.filter(({ state }) => state === 'failed'),
    act,
  )
}

/** Keeps and states what cannot reach its receiver, once per occurrence. */
async function stateLost(tx: EntityManager, notifications: readonly Notification[], act: Act) {
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
  const failedAt = act.now.toISOString()
  for (const lost of notifications.filter(({ id }) => ids.has(id))) {
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
