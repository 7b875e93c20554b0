import { AlertLevel } from '@erp-steward/contracts/monitoring-events'
import {
  about,
  Instant,
  nullable,
  Priority,
  SupportTier,
  UnitId,
  Uuid,
} from '@erp-steward/contracts/values'
import type { DescribedWebhooks } from '@erp-steward/service-kit/describe-exchange'
import { Type, type Static } from 'typebox'
import { TicketState } from '../tickets/ticket.ts'

/** What a webhook is sent. */
export const WebhookMessage = Type.Object(
  {
    type: Type.String({ description: 'What happened: `ticket.opened`, `ticket.clock-breached` …' }),
    timestamp: about(Instant, 'When it happened.'),
    data: Type.Object(
      {
        ticketId: about(Uuid, 'Its `id`.'),
        number: Type.String({ description: 'What people call it: `T-0000042`.' }),
        title: Type.String({ description: 'What is wrong, in one line.' }),
        priority: Priority,
        state: TicketState,
        tier: SupportTier,
        unitId: UnitId,
        moduleCode: nullable(Type.String(), 'The module that it is about, if any.'),
        alertEpisodeId: nullable(Uuid, 'The alert behind it.'),
        alertLevel: nullable(AlertLevel, 'The level that is told of its alert.'),
        note: nullable(Type.String(), 'What is said with it, for people.'),
      },
      { description: 'The ticket as it was then.' },
    ),
  },
  { title: 'WebhookMessage' },
)
export type WebhookMessage = Static<typeof WebhookMessage>

const header = (name: string, description: string) => ({
  in: 'header',
  name,
  required: true,
  description,
  schema: { type: 'string' },
})

/** The calls that receivers must understand, for the OpenAPI document. */
export const describedWebhooks: DescribedWebhooks = {
  ticketChanged: {
    post: {
      operationId: 'receiveTicketMessage',
      summary: 'A ticket that a registered webhook follows was opened or changed.',
      description:
        'Signed after Standard Webhooks (`v1`, HMAC-SHA256 with the secret of the webhook over `<id>.<timestamp>.<body>`). It counts ' +
        'as delivered once it is answered with 2xx; else it is sent again, under the same id, with growing pauses.',
      tags: ['notifications'],
      // No token of ours: the signature says who sends.
      security: [],
      parameters: [
        header('webhook-id', 'The same for every try, so that the receiver can drop repetitions.'),
        header('webhook-timestamp', 'When it was sent, in seconds since 1970.'),
        header('webhook-signature', '`v1,` and the signature in Base64.'),
      ],
      requestBody: {
        required: true,
        content: { 'application/json': { schema: WebhookMessage } },
      },
      responses: { '2XX': { description: 'The receiver has it.' } },
    },
  },
}
