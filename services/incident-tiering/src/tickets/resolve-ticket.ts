import type { Act } from '@erp-steward/contracts/act'
import { TicketResolved } from '@erp-steward/contracts/incident-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import { addFact, isLate, openClocks, startClocks, stopClocks } from '../clocks/run-clock.ts'
import { notifyReporter } from '../notifications/notify.ts'
import { assertOwnedBy } from './note-progress.ts'
import { addEntry } from './ticket-entry.ts'
import { lockTicket, updateTicket, type Ticket } from './ticket.ts'

/**
 * The owner reports the service restored or a work-around. The restore clock pauses: a rejection lets it run on with
 * the time already used. Source, B-4.3.6.
 *
 * @throws Problem `ticket-not-found`, `version-stale`, `ticket-state`, `not-ticket-owner`
 */
export async function resolveTicket(
  tx: EntityManager,
  { ticketId, resolution }: { ticketId: string; resolution: string },
  expected: number,
  act: Act,
): Promise<Ticket> {
  const ticket = await lockTicket(tx, ticketId, expected)
  assertOwnedBy(ticket, act)
  const [restore] = await openClocks(tx, ticket.id, 'restore')
  const at = act.now.toISOString()
  if (restore !== undefined)
    await addFact(tx, restore, { at, kind: 'pause', reason: 'resolved, waits for the user' }, act)
  await stopClocks(tx, ticket.id, 'tier', 'resolved', act)
  await stopClocks(tx, ticket.id, 'progress-note', 'resolved', act)
  const [confirm] = await startClocks(
    tx,
    { ticketId: ticket.id, unitId: ticket.unitId },
    [{ kind: 'confirm', tier: null, parameter: 'incident.closure.confirm_within' }],
    act,
  )
  const resolved = await updateTicket(tx, ticket, {
    state: 'resolved',
    resolution,
    resolvedAt: act.now,
    resolvedByPersonId: act.personId,
  })
  await addEntry(tx, ticket.id, 'resolved', resolution, act)
  await appendEvent(
    tx,
    'incident-tiering',
    TicketResolved,
    ticket.id,
    {
      ticketId: ticket.id,
      resolution,
      resolvedAt: at,
      withinTarget: restore === undefined || !isLate(restore, act.now),
      confirmDueAt: confirm.dueAt?.toISOString() ?? null,
    },
    act,
  )
  await notifyReporter(tx, resolved, 'resolved', act, resolution)
  return resolved
}
