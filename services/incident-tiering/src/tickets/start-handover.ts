import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { TicketEscalated } from '@erp-steward/contracts/incident-events'
import type { SupportTier } from '@erp-steward/contracts/values'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import { startClocks, type ClockTerms } from '../clocks/run-clock.ts'
import { callAuthorities } from './call-authorities.ts'
import { callTiers } from './call-tiers.ts'
import { handoverClockOf, nextTier } from './rules/tier-path.ts'
import { addEntry } from './ticket-entry.ts'
import { updateTicket, type Ticket } from './ticket.ts'

/**
 * Lets the ticket wait on its tier under the hand-over clock; while the tier has no members it goes straight on to
 * the next (no waiting in an empty room). On the last tier only a P1 has a clock.
 *
 * @param told the tiers that were called already, and those of them that have members
 * @param terms read before, for the clocks of all tiers
 */
export async function startHandover(
  tx: EntityManager,
  ticket: Ticket,
  told: { readonly called: readonly SupportTier[]; readonly staffed: readonly SupportTier[] },
  act: Act,
  terms?: ClockTerms,
): Promise<Ticket> {
  let current = ticket
  let { staffed } = told
  while (!staffed.includes(current.tier)) {
    const to = nextTier(current.tier)
    if (to === null) break
    const from = current.tier
    current = await updateTicket(tx, current, { tier: to })
    await addEntry(
      tx,
      ticket.id,
      'escalated',
      said(
        `${from} has no key user for this; passed to ${to}.`,
        `${from} 没有负责此事项的关键用户，已转 ${to}。`,
      ),
      act,
    )
    await appendEvent(
      tx,
      'incident-tiering',
      TicketEscalated,
      ticket.id,
      {
        ticketId: ticket.id,
        from,
        to,
        by: 'empty-tier',
        analysis: null,
        escalatedAt: act.now.toISOString(),
      },
      act,
    )
    if (!told.called.includes(to))
      staffed = [...staffed, ...(await callTiers(tx, current, [to], 'escalated', act))]
  }
  if (!staffed.includes(current.tier)) await callAuthorities(tx, current, 'nobody-serves', act)
  const clock = handoverClockOf(current.priority, current.tier)
  if (clock !== null)
    await startClocks(
      tx,
      { ticketId: ticket.id, unitId: ticket.unitId },
      [{ kind: 'tier', tier: current.tier, parameter: clock }],
      act,
      terms,
    )
  return current
}
