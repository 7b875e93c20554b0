import type { Act } from '@erp-steward/contracts/act'
import { TicketReleased } from '@erp-steward/contracts/incident-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import { callTiers } from './call-tiers.ts'
import { addEntry } from './ticket-entry.ts'
import { lockTicket, TicketEntity, updateTicket } from './ticket.ts'

/**
 * Gives the tickets of a person who is gone back to their tiers, which are called again; clocks run on as they are.
 * Without this a ticket on the last tier would wait for its owner for ever. Source, no task without assignee.
 */
export async function releaseTicketsOf(
  tx: EntityManager,
  personId: string,
  act: Act,
): Promise<void> {
  const owned = await tx.find(TicketEntity, {
    where: { ownerPersonId: personId, state: 'acknowledged' },
    order: { id: 'asc' },
  })
  for (const { id } of owned) {
    const ticket = await lockTicket(tx, id)
    if (ticket.state !== 'acknowledged' || ticket.ownerPersonId !== personId) continue
    const released = await updateTicket(tx, ticket, { state: 'open', ownerPersonId: null })
    await addEntry(tx, id, 'released', `Its owner has left; ${ticket.tier} is called again.`, act)
    await appendEvent(
      tx,
      'incident-tiering',
      TicketReleased,
      id,
      {
        ticketId: id,
        tier: ticket.tier,
        previousOwnerPersonId: personId,
        releasedAt: act.now.toISOString(),
      },
      act,
    )
    await callTiers(tx, released, [ticket.tier], 'released', act)
  }
}
