import { about, Id, InstantOut, nullable, Uuid, Version } from '@erp-steward/contracts/values'
import { entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import { Type } from 'typebox'

/** An address outside that facts are posted to, as callers see it. */
export const EventWebhookView = Type.Object(
  {
    id: Id,
    url: Type.String({ description: 'Where facts are posted.' }),
    types: Type.Array(Type.String(), {
      description: 'Types of facts with their version; empty: all, those of later versions too.',
    }),
    unitId: nullable(Uuid, 'The unit whose facts it is sent; null: of all.'),
    proposalId: about(Uuid, 'The proposal by which it was registered.'),
    registeredBy: Type.String({ description: 'Account that asked for it.' }),
    approvedBy: Type.String({ description: 'Account that approved it.' }),
    registeredAt: about(InstantOut, 'When it was approved.'),
    secretMadeAt: nullable(
      InstantOut,
      'Since when the secret signs; null: it has none, and nothing is sent.',
    ),
    previousUntil: nullable(
      InstantOut,
      'Until when the secret before signs too; null: it does not.',
    ),
    endedAt: nullable(InstantOut, 'Since when nothing is sent any more; null: it is sent facts.'),
    endedBy: nullable(Type.String(), 'Account that ended it.'),
    version: Version,
  },
  { title: 'EventWebhook' },
)

export const EventWebhookEntity = entityOf(EventWebhookView, {
  table: 'event_webhook',
  kept: {
    sealedSecret: nullable(Type.String()),
    sealedPrevious: nullable(Type.String()),
  },
})
export type EventWebhook = RowOf<typeof EventWebhookEntity>

export const DeliveryState = Type.Enum(['queued', 'delivered', 'failed'], {
  title: 'EventDeliveryState',
  description:
    '`queued`: waits for its next try; `delivered`: answered 2xx; `failed`: given up after a day, until it is replayed.',
})

/** One fact on its way to one receiver. */
export const EventDeliveryView = Type.Object(
  {
    webhookId: about(Uuid, 'The receiver.'),
    seq: Type.Integer({ description: 'Number of the fact in the ledger.' }),
    eventId: about(Uuid, 'Id of the fact, and of the message: `webhook-id`.'),
    type: Type.String({ description: 'Type of the fact with its version.' }),
    state: DeliveryState,
    attempts: Type.Integer({ description: 'Tries since it was queued last.' }),
    lastError: nullable(Type.String(), 'Why the last try failed; null: none did.'),
    queuedAt: about(InstantOut, 'When it was queued last.'),
    triedAt: nullable(InstantOut, 'When it was tried last.'),
    nextAt: nullable(InstantOut, 'When it is tried next; null: it is not.'),
    deliveredAt: nullable(InstantOut, 'When the receiver had it.'),
  },
  { title: 'EventDelivery' },
)

export const EventDeliveryEntity = entityOf(EventDeliveryView, {
  table: 'event_delivery',
  key: ['webhookId', 'seq'],
  columns: { seq: { type: 'bigint', transformer: { from: Number, to: String } } },
  indices: [
    {
      name: 'event_delivery_due',
      columns: ['webhookId', 'nextAt', 'seq'],
      where: `state = 'queued'`,
    },
    { name: 'event_delivery_not_delivered', columns: ['queuedAt'], where: `state = 'failed'` },
    { name: 'event_delivery_delivered', columns: ['deliveredAt'], where: `state = 'delivered'` },
  ],
  foreignKeys: [
    {
      name: 'event_delivery_webhook_id_fkey',
      target: 'event_webhook',
      columnNames: ['webhook_id'],
      referencedColumnNames: ['id'],
    },
  ],
})
export type EventDelivery = RowOf<typeof EventDeliveryEntity>
