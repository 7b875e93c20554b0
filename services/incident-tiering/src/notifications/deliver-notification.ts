import type { Act } from '@erp-steward/contracts/act'
import { NotificationDelivered, NotificationFailed } from '@erp-steward/contracts/incident-events'
import { Uuid } from '@erp-steward/contracts/values'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { defineTask, enqueueAll, type Task } from '@erp-steward/service-kit/jobs'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'
import {
  NotificationAttemptEntity,
  NotificationEntity,
  type Channel,
  type Notification,
} from './notification.ts'
import { DELIVER, fallBack, jobOf } from './notify.ts'
import { FALL_BACK_AFTER, pauseAfter } from './rules/retry.ts'
import type { Send } from './send-mail.ts'

export interface Delivery {
  readonly senders: Readonly<Record<Channel, Send>>
  /** How long one try may take in all, in milliseconds. */
  readonly tryMs: number
  readonly clock: () => Date
}

/**
 * The tasks that deliver one notification each and write the try into the ledger, whatever comes of it. The row stays
 * locked while the receiver answers, so that no second worker sends it meanwhile.
 *
 * Mails and calls have workers of their own: a mail server that never answers holds up neither a call nor a clock.
 */
export function deliverNotifications(delivery: Delivery): Task[] {
  return (['mail', 'webhook'] as const).map((channel) =>
    defineTask(
      DELIVER[channel],
      Type.Object({ notificationId: Uuid }),
      (tx, { notificationId }, act) => deliver(tx, notificationId, delivery, act),
      { lane: channel },
    ),
  )
}

async function deliver(
  tx: EntityManager,
  id: string,
  { senders, tryMs, clock }: Delivery,
  act: Act,
) {
  const notification = await tx.findOne(NotificationEntity, {
    where: { id },
    lock: { mode: 'pessimistic_write' },
  })
  if (notification?.state !== 'queued') return
  const attempt = notification.attempts + 1
  const signal = AbortSignal.timeout(tryMs)
  let answer: string
  try {
    answer = await senders[notification.channel](notification, signal)
  } catch (error) {
    const late = new Error(`The receiver took longer than ${String(tryMs / 1_000)} s.`)
    await recordFailure(tx, notification, attempt, signal.aborted ? late : error, act)
    return
  }
  const deliveredAt = clock()
  await record(tx, notification, attempt, 'accepted', answer, act)
  await tx.update(
    NotificationEntity,
    { id },
    { state: 'delivered', attempts: attempt, deliveredAt, lastError: null },
  )
  const { personId, alertEpisodeId: episodeId, alertLevel: level } = notification
  await appendEvent(
    tx,
    'incident-tiering',
    NotificationDelivered,
    id,
    {
      ...subjectOf(notification),
      attempts: attempt,
      deliveredAt: deliveredAt.toISOString(),
      personId,
      alert: episodeId === null || level === null ? null : { episodeId, level },
    },
    act,
  )
}

async function recordFailure(
  tx: EntityManager,
  notification: Notification,
  attempt: number,
  error: unknown,
  act: Act,
) {
  const reason = error instanceof Error ? error.message : String(error)
  await record(tx, notification, attempt, 'refused', reason, act)
  const pauseMs = pauseAfter(attempt, notification.channel)
  if (attempt === FALL_BACK_AFTER) await fallBack(tx, notification, reason, act)
  await tx.update(
    NotificationEntity,
    { id: notification.id },
    { state: pauseMs === null ? 'failed' : 'queued', attempts: attempt, lastError: reason },
  )
  if (pauseMs !== null) {
    const runAt = new Date(act.now.getTime() + pauseMs)
    const next = { ...jobOf(notification), runAt }
    await enqueueAll(tx, 'incident-tiering', DELIVER[notification.channel], [next], act)
    return
  }
  await appendEvent(
    tx,
    'incident-tiering',
    NotificationFailed,
    notification.id,
    { ...subjectOf(notification), attempts: attempt, reason, failedAt: act.now.toISOString() },
    act,
  )
}

function subjectOf({ id, ticketId, channel, occasion }: Notification) {
  return { notificationId: id, ticketId, channel, occasion }
}

async function record(
  tx: EntityManager,
  { id }: Notification,
  attempt: number,
  outcome: 'accepted' | 'refused',
  detail: string,
  act: Act,
) {
  await tx.insert(NotificationAttemptEntity, {
    notificationId: id,
    attempt,
    at: act.now,
    outcome,
    detail: detail.slice(0, 1_000),
  })
}
