import { Type } from 'typebox'
import { defineEvent } from './event.ts'
import { about, Instant, nullable, Uuid } from './values.ts'

const WebhookId = about(Uuid, 'The receiver.')

export const EventWebhookRegistered = defineEvent({
  type: 'identity.security.webhook-registered.v1',
  summary: 'Two people registered an address outside that facts are sent to.',
  clauses: ['A-4.3.4'],
  payload: Type.Object({
    webhookId: WebhookId,
    url: Type.String({ description: 'Where facts are posted.' }),
    types: Type.Array(Type.String(), { description: 'Types of facts; empty: all.' }),
    unitId: nullable(Uuid, 'The unit whose facts it is sent; null: of all.'),
    proposalId: about(Uuid, 'The proposal that was approved.'),
    registeredAt: about(Instant, 'When it was approved.'),
  }),
})

export const EventWebhookSecretMade = defineEvent({
  type: 'identity.security.webhook-secret-made.v1',
  summary: 'A new secret signs what a receiver of facts is sent.',
  clauses: ['A-4.3.4'],
  payload: Type.Object({
    webhookId: WebhookId,
    previousUntil: nullable(Instant, 'Until when the one before signs too; null: it does not.'),
    madeAt: about(Instant, 'When it was made.'),
  }),
})

export const EventWebhookEnded = defineEvent({
  type: 'identity.security.webhook-ended.v1',
  summary: 'An address outside is sent no more facts.',
  clauses: ['A-4.3.4'],
  payload: Type.Object({
    webhookId: WebhookId,
    reason: Type.String({ description: 'Why.' }),
    endedAt: about(Instant, 'When it was ended.'),
  }),
})

export const EventsReplayed = defineEvent({
  type: 'identity.security.events-replayed.v1',
  summary: 'Facts of a time were sent to a receiver once more.',
  clauses: ['A-4.3.4'],
  payload: Type.Object({
    webhookId: WebhookId,
    from: about(Instant, 'Recorded at this instant or later.'),
    to: about(Instant, 'Recorded before this instant.'),
    queued: Type.Integer({ minimum: 0, description: 'Facts that wait to be sent.' }),
    replayedAt: about(Instant, 'When somebody asked for it.'),
  }),
})
