import type { Act } from '@erp-steward/contracts/act'
import { TicketEscalated } from '@erp-steward/contracts/incident-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import { stopClocks } from '../clocks/run-clock.ts'
import { callTiers } from './call-tiers.ts'
import { mayEscalate, nextTier } from './rules/tier-path.ts'
import { startHandover } from './start-handover.ts'
import { addEntry } from './ticket-entry.ts'
import { lockTicket, updateTicket, type Ticket } from './ticket.ts'

/**
 * The owner sends the ticket one tier up, with an analysis. Source: B-4.1.4.
 *
 * @throws Problem `ticket-not-found`, `version-stale`, `ticket-state`, `not-ticket-owner`, `tier-exhausted`
 */
export async function escalateTicket(
  tx: EntityManager,
  { ticketId, analysis }: { ticketId: string; analysis: string },
  expected: number,
  act: Act,
): Promise<Ticket> {
  const ticket = await lockTicket(tx, ticketId, expected)
  if (ticket.state !== 'acknowledged')
    throw new Problem(
      'ticket-state',
      said(
        `The ticket is ${ticket.state}; only an acknowledged one has an owner.`,
        `该工单的状态为 ${ticket.state}；只有已受理的工单才有负责人。`,
      ),
    )
  if (!mayEscalate({ ...ticket, byPersonId: act.personId }))
    throw new Problem(
      'not-ticket-owner',
      said(
        'Only the owner, with an analysis, or the timer passes a ticket on.',
        '只有负责人（附分析）或计时器可以将工单升级。',
      ),
    )
  return passUp(tx, ticket, 'owner', analysis, act)
}

/**
 * Passes a locked ticket to the next tier in one step: note, from, to, clock, owner, messages.
 *
 * @throws Problem `tier-exhausted`
 */
export async function passUp(
  tx: EntityManager,
  ticket: Ticket,
  by: 'owner' | 'timer',
  analysis: string | null,
  act: Act,
): Promise<Ticket> {
  const from = ticket.tier
  const to = nextTier(from)
  if (to === null)
    throw new Problem('tier-exhausted', said('Tier 3 is the last.', '三级支持已是最后一级。'))
  await stopClocks(tx, ticket.id, 'tier', `passed to ${to}`, act)
  const passed = await updateTicket(tx, ticket, { tier: to, state: 'open', ownerPersonId: null })
  await addEntry(
    tx,
    ticket.id,
    'escalated',
    analysis === null
      ? said(`Not solved on ${from} in time; passed to ${to}.`, `${from} 未按时解决，已转 ${to}。`)
      : said(`To ${to}: ${analysis}`, `转 ${to}：${analysis}`),
    act,
  )
  await appendEvent(
    tx,
    'incident-tiering',
    TicketEscalated,
    ticket.id,
    { ticketId: ticket.id, from, to, by, analysis, escalatedAt: act.now.toISOString() },
    act,
  )
  const staffed = await callTiers(tx, passed, [to], 'escalated', act)
  return startHandover(tx, passed, { called: [to], staffed }, act)
}
