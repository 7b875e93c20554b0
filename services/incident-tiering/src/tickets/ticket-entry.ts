import { randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { EntitySchema, type EntityManager } from 'typeorm'

/** What the timeline of a ticket tells, in the words of its events. */
export type EntryKind =
  | 'opened'
  | 'acknowledged'
  | 'progress-noted'
  | 'escalated'
  | 'priority-raised'
  | 'clock-breached'
  | 'alert-ended'
  | 'resolved'
  | 'confirmed'
  | 'rejected'
  | 'closed'

/** One line of a ticket's timeline; lines are only ever added. */
export interface TicketEntry {
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
    id: { type: 'uuid', primary: true, primaryKeyConstraintName: 'ticket_entry_pkey' },
    ticketId: { type: 'uuid', name: 'ticket_id' },
    at: { type: 'timestamptz' },
    actor: { type: 'text' },
    kind: { type: 'text' },
    text: { type: 'text' },
  },
  indices: [{ name: 'ticket_entry_by_ticket', columns: ['ticketId', 'at'] }],
})

export async function addEntry(
  tx: EntityManager,
  ticketId: string,
  kind: EntryKind,
  text: string,
  act: Act,
): Promise<TicketEntry> {
  const entry = { id: randomUUID(), ticketId, at: act.now, actor: act.actor, kind, text }
  await tx.insert(TicketEntryEntity, entry)
  return entry
}
