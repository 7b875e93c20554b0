import { about, closed, Instant, nullable, Reason } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { assertReaches } from '@erp-steward/service-kit/authentication'
import { createOnce, type Committer } from '@erp-steward/service-kit/commit'
import { columnsOf } from '@erp-steward/service-kit/entity'
import { byId, bySeq, type Sorting } from '@erp-steward/service-kit/paging'
import { ProposalView, type ProposalKind } from '@erp-steward/service-kit/proposal'
import { proposalCreated } from '@erp-steward/service-kit/proposal-routes'
import { propose } from '@erp-steward/service-kit/proposals'
import {
  changeRoute,
  createRoute,
  listRoute,
  readRoute,
} from '@erp-steward/service-kit/route-shapes'
import type { Seal } from '@erp-steward/service-kit/seal'
import { Type, type Static } from 'typebox'
import {
  DeliveryState,
  EventDeliveryEntity,
  EventDeliveryView,
  EventWebhookEntity,
  EventWebhookView,
  type EventWebhook,
} from './event-webhook.ts'
import {
  AskedWebhook,
  assertRegistrable,
  endWebhook,
  makeSecret,
  unknownWebhook,
} from './register-webhook.ts'
import { replayEvents } from './replay-events.ts'

const webhooks = '/v1/event-webhooks'
const shared = { clauses: ['A-4.3.4'], tags: ['event-webhooks'] } as const
const manage = { ...shared, access: 'event-webhook.manage' } as const

/** Longest overlap of two secrets, in hours: a week. */
const LONGEST_OVERLAP = 168

const newestFirst: Sorting<{ readonly seq: number }, string | null> = {
  after: (cursor) => bySeq.after(cursor),
  keyOf: ({ seq }) => [seq],
}

const WebhookWithSecret = Type.Object(
  {
    ...EventWebhookView.properties,
    secret: Type.String({
      description: '`whsec_` and 32 bytes in Base64, shown this once: the receiver checks by it.',
    }),
  },
  { title: 'EventWebhookSecret' },
)

const ReplayView = Type.Object(
  {
    queued: Type.Integer({ description: 'Facts that wait to be sent.' }),
    next: nullable(Type.Integer(), '`after` of the next call; null: these were the last.'),
  },
  { title: 'EventReplay' },
)

interface WebhookDependencies extends Committer {
  readonly seal: Seal
  readonly targets: string
  readonly registering: ProposalKind<typeof AskedWebhook>
}

