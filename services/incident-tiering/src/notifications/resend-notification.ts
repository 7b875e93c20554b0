import type { Act } from '@erp-steward/contracts/act'
import { NotificationResent } from '@erp-steward/contracts/incident-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { enqueueAll } from '@erp-steward/service-kit/jobs'
import type { EntityManager } from 'typeorm'
import { NotificationEntity, type Notification } from './notification.ts'
import { DELIVER, jobOf } from './notify.ts'

/**
 * Tries at once to deliver a message that did not reach its receiver, to the address that they have now. One that was
 * given up gets one more try.
 *
 * @throws Problem `notification-not-found`, `notification-delivered`
 */
export async function resendNotification(
  tx: EntityManager,
  id: string,
  act: Act,
): Promise<Notification> {
  const notification = await tx.findOne(NotificationEntity, {
    where: { id },
    lock: { mode: 'pessimistic_write' },
  })
  if (notification === null)
    throw new Problem(
      'notification-not-found',
      said(`There is no notification ${id}.`, `没有通知 ${id}。`),
    )
  if (notification.state === 'delivered')
    throw new Problem(
      'notification-delivered',
      said('The receiver has accepted the message.', '接收方已接受该消息。'),
    )
  await tx.update(NotificationEntity, { id }, { state: 'queued' })
  const { ticketId, channel, occasion, attempts } = notification
  await enqueueAll(tx, 'incident-tiering', DELIVER[channel], [jobOf(notification)], act)
  const resentAt = act.now.toISOString()
  const fact = { notificationId: id, ticketId, channel, occasion, attempts, resentAt }
  await appendEvent(tx, 'incident-tiering', NotificationResent, id, fact, act)
  return { ...notification, state: 'queued' }
}
