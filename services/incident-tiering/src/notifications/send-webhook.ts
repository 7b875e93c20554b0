import { createHmac } from 'node:crypto'
import type { Seal } from '@erp-steward/service-kit/seal'
import type { DataSource } from 'typeorm'
import type { Send } from './send-mail.ts'
import { isAllowedTarget, WebhookEntity } from './webhook.ts'

/** The signature of a message under the Standard Webhooks specification, scheme v1 (HMAC-SHA256). */
export function signWebhook(secret: string, id: string, timestamp: number, body: string): string {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  return `v1,${createHmac('sha256', key)
    .update(`${id}.${String(timestamp)}.${body}`)
    .digest('base64')}`
}

/**
 * Calls a webhook; resolves once it has answered 2xx. The id stays the same over retries, so the receiver can drop
 * repetitions. The target is checked against the list again: the list may have changed.
 */
export function createWebhookSender(
  db: DataSource,
  seal: Seal,
  targets: string,
  clock: () => Date,
): Send {
  return async ({ id, recipient, body }, signal) => {
    const webhook = await db.manager.findOneBy(WebhookEntity, { id: recipient })
    if (webhook?.active !== true) throw new Error('The webhook is switched off.')
    if (!isAllowedTarget(webhook.url, targets))
      throw new Error('The address is not on WEBHOOK_TARGETS.')
    const timestamp = Math.floor(clock().getTime() / 1_000)
    const response = await fetch(webhook.url, {
      method: 'POST',
      redirect: 'error',
      signal,
      headers: {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': String(timestamp),
        'webhook-signature': signWebhook(
          seal.open(webhook.id, webhook.sealedSecret),
          id,
          timestamp,
          body,
        ),
      },
      body,
    })
    await response.body?.cancel()
    if (!response.ok) throw new Error(`The receiver answered ${String(response.status)}.`)
    return `HTTP ${String(response.status)}`
  }
}
