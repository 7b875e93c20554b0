import type { Act } from '@erp-steward/contracts/act'
import { TicketProgressNoted } from '@erp-steward/contracts/incident-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import { stopClocks } from '../clocks/run-clock.ts'
import { notifyReporter } from '../notifications/notify.ts'
import { startNoteClock } from './start-note-clock.ts'
import { addEntry } from './ticket-entry.ts'
import { lockTicket, updateTicket, type Ticket } from './ticket.ts'

/**
 * The owner tells the reporter how the work goes; the next note falls due anew. Source.
 *
 * @throws Problem `ticket-not-found`, `version-stale`, `ticket-state`, `not-ticket-owner`
 */
export async function noteProgress(
  tx: EntityManager,
  { ticketId, note }: { ticketId: string; note: string },
  expected: number,
  act: Act,
): Promise<Ticket> {
  const ticket = await lockTicket(tx, ticketId, expected)
  assertOwnedBy(ticket, act)
  await stopClocks(tx, ticket.id, 'progress-note', 'noted', act)
  await startNoteClock(tx, ticket, act)
  const noted = await updateTicket(tx, ticket, {})
  await addEntry(tx, ticket.id, 'progress-noted', note, act)
  await appendEvent(
    tx,
    'incident-tiering',
    TicketProgressNoted,
    ticket.id,
    { ticketId: ticket.id, note, notedAt: act.now.toISOString() },
    act,
  )
  await notifyReporter(tx, noted, 'progress-noted', act, note)
  return noted
}

/** @throws Problem `ticket-state` if nobody owns the ticket, `not-ticket-owner` if somebody else does */
export function assertOwnedBy(ticket: Ticket, act: Act): void {
  if (ticket.state !== 'acknowledged')
    throw new Problem(
      'ticket-state',
      said(
        `The ticket is ${ticket.state}; acknowledge it first.`,
        `该工单的状态为 ${ticket.state}，请先受理。`,
      ),
    )
  if (act.personId === null || ticket.ownerPersonId !== act.personId)
    throw new Problem(
      'not-ticket-owner',
      said('Another person owns the ticket.', '该工单由另一人负责。'),
    )
}
