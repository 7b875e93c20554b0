import { InstantOut, nullable, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { actOf, assertReaches, unitInRange } from '@erp-steward/service-kit/authentication'
import { change, createOnce } from '@erp-steward/service-kit/commit'
import {
  decodeIdCursor,
  decodeInstantCursor,
  page,
  pageOf,
  PageQuery,
} from '@erp-steward/service-kit/paging'
import type { Seal } from '@erp-steward/service-kit/seal'
import type { Dependencies } from '@erp-steward/service-kit/service'
import { Type } from 'typebox'
import type { IncidentConfig } from '../config.ts'
import { resendNotification } from './resend-notification.ts'
import { registerWebhook, setWebhookActive, type Webhook } from './webhook.ts'

const NotificationView = Type.Object({
  id: Uuid,
  ticketId: nullable(Uuid),
  occasion: Type.String(),
  about: nullable(Type.Object({ type: Type.String(), id: Type.String() })),
  channel: Type.Enum(['mail', 'webhook']),
  recipient: Type.String(),
  subject: Type.String(),
  state: Type.Enum(['queued', 'delivered', 'failed']),
  attempts: Type.Integer(),
  lastError: nullable(Type.String()),
  createdAt: InstantOut,
  deliveredAt: nullable(InstantOut),
  tries: Type.Array(
    Type.Object({
      attempt: Type.Integer(),
      at: Type.String(),
      outcome: Type.String(),
      detail: Type.String(),
    }),
  ),
})

interface LedgerRow {
  id: string
  ticketId: string | null
  occasion: string
  about: { type: string; id: string } | null
  channel: 'mail' | 'webhook'
  recipient: string
  subject: string
  state: 'queued' | 'delivered' | 'failed'
  attempts: number
  lastError: string | null
  createdAt: Date
  deliveredAt: Date | null
  tries: { attempt: number; at: string; outcome: string; detail: string }[]
}

const WebhookView = Type.Object({
  id: Uuid,
  url: Type.String(),
  unitId: nullable(Uuid),
  active: Type.Boolean(),
  createdAt: InstantOut,
  version: Type.Integer(),
})

export function notificationRoutes(app: App, deps: Dependencies<IncidentConfig>, seal: Seal): void {
  app.get(
    '/v1/notifications',
    {
      config: { access: 'notification.read', clauses: ['A-3.2.3', 'A-5.2.5'] },
      schema: {
        operationId: 'listNotifications',
        summary:
          'The delivery ledger: who was told what, when, by which way, and what the receiver said.',
        tags: ['notifications'],
        querystring: Type.Object({
          ...PageQuery,
          ticketId: Type.Optional(Uuid),
          state: Type.Optional(Type.Enum(['queued', 'delivered', 'failed'])),
        }),
        response: { 200: pageOf(NotificationView) },
      },
    },
    async (request) => {
      const { limit, cursor, ticketId, state } = request.query
      const [at, id] = decodeInstantCursor(cursor)
      const rows: LedgerRow[] = await deps.db.query(
        `select n.id, n.ticket_id as "ticketId", n.occasion,
                case when n.about_type is not null then json_build_object('type', n.about_type, 'id', n.about_id) end as about,
                n.channel, n.recipient, n.subject, n.state, n.attempts,
                n.last_error as "lastError", n.created_at as "createdAt", n.delivered_at as "deliveredAt",
                coalesce((select json_agg(json_build_object('attempt', a.attempt, 'at', a.at, 'outcome', a.outcome,
                                          'detail', a.detail) order by a.attempt)
                            from notification_attempt a where a.notification_id = n.id), '[]') as tries
           from notification n left join ticket t on t.id = n.ticket_id
          where ($1::uuid is null or n.ticket_id = $1) and ($2::text is null or n.state = $2)
            and ($3::timestamptz is null or (n.created_at, n.id) < ($3, $4))
            and ($5::uuid is null or t.unit_id = $5)
          order by n.created_at desc, n.id desc limit $6`,
        [ticketId ?? null, state ?? null, at, id, unitInRange(request), limit + 1],
      )
      return page(rows, limit, (row) => [row.createdAt.toISOString(), row.id])
    },
  )

  app.post(
    '/v1/notifications/:id/resend',
    {
      config: { access: 'notification.resend', clauses: ['A-3.2.3'] },
      schema: {
        operationId: 'resendNotification',
        summary: 'Tries at once to deliver a message that did not reach its receiver.',
        description:
          'It goes to the address that the receiver has now. One that was given up gets one more try; one that still waits for ' +
          'its next try gets it now.',
        tags: ['notifications'],
        params: Type.Object({ id: Uuid }),
        response: {
          202: Type.Object({
            id: Uuid,
            state: Type.Enum(['queued']),
            attempts: Type.Integer({ minimum: 0, description: 'Tries until now.' }),
          }),
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const { attempts } = await deps.db.transaction((tx) =>
        resendNotification(tx, id, actOf(request, deps.clock())),
      )
      return reply.code(202).send({ id, state: 'queued', attempts })
    },
  )

  app.post(
    '/v1/webhooks',
    {
      config: { access: 'webhook.manage', once: true, clauses: ['A-3.2.3'] },
      schema: {
        operationId: 'registerWebhook',
        summary: 'Registers an address that is called for tickets, signed after Standard Webhooks.',
        tags: ['notifications'],
        body: Type.Object(
          {
            url: Type.String({ format: 'uri', maxLength: 500 }),
            unitId: nullable(Uuid),
            secret: Type.String({
              pattern: '^whsec_[A-Za-z0-9+/]{32,88}={0,2}$',
              description:
                'Base64 of 24 to 64 random bytes after `whsec_`; kept sealed, never shown again.',
            }),
          },
          { additionalProperties: false },
        ),
        response: { 201: WebhookView },
      },
    },
    (request, reply) => {
      assertReaches(request, request.body.unitId)
      return createOnce(deps, request, reply, async (tx, act) => {
        const targets = deps.config.WEBHOOK_TARGETS
        const webhook = await registerWebhook(tx, request.body, { targets, seal }, act)
        return { body: withoutSecret(webhook), version: webhook.version }
      })
    },
  )

  app.get(
    '/v1/webhooks',
    {
      config: { access: 'webhook.manage' },
      schema: {
        operationId: 'listWebhooks',
        summary: 'The registered webhooks, without their secrets.',
        tags: ['notifications'],
        querystring: Type.Object(PageQuery),
        response: { 200: pageOf(WebhookView) },
      },
    },
    async (request) => {
      const { limit, cursor } = request.query
      const after = decodeIdCursor(cursor)
      const rows: Omit<Webhook, 'sealedSecret'>[] = await deps.db.query(
        `select id, url, unit_id as "unitId", active, created_at as "createdAt", version from webhook
          where ($1::uuid is null or id > $1) and ($2::uuid is null or unit_id = $2)
          order by id limit $3`,
        [after, unitInRange(request), limit + 1],
      )
      return page(rows, limit, ({ id }) => [id])
    },
  )

  app.patch(
    '/v1/webhooks/:id',
    {
      config: { access: 'webhook.manage', versioned: true },
      schema: {
        operationId: 'switchWebhook',
        summary: 'Switches a webhook on or off.',
        tags: ['notifications'],
        params: Type.Object({ id: Uuid }),
        body: Type.Object({ active: Type.Boolean() }, { additionalProperties: false }),
        response: { 200: WebhookView },
      },
    },
    async (request, reply) =>
      withoutSecret(
        await change(deps, request, reply, async (tx, _act, expected) => {
          const command = { id: request.params.id, ...request.body }
          const webhook = await setWebhookActive(tx, command, expected)
          assertReaches(request, webhook.unitId)
          return webhook
        }),
      ),
  )
}

/** The idempotency record keeps the answer, so the sealed secret must not even be in it. */
function withoutSecret({ sealedSecret: _, ...view }: Webhook): Omit<Webhook, 'sealedSecret'> {
  return view
}
