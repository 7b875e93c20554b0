import type { Act } from '@erp-steward/contracts/act'
import { TicketReassigned } from '@erp-steward/contracts/incident-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import type { SupportTier } from '@erp-steward/contracts/values'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import { callAnew } from './release-tickets.ts'
import { addEntry } from './ticket-entry.ts'
import { lockTicket, updateTicket, type Ticket } from './ticket.ts'

export interface ReassignTicket {
  readonly ticketId: string
  /** Any tier: the one that has it, whose members are called anew, or another. */
  readonly tier: SupportTier
  readonly reason: string
}

/**
 * The O&M authority takes a ticket from whoever has it and gives it to a tier, which is called and has a fresh time to
 * take it. Source, B-5.3.2.
 *
 * @throws Problem `ticket-not-found`, `version-stale`, `ticket-state`
 */
export async function reassignTicket(
  tx: EntityManager,
  { ticketId, tier, reason }: ReassignTicket,
  expected: number,
  act: Act,
): Promise<Ticket> {
  const ticket = await lockTicket(tx, ticketId, expected)
  if (ticket.state !== 'open' && ticket.state !== 'acknowledged')
    throw new Problem(
      'ticket-state',
      said(
        `The ticket is ${ticket.state}; nobody works on it.`,
        `该工单的状态为 ${ticket.state}，无人处理。`,
      ),
    )
  const given = await updateTicket(tx, ticket, { state: 'open', ownerPersonId: null, tier })
  const words = said(
    `${ticket.tier} to ${tier}: ${reason}`,
    `由 ${ticket.tier} 改派 ${tier}：${reason}`,
  )
  await addEntry(tx, ticket.id, 'reassigned', words, act)
  await appendEvent(
    tx,
    'incident-tiering',
    TicketReassigned,
    ticket.id,
    {
      ticketId: ticket.id,
      from: ticket.tier,
      to: tier,
      previousOwnerPersonId: ticket.ownerPersonId,
      reason,
      reassignedAt: act.now.toISOString(),
    },
    act,
  )
  return callAnew(tx, given, 'reassigned', act)
}
