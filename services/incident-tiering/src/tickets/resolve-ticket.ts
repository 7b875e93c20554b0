import type { Act } from '@erp-steward/contracts/act'
import { TicketResolved } from '@erp-steward/contracts/incident-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import { isLate, letWorkClocks, openClocks, startClocks, stopClocks } from '../clocks/run-clock.ts'
import { askConfirmers } from './ask-confirmers.ts'
import { assertOwnedBy } from './note-progress.ts'
import { addEntry } from './ticket-entry.ts'
import { lockTicket, updateTicket, type Ticket } from './ticket.ts'

/**
 * The owner reports the service restored or a work-around, and the user is asked. The clocks of the work pause: a
 * rejection lets them run on with the time already used. The cause of a P1 is still to be reported. Source,
 * B-4.3.6.
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
  const withinTarget = restore === undefined || !isLate(restore, act.now)
  await letWorkClocks(tx, ticket.id, 'pause', 'resolved, waits for the user', act)
  await stopClocks(tx, ticket.id, 'tier', 'resolved', act)
  await stopClocks(tx, ticket.id, 'progress-note', 'resolved', act)
  const [confirm] = await startClocks(
    tx,
    { ticketId: ticket.id, unitId: ticket.unitId },
    [
      { kind: 'confirm', tier: null, parameter: 'incident.closure.confirm_within' },
      { kind: 'remind', tier: null, parameter: 'incident.closure.remind_after' },
      ...(ticket.priority === 'P1'
        ? [{ kind: 'final', tier: null, parameter: 'incident.sla.p1.final' } as const]
        : []),
    ],
    act,
  )
  const resolved = await updateTicket(tx, ticket, {
    state: 'resolved',
    resolution,
    resolvedAt: act.now,
    resolvedByPersonId: act.personId,
    userSilentAt: null,
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
      resolvedAt: act.now.toISOString(),
      withinTarget,
      confirmDueAt: confirm.dueAt?.toISOString() ?? null,
    },
    act,
  )
  await askConfirmers(tx, resolved, 'resolved', act)
  return resolved
}
