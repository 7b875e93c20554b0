import type { Act } from '@erp-steward/contracts/act'
import { Uuid } from '@erp-steward/contracts/values'
import { defineTask, type Task } from '@erp-steward/service-kit/jobs'
import type { Seal } from '@erp-steward/service-kit/seal'
import { callWebhook, type WebhookReach } from '@erp-steward/service-kit/webhook-call'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'
import { EventWebhookEntity, type EventWebhook } from './event-webhook.ts'
import { enqueueDeliveries } from './queue-deliveries.ts'
import { nextTryAt } from './rules/retry.ts'

/** Facts that one job sends, one after the other; what is left is for the next. */
const BATCH = 20
/** How long one try may take in all, in milliseconds. */
const TRY_MS = 10_000
/** What is kept of the reason of a failure, in characters. */
const REASON_LENGTH = 500

interface Due {
  readonly seq: number
  readonly eventId: string
  readonly envelope: string | null
  readonly attempts: number
  readonly queuedAt: Date
}

/**
 * Sends what is due at one receiver in the order of the ledger. A fact that fails is tried again later and holds up none behind
 * it. What a crash repeats has the same id.
 */
export function deliverEvents(seal: Seal, reach: WebhookReach): Task {
  return defineTask(
    'deliver-events',
    Type.Object({ webhookId: Uuid }),
    async (tx, { webhookId }, act) => {
      const webhook = await tx.findOneBy(EventWebhookEntity, { id: webhookId })
      if (webhook?.endedAt !== null || webhook.sealedSecret === null) return
      const due = await dueAt(tx, webhookId, act.now)
      const secrets = secretsOf(seal, webhook, act)
      // After one that failed the next job goes on: a receiver that hangs keeps no transaction open for long.
      for (const each of due) if (!(await deliver(tx, webhook, each, secrets, reach, act))) break
      const [next]: { runAt: Date | null }[] = await tx.query(
        `select min(next_at) as "runAt" from event_delivery where webhook_id = $1 and state = 'queued'`,
        [webhookId],
      )
      const runAt = next?.runAt ?? null
      if (runAt !== null) await enqueueDeliveries(tx, [{ webhookId, runAt }], act)
    },
    { lane: 'webhook' },
  )
}

function dueAt(tx: EntityManager, webhookId: string, now: Date): Promise<Due[]> {
  return tx.query(
    `select delivery.seq::float8 as seq, delivery.event_id as "eventId", envelope, attempts, queued_at as "queuedAt"
       from event_delivery as delivery left join audit_record as record on record.seq = delivery.seq
      where webhook_id = $1 and state = 'queued' and next_at <= $2
      order by next_at, delivery.seq limit ${String(BATCH)}`,
    [webhookId, now],
  )
}

/** The secrets that sign now: the one before as well, until the receiver has had time to take the new one. */
function secretsOf(seal: Seal, webhook: EventWebhook, { now }: Act): string[] {
  const { id, sealedSecret, sealedPrevious, previousUntil } = webhook
  const isPreviousGood = previousUntil !== null && previousUntil > now
  return [sealedSecret, isPreviousGood ? sealedPrevious : null].flatMap((sealed) =>
    sealed === null ? [] : [seal.open(id, sealed)],
  )
}

/** @returns whether the receiver has it */
async function deliver(
  tx: EntityManager,
  { id, url }: EventWebhook,
  { seq, eventId, envelope, attempts, queuedAt }: Due,
  secrets: readonly string[],
  reach: WebhookReach,
  { now }: Act,
): Promise<boolean> {
  const signal = AbortSignal.timeout(TRY_MS)
  try {
    if (envelope === null) throw new Error('The fact lies in an archive.')
    await callWebhook({ url, id: eventId, body: envelope, secrets, now }, reach, signal)
    await tx.query(
      `update event_delivery set state = 'delivered', attempts = attempts + 1, last_error = null, tried_at = $3,
              next_at = null, delivered_at = $3
        where webhook_id = $1 and seq = $2`,
      [id, seq, now],
    )
    return true
  } catch (error) {
    const late = `The receiver took longer than ${String(TRY_MS / 1_000)} s.`
    const reason = signal.aborted ? late : error instanceof Error ? error.message : String(error)
    const nextAt = envelope === null ? null : nextTryAt(attempts + 1, queuedAt, now)
    await tx.query(
      `update event_delivery set state = $3, attempts = attempts + 1, last_error = $4, tried_at = $5, next_at = $6
        where webhook_id = $1 and seq = $2`,
      [
        ...[id, seq, nextAt === null ? 'failed' : 'queued'],
        ...[reason.slice(0, REASON_LENGTH).toWellFormed(), now, nextAt],
      ],
    )
    return false
  }
}

/** Days that it is known what a receiver had, and what it did not get. */
const KEPT_DAYS = { delivered: 30, failed: 90 }

/** Forgets deliveries that ended long ago; the facts themselves are in the ledger. */
export const forgetDeliveries = defineTask(
  'forget-event-deliveries',
  Type.Object({}),
  async (tx, _, { now }) => {
    await tx.query(
      `delete from event_delivery
        where state = 'delivered' and delivered_at < $1 or state = 'failed' and queued_at < $2`,
      [KEPT_DAYS.delivered, KEPT_DAYS.failed].map(
        (days) => new Date(now.getTime() - days * 86_400_000),
      ),
    )
  },
)
