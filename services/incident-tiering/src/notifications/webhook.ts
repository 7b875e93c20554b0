import { randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { about, Id, InstantOut, nullable, Uuid, Version } from '@erp-steward/contracts/values'
import { assertVersion } from '@erp-steward/service-kit/commit'
import { entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import { isAllowedTarget } from '@erp-steward/service-kit/webhook-call'
import type { Seal } from '@erp-steward/service-kit/seal'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'
import { activeUnit } from '@erp-steward/directory/directory'

/** An address outside that is told of tickets. */
export const WebhookView = Type.Object(
  {
    id: Id,
    url: Type.String({ description: 'Where messages are posted.' }),
    unitId: nullable(Uuid, 'The unit whose tickets it is told of; null: of all.'),
    active: Type.Boolean({ description: 'Whether it is sent anything now.' }),
    createdAt: about(InstantOut, 'When it was registered.'),
    previousUntil: nullable(
      InstantOut,
      'Until when the secret before signs too; null: it does not.',
    ),
    version: Version,
  },
  { title: 'Webhook' },
)

export const WebhookEntity = entityOf(WebhookView, {
  table: 'webhook',
  kept: { sealedSecret: Type.String(), sealedPrevious: nullable(Type.String()) },
})
export type Webhook = RowOf<typeof WebhookEntity>

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
    throw new Problem(
      'webhook-refused',
      said(
        'The address is not on the list WEBHOOK_TARGETS.',
        '该地址不在 WEBHOOK_TARGETS 列表中。',
      ),
    )
  if (unitId !== null) await activeUnit(tx, unitId)
  const id = randomUUID()
  const webhook: Webhook = {
    id,
    url,
    unitId,
    sealedSecret: seal.seal(id, secret),
    active: true,
    createdAt: act.now,
    sealedPrevious: null,
    previousUntil: null,
    version: 1,
  }
  await tx.insert(WebhookEntity, webhook)
  return webhook
}

/**
 * Replaces the secret. The one before signs too until the overlap is over, so that the receiver can be given the new one while
 * messages come.
 *
 * @param replaced `overlapHours` 0: the one before is void at once
 * @throws Problem `not-found`, `version-stale`
 */
export async function replaceWebhookSecret(
  tx: EntityManager,
  seal: Seal,
  {
    id,
    secret,
    overlapHours,
  }: { readonly id: string; readonly secret: string; readonly overlapHours: number },
  expected: number,
  act: Act,
): Promise<Webhook> {
  const webhook = await lockWebhook(tx, id, expected)
  const changed: Webhook = {
    ...webhook,
    sealedSecret: seal.seal(id, secret),
    sealedPrevious: overlapHours > 0 ? webhook.sealedSecret : null,
    previousUntil: overlapHours > 0 ? new Date(act.now.getTime() + overlapHours * 3_600_000) : null,
    version: webhook.version + 1,
  }
  await tx.update(WebhookEntity, { id }, changed)
  return changed
}

/** @throws Problem `not-found`, `version-stale` */
export async function setWebhookActive(
  tx: EntityManager,
  { id, active }: { id: string; active: boolean },
  expected: number,
): Promise<Webhook> {
  const webhook = await lockWebhook(tx, id, expected)
  const changed = { ...webhook, active, version: webhook.version + 1 }
  await tx.update(WebhookEntity, { id }, changed)
  return changed
}

async function lockWebhook(tx: EntityManager, id: string, expected: number): Promise<Webhook> {
  const webhook = await tx.findOne(WebhookEntity, {
    where: { id },
    lock: { mode: 'pessimistic_write' },
  })
  if (webhook === null)
    throw new Problem('not-found', said(`There is no webhook ${id}.`, `没有 webhook ${id}。`))
  assertVersion(webhook.version, expected)
  return webhook
}
