import type { Act } from '@erp-steward/contracts/act'
import { TicketPriorityRaised } from '@erp-steward/contracts/incident-events'
import type { Priority } from '@erp-steward/contracts/values'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import { openClocks, retarget, stopClocks } from '../clocks/run-clock.ts'
import { callTiers } from './call-tiers.ts'
import { isGraver } from './rules/priority.ts'
import { handoverClockOf, tiersCalledAtOnce } from './rules/tier-path.ts'
import { slaParameter } from './start-note-clock.ts'
import { addEntry } from './ticket-entry.ts'
import { lockTicket, updateTicket, type Ticket } from './ticket.ts'

const CLOCKS = { acknowledge: 'ack', restore: 'restore', 'progress-note': 'note' } as const

/**
 * Raises the priority of a ticket that is still worked on; never lowers it. Running clocks get the graver targets and
 * keep the time they have used; tiers that should have been called at once are called now. Source: defaults 2.1.
 */
export async function raisePriority(
  tx: EntityManager,
  ticketId: string,
  priority: Priority,
  reason: string,
  act: Act,
): Promise<Ticket> {
  const ticket = await lockTicket(tx, ticketId)
  if (!isGraver(priority, ticket.priority)) return ticket
  if (ticket.state === 'resolved' || ticket.state === 'closed') return ticket
  const raised = await updateTicket(tx, ticket, { priority, toAllTiers: priority === 'P1' })
  for (const clock of await openClocks(tx, ticket.id))
    if (clock.kind === 'acknowledge' || clock.kind === 'restore' || clock.kind === 'progress-note')
      await retarget(tx, clock, slaParameter(priority, CLOCKS[clock.kind]), ticket.unitId, act)
  if (handoverClockOf(priority, ticket.tier) === null)
    await stopClocks(tx, ticket.id, 'tier', 'with every tier', act)
  await addEntry(
    tx,
    ticket.id,
    'priority-raised',
    `${ticket.priority} to ${priority}: ${reason}`,
    act,
  )
  await appendEvent(
    tx,
    'incident-tiering',
    TicketPriorityRaised,
    ticket.id,
    {
      ticketId: ticket.id,
      from: ticket.priority,
      to: priority,
      reason,
      raisedAt: act.now.toISOString(),
    },
    act,
  )
  const before = tiersCalledAtOnce(ticket.priority)
  const added = tiersCalledAtOnce(priority).filter((tier) => !before.includes(tier))
  await callTiers(tx, raised, added, 'priority-raised', act)
  return raised
}
