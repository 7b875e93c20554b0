import { randomBytes, randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { eventCatalog } from '@erp-steward/contracts/event-catalog'
import { Problem } from '@erp-steward/contracts/problem'
import { nullable, Reason, Uuid } from '@erp-steward/contracts/values'
import {
  EventWebhookEnded,
  EventWebhookRegistered,
  EventWebhookSecretMade,
} from '@erp-steward/contracts/webhook-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { assertVersion } from '@erp-steward/service-kit/commit'
import { defineProposal, type ProposalKind } from '@erp-steward/service-kit/proposal'
import type { Seal } from '@erp-steward/service-kit/seal'
import { isAllowedTarget } from '@erp-steward/service-kit/webhook-call'
import { Type, type Static } from 'typebox'
import type { EntityManager } from 'typeorm'
import { UnitEntity } from '../organisation/unit.ts'
import { EventWebhookEntity, type EventWebhook } from './event-webhook.ts'

/** Types that a receiver names at most; one that wants more takes all. */
const MOST_TYPES = 100

export const AskedWebhook = Type.Object(
  {
    url: Type.String({
      format: 'uri',
      maxLength: 500,
      description:
        'Where facts are posted; host and port must be among the allowed targets of the site.',
    }),
    types: Type.Array(Type.String({ maxLength: 200 }), {
      maxItems: MOST_TYPES,
      uniqueItems: true,
      description: 'Types of facts with their version, as docs/events.md has them; empty: all.',
    }),
    unitId: nullable(Uuid, 'Facts that are about this unit alone; null: all.'),
    reason: Reason,
  },
  { additionalProperties: false },
)
export type AskedWebhook = Static<typeof AskedWebhook>

/** A receiver of facts takes two: who sends them out is not who decides that they may leave. Source: ADR 0029. */
export const registeringWebhook = (targets: string): ProposalKind<typeof AskedWebhook> =>
  defineProposal({
    kind: 'event-webhook.register',
    problems: ['unit-unknown', 'validation-failed', 'webhook-refused'],
    title: { en: 'Receiver of events', 'zh-CN': '事件接收地址' },
    body: AskedWebhook,
    decide: 'event-webhook.decide',
    subject: ({ url }) => url,
    concerns: () => Promise.resolve({ personIds: [], unitIds: [] }),
    apply: async (tx, body, act, { id: proposalId, proposedBy }) => {
      await assertRegistrable(tx, body, targets)
      const { url, types, unitId } = body
      const webhook: EventWebhook = {
        ...{ id: randomUUID(), url, types, unitId, proposalId },
        ...{ registeredBy: proposedBy, approvedBy: act.actor, registeredAt: act.now },
        ...{ secretMadeAt: null, previousUntil: null, sealedSecret: null, sealedPrevious: null },
        ...{ endedAt: null, endedBy: null, version: 1 },
      }
      await tx.insert(EventWebhookEntity, webhook)
      const fact = { webhookId: webhook.id, url, types, unitId, proposalId }
      const registeredAt = act.now.toISOString()
      await appendEvent(
        tx,
        'identity',
        EventWebhookRegistered,
        webhook.id,
        { ...fact, registeredAt },
        act,
      )
    },
  })

/**
 * Refuses what could not be registered: as it is asked for, and once more when it is approved.
 *
 * @throws Problem `webhook-refused`, `unit-unknown`, `validation-failed` for a type that no event has
 */
export async function assertRegistrable(
  tx: EntityManager,
  { url, types, unitId }: AskedWebhook,
  targets: string,
): Promise<void> {
  if (!isAllowedTarget(url, targets))
    throw new Problem(
      'webhook-refused',
      said(
        'The address is not on the list WEBHOOK_TARGETS.',
        '该地址不在 WEBHOOK_TARGETS 列表中。',
      ),
    )
  const unknown = types.findIndex((type) => !eventCatalog.some((known) => known.type === type))
  if (unknown >= 0) {
    const type = types[unknown] ?? ''
    const detail = said(`No event has the type ${type}.`, `没有类型为 ${type} 的事件。`)
    const errors = [{ pointer: `#/types/${String(unknown)}`, detail }]
    throw new Problem('validation-failed', detail, { errors })
  }
  if (unitId !== null && !(await tx.existsBy(UnitEntity, { id: unitId, active: true })))
    throw new Problem(
      'unit-unknown',
      said(`There is no active unit ${unitId}.`, `没有启用的单位 ${unitId}。`),
    )
}

/** @throws Problem `not-found`, `version-stale`, `webhook-ended` */
async function lockWebhook(tx: EntityManager, id: string, expected: number): Promise<EventWebhook> {
  const lock = { mode: 'pessimistic_write' } as const
  const webhook = await tx.findOne(EventWebhookEntity, { where: { id }, lock })
  if (webhook === null) throw unknownWebhook(id)
  assertVersion(webhook.version, expected)
  if (webhook.endedAt !== null)
    throw new Problem('webhook-ended', said('It was ended.', '该接收地址已停用。'))
  return webhook
}

export const unknownWebhook = (id: string) =>
  new Problem('not-found', said(`There is no receiver ${id}.`, `没有接收地址 ${id}。`))

/**
 * Makes a new secret, told this once. The one before signs too until the overlap is over, so that the receiver can be given
 * the new one while messages come.
 *
 * @param overlapHours 0: the one before is void at once
 * @throws Problem as `lockWebhook`
 */
export async function makeSecret(
  tx: EntityManager,
  seal: Seal,
  { id, overlapHours }: { readonly id: string; readonly overlapHours: number },
  expected: number,
  act: Act,
): Promise<EventWebhook & { secret: string }> {
  const webhook = await lockWebhook(tx, id, expected)
  const secret = `whsec_${randomBytes(32).toString('base64')}`
  const overlaps = webhook.sealedSecret !== null && overlapHours > 0
  const changed: EventWebhook = {
    ...webhook,
    sealedSecret: seal.seal(id, secret),
    secretMadeAt: act.now,
    sealedPrevious: overlaps ? webhook.sealedSecret : null,
    previousUntil: overlaps ? new Date(act.now.getTime() + overlapHours * 3_600_000) : null,
    version: webhook.version + 1,
  }
  await tx.save(EventWebhookEntity, changed)
  const previousUntil = changed.previousUntil?.toISOString() ?? null
  const fact = { webhookId: id, previousUntil, madeAt: act.now.toISOString() }
  await appendEvent(tx, 'identity', EventWebhookSecretMade, id, fact, act)
  return { ...changed, secret }
}

/**
 * Ends a receiver at once and for good: an address that leaks must not wait for a second person. What waits is not sent.
 *
 * @throws Problem as `lockWebhook`
 */
export async function endWebhook(
  tx: EntityManager,
  { id, reason }: { readonly id: string; readonly reason: string },
  expected: number,
  act: Act,
): Promise<EventWebhook> {
  const webhook = await lockWebhook(tx, id, expected)
  const changed: EventWebhook = {
    ...webhook,
    ...{ sealedSecret: null, sealedPrevious: null, previousUntil: null },
    ...{ endedAt: act.now, endedBy: act.actor, version: webhook.version + 1 },
  }
  await tx.save(EventWebhookEntity, changed)
  await tx.query(
    `update event_delivery set state = 'failed', next_at = null, last_error = 'The receiver was ended.'
      where webhook_id = $1 and state = 'queued'`,
    [id],
  )
  const fact = { webhookId: id, reason, endedAt: act.now.toISOString() }
  await appendEvent(tx, 'identity', EventWebhookEnded, id, fact, act)
  return changed
}
