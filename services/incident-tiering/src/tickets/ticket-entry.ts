import type { Act } from '@erp-steward/contracts/act'
import { about, InstantOut, Uuid } from '@erp-steward/contracts/values'
import { entityOf } from '@erp-steward/service-kit/entity'
import { insertRows } from '@erp-steward/service-kit/insert-rows'
import { InChinese, textColumns, type StoredText } from '@erp-steward/service-kit/stored-text'
import { Type, type Static } from 'typebox'
import type { EntityManager } from 'typeorm'

const EntryKind = Type.Enum(
  [
    'opened',
    'acknowledged',
    'progress-noted',
    'escalated',
    'priority-raised',
    'released',
    'reassigned',
    'superiors-called',
    'user-silent',
    'root-cause-reported',
    'clock-breached',
    'alert-ended',
    'alert-repeated',
    'resolved',
    'confirmed',
    'rejected',
    'closed',
  ],
  { title: 'TicketEntryKind', description: 'What happened, in the words of the events.' },
)
/** What the timeline of a ticket tells, in the words of its events. */
export type EntryKind = Static<typeof EntryKind>

/** One line of a ticket's timeline; lines are only ever added. */
export const TicketEntryView = Type.Object(
  {
    // A bigint, hence text.
    id: Type.String({
      description: 'Counts upwards, so that what happened at one instant keeps its order.',
    }),
    at: about(InstantOut, 'When it happened.'),
    actor: Type.String({ description: 'Account, client or service.' }),
    kind: EntryKind,
    text: Type.String({
      description:
        'What was said with it, such as an analysis or a reason; what the product says itself, in the language preferred.',
    }),
  },
  { title: 'TicketEntry' },
)

export const TicketEntryEntity = entityOf(TicketEntryView, {
  table: 'ticket_entry',
  kept: { ticketId: Uuid, textInChinese: InChinese },
  columns: { id: { type: 'bigint', generated: 'increment' } },
  indices: [{ name: 'ticket_entry_by_ticket', columns: ['ticketId', 'id'] }],
})

/** Adds a line; the caller holds the lock of the ticket, so lines are numbered in the order of its changes. */
export async function addEntry(
  tx: EntityManager,
  ticketId: string,
  kind: EntryKind,
  text: StoredText,
  act: Act,
): Promise<void> {
  const entry = { ticketId, at: act.now, actor: act.actor, kind, ...textColumns(text) }
  await insertRows(tx, TicketEntryEntity, [entry])
}
