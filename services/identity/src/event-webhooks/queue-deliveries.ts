import type { Act } from '@erp-steward/contracts/act'
import { enqueueAll, type Job } from '@erp-steward/service-kit/jobs'
import type { EntityManager } from 'typeorm'
import { aboutUnit } from '../audit/about-unit.ts'

/** Behind every other job: a receiver that is slow holds up nothing. */
const PRIORITY = 100

/** Facts that a receiver is sent. `webhook` and `record` are the tables of the statement. */
export const FOLLOWED = `webhook.ended_at is null and webhook.sealed_secret is not null
  and (webhook.types = '{}' or record.type = any(webhook.types))
  and (webhook.unit_id is null or ${aboutUnit('record', 'webhook.unit_id')})`

/** Queues facts that were just recorded for every receiver that follows them, in the transaction of their record. */
export async function queueDeliveries(
  tx: EntityManager,
  [first, last]: readonly [first: bigint, last: bigint],
  act: Act,
): Promise<void> {
  const queued: { webhookId: string }[] = await tx.query(
    `with queued as (
       insert into event_delivery (webhook_id, seq, event_id, type, state, attempts, queued_at, next_at)
       select webhook.id, record.seq, record.event_id, record.type, 'queued', 0, $3::timestamptz, $3
         from audit_record as record join event_webhook as webhook on ${FOLLOWED}
        where record.seq between $1 and $2
       returning webhook_id)
     select distinct webhook_id as "webhookId" from queued`,
    [String(first), String(last), act.now],
  )
  await enqueueDeliveries(
    tx,
    queued.map(({ webhookId }) => ({ webhookId })),
    act,
  )
}

/** Has what is due at each receiver sent, one batch at a time for each. */
export async function enqueueDeliveries(
  tx: EntityManager,
  receivers: readonly { readonly webhookId: string; readonly runAt?: Date }[],
  act: Act,
): Promise<void> {
  if (receivers.length === 0) return
  const jobs = receivers.map(({ webhookId, ...when }): Job => {
    const name = `event-webhook:${webhookId}`
    return { payload: { webhookId }, priority: PRIORITY, queue: name, key: name, ...when }
  })
  await enqueueAll(tx, 'identity', 'deliver-events', jobs, act)
}
