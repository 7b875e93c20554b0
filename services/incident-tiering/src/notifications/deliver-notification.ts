import type { Act } from '@erp-steward/contracts/act'
import { NotificationDelivered, NotificationFailed } from '@erp-steward/contracts/incident-events'
import { Uuid } from '@erp-steward/contracts/values'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { defineTask, enqueue, type Task } from '@erp-steward/service-kit/jobs'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'
import {
  NotificationAttemptEntity,
  NotificationEntity,
  type Channel,
  type Notification,
} from './notification.ts'
import { DELIVER, DELIVER_PRIORITY, fallBack } from './notify.ts'
import { FALL_BACK_AFTER, pauseAfter } from './rules/retry.ts'
import type { Send } from './send-mail.ts'

/**
 * Delivers one notification and writes the try into the ledger, whatever comes of it. The row stays locked while the
 * receiver answers, so that no second worker sends it meanwhile.
 */
export function deliverNotification(senders: Readonly<Record<Channel, Send>>): Task {
  return defineTask(
    DELIVER,
    Type.Object({ notificationId: Uuid }),
    async (tx, { notificationId }, act) => {
      const notification = await tx.findOne(NotificationEntity, {
        where: { id: notificationId },
        lock: { mode: 'pessimistic_write' },
      })
      if (notification?.state !== 'queued') return
      const attempt = notification.attempts + 1
      try {
        const answer = await senders[notification.channel](notification)
        await record(tx, notification, attempt, 'accepted', answer, act)
        await tx.update(
          NotificationEntity,
          { id: notification.id },
          { state: 'delivered', attempts: attempt, deliveredAt: act.now, lastError: null },
        )
        await appendEvent(
          tx,
          'incident-tiering',
          NotificationDelivered,
          notification.id,
          { ...subjectOf(notification), attempts: attempt, deliveredAt: act.now.toISOString() },
          act,
        )
      } catch (error) {
        await recordFailure(tx, notification, attempt, error, act)
      }
    },
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
  const pauseMs = pauseAfter(attempt)
  if (attempt === FALL_BACK_AFTER) await fallBack(tx, notification, reason, act)
  await tx.update(
    NotificationEntity,
    { id: notification.id },
    { state: pauseMs === null ? 'failed' : 'queued', attempts: attempt, lastError: reason },
  )
  if (pauseMs !== null) {
    const runAt = new Date(act.now.getTime() + pauseMs)
    await enqueue(tx, 'incident-tiering', DELIVER, { notificationId: notification.id }, act, {
      runAt,
      priority: DELIVER_PRIORITY,
    })
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
