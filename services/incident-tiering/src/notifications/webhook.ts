import { randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { Problem } from '@erp-steward/contracts/problem'
import { assertVersion } from '@erp-steward/service-kit/commit'
import type { Seal } from '@erp-steward/service-kit/seal'
import { EntitySchema, type EntityManager } from 'typeorm'
import { activeUnit } from '@erp-steward/directory/directory'

/** An address outside that is told of tickets, of one unit or (`unitId` null) of all. */
export interface Webhook {
  id: string
  url: string
  unitId: string | null
  sealedSecret: string
  active: boolean
  createdAt: Date
  version: number
}

export const WebhookEntity = new EntitySchema<Webhook>({
  name: 'Webhook',
  tableName: 'webhook',
  columns: {
    id: { type: 'uuid', primary: true, primaryKeyConstraintName: 'webhook_pkey' },
    url: { type: 'text' },
    unitId: { type: 'uuid', name: 'unit_id', nullable: true },
    sealedSecret: { type: 'text', name: 'sealed_secret' },
    active: { type: 'boolean' },
    createdAt: { type: 'timestamptz', name: 'created_at' },
    version: { type: 'integer' },
  },
})

/**
 * Whether a webhook may call the address: http(s), no credentials in it, and host:port on the list of allowed targets.
 * Nothing is allowed that is not listed, so that a webhook cannot be used to reach inside.
 */
export function isAllowedTarget(url: string, targets: string): boolean {
  if (!URL.canParse(url)) return false
  const { protocol, hostname, port, username, password } = new URL(url)
  if (protocol !== 'http:' && protocol !== 'https:') return false
  if (username !== '' || password !== '') return false
  const effectivePort = port === '' ? (protocol === 'https:' ? '443' : '80') : port
  return targets
    .split(',')
    .map((target) => target.trim())
    .includes(`${hostname}:${effectivePort}`)
}

export interface RegisterWebhook {
  readonly url: string
  readonly unitId: string | null
  /** Kept sealed, bound to the webhook. */
  readonly secret: string
}

/** @throws Problem `webhook-refused`, `unit-unknown` */
export async function registerWebhook(
  tx: EntityManager,
  { url, unitId, secret }: RegisterWebhook,
  { targets, seal }: { readonly targets: string; readonly seal: Seal },
  act: Act,
): Promise<Webhook> {
  if (!isAllowedTarget(url, targets))
    throw new Problem('webhook-refused', 'The address is not on the list WEBHOOK_TARGETS.')
  if (unitId !== null) await activeUnit(tx, unitId)
  const id = randomUUID()
  const webhook: Webhook = {
    id,
    url,
    unitId,
    sealedSecret: seal.seal(id, secret),
    active: true,
    createdAt: act.now,
    version: 1,
  }
  await tx.insert(WebhookEntity, webhook)
  return webhook
}

/** @throws Problem `not-found`, `version-stale` */
export async function setWebhookActive(
  tx: EntityManager,
  { id, active }: { id: string; active: boolean },
  expected: number,
): Promise<Webhook> {
  const webhook = await tx.findOne(WebhookEntity, {
    where: { id },
    lock: { mode: 'pessimistic_write' },
  })
  if (webhook === null) throw new Problem('not-found', `There is no webhook ${id}.`)
  assertVersion(webhook.version, expected)
  const changed = { ...webhook, active, version: webhook.version + 1 }
  await tx.update(WebhookEntity, { id }, changed)
  return changed
}
