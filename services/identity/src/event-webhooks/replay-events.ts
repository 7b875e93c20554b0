import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { EventsReplayed } from '@erp-steward/contracts/webhook-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import { EventWebhookEntity } from './event-webhook.ts'
import { enqueueDeliveries, FOLLOWED } from './queue-deliveries.ts'
import { unknownWebhook } from './register-webhook.ts'

/** Facts that one call queues. */
const MOST_REPLAYED = 10_000

export interface ReplayEvents {
  readonly id: string
  readonly from: Date
  readonly to: Date
  /** Number of the last fact that the call before has queued; 0: none. */
  readonly after: number
  readonly onlyFailed: boolean
}

/**
 * Queues facts of a time for a receiver once more, each under the id that it had: a receiver that has it drops it.
 *
 * @throws Problem `not-found`, `webhook-ended` also for one without a secret, `validation-failed` for a time that ends before it
 *   begins
 */
export async function replayEvents(
  tx: EntityManager,
  { id, from, to, after, onlyFailed }: ReplayEvents,
  act: Act,
): Promise<{ queued: number; next: number | null }> {
  const lock = { mode: 'pessimistic_write' } as const
  const webhook = await tx.findOne(EventWebhookEntity, { where: { id }, lock })
  if (webhook === null) throw unknownWebhook(id)
  if (webhook.endedAt !== null || webhook.sealedSecret === null)
    throw new Problem('webhook-ended', said('Nothing is sent to it.', '该接收地址不再或尚未接收。'))
  if (from >= to) {
    const detail = said('`to` must be later than `from`.', '`to` 须晚于 `from`。')
    throw new Problem('validation-failed', detail, { errors: [{ pointer: '#/to', detail }] })
  }
  const [made]: { queued: number; last: number | null }[] = await tx.query(
    `with chosen as (
       select record.seq, record.event_id, record.type
         from audit_record as record join event_webhook as webhook on webhook.id = $1 and ${FOLLOWED}
        where record.recorded_at >= $2 and record.recorded_at < $3 and record.seq > $4
          and (not $5 or exists (select from event_delivery as known
                                  where known.webhook_id = $1 and known.seq = record.seq and known.state = 'failed'))
        order by record.seq limit ${String(MOST_REPLAYED)}),
     queued as (
       insert into event_delivery (webhook_id, seq, event_id, type, state, attempts, queued_at, next_at)
       select $1, seq, event_id, type, 'queued', 0, $6::timestamptz, $6 from chosen
       on conflict on constraint event_delivery_pkey do update
         set state = 'queued', attempts = 0, queued_at = excluded.queued_at, next_at = excluded.next_at, delivered_at = null
       returning seq)
     select count(*)::integer as queued, max(seq)::float8 as last from queued`,
    [id, from, to, after, onlyFailed, act.now],
  )
  const { queued, last } = made ?? { queued: 0, last: null }
  if (queued > 0) await enqueueDeliveries(tx, [{ webhookId: id }], act)
  const fact = {
    ...{ webhookId: id, from: from.toISOString(), to: to.toISOString(), queued },
    replayedAt: act.now.toISOString(),
  }
  await appendEvent(tx, 'identity', EventsReplayed, id, fact, act)
  return { queued, next: queued < MOST_REPLAYED ? null : last }
}
