import type { Seal } from '@erp-steward/service-kit/seal'
import { callWebhook, type WebhookReach } from '@erp-steward/service-kit/webhook-call'
import type { DataSource } from 'typeorm'
import type { Send } from './send-mail.ts'
import { WebhookEntity } from './webhook.ts'

/**
 * Calls a webhook; resolves once it has answered 2xx. The id stays the same over retries, so the receiver can drop
 * repetitions. The target is checked against the list again: the list may have changed.
 */
export function createWebhookSender(
  db: DataSource,
  seal: Seal,
  reach: WebhookReach,
  clock: () => Date,
): Send {
  return async ({ id, recipient, body }, signal) => {
    const webhook = await db.manager.findOneBy(WebhookEntity, { id: recipient })
    if (webhook?.active !== true) throw new Error('The webhook is switched off.')
    const now = clock()
    const { sealedSecret, sealedPrevious, previousUntil } = webhook
    const isPreviousGood = previousUntil !== null && previousUntil > now
    const secrets = [sealedSecret, isPreviousGood ? sealedPrevious : null].flatMap((sealed) =>
      sealed === null ? [] : [seal.open(webhook.id, sealed)],
    )
    return callWebhook({ url: webhook.url, id, body, secrets, now }, reach, signal)
  }
}
