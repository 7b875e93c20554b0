import type { Act } from '@erp-steward/contracts/act'
import { EntitySchema, type EntityManager } from 'typeorm'

/** What the timeline of a ticket tells, in the words of its events. */
export type EntryKind =
  | 'opened'
  | 'acknowledged'
  | 'progress-noted'
  | 'escalated'
  | 'priority-raised'
  | 'released'
  | 'reassigned'
  | 'superiors-called'
  | 'user-silent'
  | 'root-cause-reported'
  | 'clock-breached'
  | 'alert-ended'
  | 'alert-repeated'
  | 'resolved'
  | 'confirmed'
  | 'rejected'
  | 'closed'

/** One line of a ticket's timeline; lines are only ever added. */
export interface TicketEntry {
  /** Counts upwards, so that what happened at one instant keeps its order; a bigint, hence text. */
  id: string
  ticketId: string
  at: Date
  actor: string
  kind: EntryKind
  text: string
}

export const TicketEntryEntity = new EntitySchema<TicketEntry>({
  name: 'TicketEntry',
  tableName: 'ticket_entry',
  columns: {
    id: {
      type: 'bigint',
      primary: true,
      generated: 'increment',
      primaryKeyConstraintName: 'ticket_entry_pkey',
    },
    ticketId: { type: 'uuid', name: 'ticket_id' },
    at: { type: 'timestamptz' },
    actor: { type: 'text' },
    kind: { type: 'text' },
    text: { type: 'text' },
  },
  indices: [{ name: 'ticket_entry_by_ticket', columns: ['ticketId', 'id'] }],
})

/** Adds a line; the caller holds the lock of the ticket, so lines are numbered in the order of its changes. */
export async function addEntry(
  tx: EntityManager,
  ticketId: string,
  kind: EntryKind,
  text: string,
  act: Act,
): Promise<void> {
  await tx.insert(TicketEntryEntity, { ticketId, at: act.now, actor: act.actor, kind, text })
}
