import { about, closed, Id, nullable, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { actOf, assertReaches, unitInRange } from '@erp-steward/service-kit/authentication'
import { byId, byInstant } from '@erp-steward/service-kit/paging'
import { changeRoute, createRoute, listRoute, PathId } from '@erp-steward/service-kit/route-shapes'
import type { Seal } from '@erp-steward/service-kit/seal'
import type { Dependencies } from '@erp-steward/service-kit/service'
import { Type, type Static } from 'typebox'
import type { IncidentConfig } from '../config.ts'
import { NotificationState, NotificationView } from './notification.ts'
import { resendNotification } from './resend-notification.ts'
import {
  registerWebhook,
  replaceWebhookSecret,
  setWebhookActive,
  WebhookView,
  type Webhook,
} from './webhook.ts'

const tags = ['notifications']
const WebhookSecret = Type.String({
  pattern: '^whsec_[A-Za-z0-9+/]{32,88}={0,2}$',
  description: 'Base64 of 24 to 64 random bytes after `whsec_`; kept sealed, never shown again.',
})

/** Longest overlap of two secrets, in hours: a week. */
const LONGEST_OVERLAP = 168

const manage = { access: 'webhook.manage', tags } as const

export function notificationRoutes(app: App, deps: Dependencies<IncidentConfig>, seal: Seal): void {
  const { db } = deps

  listRoute(app, '/v1/notifications', {
    operationId: 'listNotifications',
    problems: ['outside-unit'],
    summary:
      'The delivery ledger: who was told what, when, by which way, and what the receiver said.',
    tags,
    access: 'notification.read',
    clauses: ['A-3.2.3', 'A-5.2.5'],
    query: {
      ticketId: Type.Optional(about(Uuid, 'Only what was sent about this ticket.')),
      state: Type.Optional(NotificationState),
    },
    row: NotificationView,
    sorting: byInstant('createdAt'),
    list: ({
      query: { ticketId, state },
      request,
      after: [at, id],
      limit,
    }): Promise<Static<typeof NotificationView>[]> =>
      db.query(
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
        [ticketId ?? null, state ?? null, at, id, unitInRange(request), limit],
      ),
  })

  app.post(
    '/v1/notifications/:id/resend',
    {
      config: { access: 'notification.resend', clauses: ['A-3.2.3'] },
      schema: {
        operationId: 'resendNotification',
        problems: ['notification-delivered', 'notification-not-found'],
        summary: 'Tries at once to deliver a message that did not reach its receiver.',
        description:
          'It goes to the address that the receiver has now. One that was given up gets one more try; one that still waits for ' +
          'its next try gets it now.',
        tags,
        params: Type.Object({ id: PathId }),
        response: {
          202: Type.Object(
            {
              id: Id,
              state: Type.Enum(['queued'], {
                description: 'It waits for the try that comes next.',
              }),
              attempts: Type.Integer({ minimum: 0, description: 'Tries until now.' }),
            },
            { title: 'ResentNotification' },
          ),
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const { attempts } = await db.transaction((tx) =>
        resendNotification(tx, id, actOf(request, deps.clock())),
      )
      return reply.code(202).send({ id, state: 'queued', attempts })
    },
  )

  createRoute(app, deps, '/v1/webhooks', {
    ...manage,
    operationId: 'registerWebhook',
    problems: ['outside-unit', 'unit-unknown', 'webhook-refused'],
    summary: 'Registers an address that is called for tickets, signed after Standard Webhooks.',
    clauses: ['A-3.2.3'],
    body: closed({
      url: Type.String({
        format: 'uri',
        maxLength: 500,
        description:
          'Where messages are posted; host and port must be among the allowed targets of the site.',
      }),
      unitId: nullable(Uuid, 'Tickets of which unit; null: of all.'),
      secret: WebhookSecret,
    }),
    answer: WebhookView,
    located: false,
    admit: ({ request, body }) => {
      assertReaches(request, body.unitId)
    },
    create: async (tx, { body, act }) => {
      const targets = deps.config.WEBHOOK_TARGETS
      return withoutSecret(await registerWebhook(tx, body, { targets, seal }, act))
    },
  })

  listRoute(app, '/v1/webhooks', {
    ...manage,
    operationId: 'listWebhooks',
    problems: ['outside-unit'],
    summary: 'The registered webhooks, without their secrets.',
    row: WebhookView,
    sorting: byId,
    list: ({ request, after, limit }): Promise<Static<typeof WebhookView>[]> =>
      db.query(
        `select id, url, unit_id as "unitId", active, created_at as "createdAt",
                previous_until as "previousUntil", version from webhook
          where ($1::uuid is null or id > $1) and ($2::uuid is null or unit_id = $2)
          order by id limit $3`,
        [after, unitInRange(request), limit],
      ),
  })

  changeRoute(app, deps, 'POST', '/v1/webhooks/:id/secrets', {
    ...manage,
    operationId: 'replaceWebhookSecret',
    problems: ['not-found', 'outside-unit'],
    summary: 'Replaces the secret of a webhook; the one before signs too for a time.',
    body: closed({
      secret: WebhookSecret,
      overlapHours: Type.Integer({
        minimum: 0,
        maximum: LONGEST_OVERLAP,
        default: 24,
        description:
          'For how long messages carry both signatures; 0: the one before is void at once.',
      }),
    }),
    answer: WebhookView,
    apply: async (tx, { params: { id }, body, request, expected, act }) => {
      const webhook = await replaceWebhookSecret(tx, seal, { id, ...body }, expected, act)
      assertReaches(request, webhook.unitId)
      return withoutSecret(webhook)
    },
  })

  changeRoute(app, deps, 'PATCH', '/v1/webhooks/:id', {
    ...manage,
    operationId: 'switchWebhook',
    problems: ['not-found', 'outside-unit'],
    summary: 'Switches a webhook on or off.',
    body: closed({
      active: Type.Boolean({
        description: 'False: nothing is sent until it is switched on again.',
      }),
    }),
    answer: WebhookView,
    apply: async (tx, { params, body, request, expected }) => {
      const webhook = await setWebhookActive(tx, { id: params.id, ...body }, expected)
      assertReaches(request, webhook.unitId)
      return withoutSecret(webhook)
    },
  })
}

/** The idempotency record keeps the answer, so the sealed secret must not even be in it. */
function withoutSecret({ sealedSecret: _, ...view }: Webhook): Omit<Webhook, 'sealedSecret'> {
  return view
}
