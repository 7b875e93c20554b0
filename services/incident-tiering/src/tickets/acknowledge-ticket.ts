import type { Act } from '@erp-steward/contracts/act'
import { TicketAcknowledged } from '@erp-steward/contracts/incident-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { heldPerson } from '@erp-steward/directory/directory'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import { isLate, openClocks, stopClocks } from '../clocks/run-clock.ts'
import { tiersOfPerson } from '../key-users/members-of-tier.ts'
import { tiersCalledAtOnce, tierToTake } from './rules/tier-path.ts'
import { startHandover } from './start-handover.ts'
import { addEntry } from './ticket-entry.ts'
import { lockTicket, updateTicket, type Ticket } from './ticket.ts'

/**
 * A key user of the tier takes the ticket and owns it: the first response stops the acknowledge clock. A tier that was
 * called at once (P1, P2) may take it before its turn, under its own hand-over clock. Source.
 *
 * @throws Problem `ticket-not-found`, `version-stale`, `ticket-state`, `not-on-tier`
 */
export async function acknowledgeTicket(
  tx: EntityManager,
  ticketId: string,
  expected: number,
  act: Act,
): Promise<Ticket> {
  // Before the ticket, as an event about the person does it: who leaves at this moment would own the ticket for ever.
  const person = act.personId === null ? null : await heldPerson(tx, act.personId)
  const ticket = await lockTicket(tx, ticketId, expected)
  if (ticket.state !== 'open')
    throw new Problem(
      'ticket-state',
      said(
        `The ticket is ${ticket.state} and cannot be acknowledged.`,
        `该工单的状态为 ${ticket.state}，不能受理。`,
      ),
    )
  const serves = person === null ? [] : await tiersOfPerson(tx, ticket, person.id)
  const tier = tierToTake(ticket.tier, tiersCalledAtOnce(ticket.priority), serves)
  if (tier === null || person === null)
    throw new Problem(
      'not-on-tier',
      said(
        `You serve no tier that was called; the ticket is on ${ticket.tier}.`,
        `您不在已呼叫的支持层级；该工单在 ${ticket.tier}。`,
      ),
    )
  const [acknowledge] = await openClocks(tx, ticket.id, 'acknowledge')
  await stopClocks(tx, ticket.id, 'acknowledge', 'acknowledged', act)
  const taken = await updateTicket(tx, ticket, {
    state: 'acknowledged',
    tier,
    ownerPersonId: person.id,
    acknowledgedAt: ticket.acknowledgedAt ?? act.now,
  })
  await addEntry(
    tx,
    ticket.id,
    'acknowledged',
    said(`Taken on ${tier}.`, `已由 ${tier} 受理。`),
    act,
  )
  await appendEvent(
    tx,
    'incident-tiering',
    TicketAcknowledged,
    ticket.id,
    {
      ticketId: ticket.id,
      ownerPersonId: person.id,
      tier,
      acknowledgedAt: act.now.toISOString(),
      withinTarget: acknowledge === undefined || !isLate(acknowledge, act.now),
      alertLevel: ticket.alertLevel,
    },
    act,
  )
  if (tier === ticket.tier) return taken
  await stopClocks(tx, ticket.id, 'tier', `taken on ${tier}`, act)
  return startHandover(tx, taken, { called: [tier], staffed: [tier] }, act)
}