/** Receivers of facts outside: registered by two, signed after Standard Webhooks, with a ledger of what each was sent. */
export function eventWebhookRoutes(app: App, deps: WebhookDependencies): void {
  readRoutes(app, deps)
  const { seal, targets, registering } = deps

  app.post(webhooks, {
    config: { access: 'event-webhook.manage', once: true, clauses: shared.clauses },
    schema: {
      operationId: 'registerEventWebhook',
      problems: [
        'administrator-unnamed',
        'outside-unit',
        'proposal-pending',
        'unit-unknown',
        'webhook-refused',
      ],
      summary:
        'Proposes an address that facts are posted to (202); the security administrator approves it.',
      description:
        'Nothing is sent until it is approved and has a secret. Each fact is posted as the CloudEvent that the ledger holds, signed after Standard Webhooks (`webhook-id`, `webhook-timestamp`, `webhook-signature`); it counts as delivered once it is answered with 2xx, else it is sent again under the same id with growing pauses for a day. Facts come in the order of the ledger while every try succeeds.',
      tags: [...shared.tags],
      body: AskedWebhook,
      response: { 202: ProposalView },
    },
    handler: async (request, reply) => {
      assertReaches(request, null)
      return createOnce(deps, request, reply, async (tx, act) => {
        const { body } = request
        await assertRegistrable(tx, body, targets)
        const made = await propose(tx, 'identity', registering, { body, reason: body.reason }, act)
        return proposalCreated(request, 'identity', registering, made)
      })
    },
  })

  changeRoute(app, deps, 'POST', `${webhooks}/:id/secrets`, {
    ...manage,
    operationId: 'makeEventWebhookSecret',
    problems: ['not-found', 'outside-unit', 'webhook-ended'],
    summary:
      'Makes a new secret that signs, and shows it this once; the one before signs too for a time.',
    body: closed({
      overlapHours: Type.Integer({
        minimum: 0,
        maximum: LONGEST_OVERLAP,
        default: 24,
        description:
          'For how long messages carry both signatures; 0: the one before is void at once.',
      }),
    }),
    answer: WebhookWithSecret,
    admit: ({ request }) => {
      assertReaches(request, null)
    },
    apply: async (tx, { params: { id }, body: { overlapHours }, expected, act }) => {
      const { secret, ...webhook } = await makeSecret(tx, seal, { id, overlapHours }, expected, act)
      return { ...shown(webhook), secret }
    },
  })

  changeRoute(app, deps, 'POST', `${webhooks}/:id/end`, {
    ...manage,
    operationId: 'endEventWebhook',
    problems: ['not-found', 'outside-unit', 'webhook-ended'],
    summary: 'Ends a receiver at once and for good; another is registered by two again.',
    body: closed({ reason: Reason }),
    answer: EventWebhookView,
    admit: ({ request }) => {
      assertReaches(request, null)
    },
    apply: async (tx, { params: { id }, body: { reason }, expected, act }) =>
      shown(await endWebhook(tx, { id, reason }, expected, act)),
  })

  createRoute(app, deps, `${webhooks}/:id/replays`, {
    ...manage,
    operationId: 'replayEventWebhook',
    problems: ['not-found', 'outside-unit', 'webhook-ended'],
    summary: 'Sends facts of a time once more, or those alone that were given up.',
    description: 'At most 10,000 in one call, under the ids that they had.',
    body: closed({
      from: about(Instant, 'Recorded at this instant or later.'),
      to: about(Instant, 'Recorded before this instant.'),
      onlyFailed: Type.Boolean({ description: 'Only those that were given up.' }),
      after: Type.Integer({
        minimum: 0,
        maximum: Number.MAX_SAFE_INTEGER,
        default: 0,
        description: '`next` of the call before.',
      }),
    }),
    answer: ReplayView,
    located: false,
    admit: ({ request }) => {
      assertReaches(request, null)
    },
    create: (tx, { params: { id }, body: { from, to, onlyFailed, after }, act }) =>
      replayEvents(tx, { id, from: new Date(from), to: new Date(to), onlyFailed, after }, act),
  })
}

function readRoutes(app: App, { db }: WebhookDependencies): void {
  const read = { ...shared, access: 'event-webhook.read' } as const

  listRoute(app, webhooks, {
    ...read,
    operationId: 'listEventWebhooks',
    summary: 'Receivers of facts, also those that were ended, without their secrets.',
    row: EventWebhookView,
    sorting: byId,
    list: async ({ after, limit }) => {
      const query = db.manager
        .createQueryBuilder(EventWebhookEntity, 'webhook')
        .orderBy('webhook.id')
        .limit(limit)
      if (after !== null) query.where('webhook.id > :after', { after })
      return (await query.getMany()).map(shown)
    },
  })

  readRoute(app, `${webhooks}/:id`, {
    ...read,
    operationId: 'readEventWebhook',
    problems: ['not-found'],
    summary: 'One receiver of facts, without its secret.',
    answer: EventWebhookView,
    read: async ({ params: { id } }) => {
      const webhook = await db.manager.findOneBy(EventWebhookEntity, { id })
      if (webhook === null) throw unknownWebhook(id)
      return shown(webhook)
    },
  })

  listRoute(app, `${webhooks}/:id/deliveries`, {
    ...read,
    operationId: 'listEventDeliveries',
    problems: ['not-found'],
    summary:
      'What a receiver was sent, the newest fact first: kept for 30 days, and for 90 what it did not get.',
    query: { state: Type.Optional(DeliveryState) },
    row: EventDeliveryView,
    sorting: newestFirst,
    list: async ({ params: { id }, query: { state = null }, after: before, limit }) => {
      if (!(await db.manager.existsBy(EventWebhookEntity, { id }))) throw unknownWebhook(id)
      return db.query<Static<typeof EventDeliveryView>[]>(
        `select ${columnsOf(EventDeliveryEntity)}, seq::float8 as seq from event_delivery
          where webhook_id = $1 and ($2::text is null or state = $2) and ($3::bigint is null or seq < $3)
          order by event_delivery.seq desc limit $4`,
        [id, state, before, limit],
      )
    },
  })
}

function shown({ sealedSecret: _, sealedPrevious: __, ...webhook }: EventWebhook) {
  return webhook
}
