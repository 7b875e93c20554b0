import type { Act } from '@erp-steward/contracts/act'
import { TicketClosed, TicketConfirmed } from '@erp-steward/contracts/incident-events'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import { addFact, openClocks, stopClocks } from '../clocks/run-clock.ts'
import { tiersOfPerson } from '../key-users/members-of-tier.ts'
import { startHandover } from './start-handover.ts'
import { startNoteClock } from './start-note-clock.ts'
import { addEntry } from './ticket-entry.ts'
import { lockTicket, updateTicket, type Ticket } from './ticket.ts'

export interface ConfirmTicket {
  readonly ticketId: string
  readonly accepted: boolean
  readonly comment: string | null
}

/**
 * The user says whether it is solved: yes closes the ticket, no gives it back to its owner. Source: B-4.0.
 *
 * A ticket of an alert has no reporting person: a tier 1 key user of the unit answers, never who resolved it.
 *
 * @throws Problem `ticket-not-found`, `version-stale`, `ticket-state`, `not-ticket-reporter`, `same-person`
 */
export async function confirmTicket(
  tx: EntityManager,
  { ticketId, accepted, comment }: ConfirmTicket,
  expected: number,
  act: Act,
): Promise<Ticket> {
  const ticket = await lockTicket(tx, ticketId, expected)
  if (ticket.state !== 'resolved')
    throw new Problem('ticket-state', `The ticket is ${ticket.state}; there is nothing to confirm.`)
  await assertMayConfirm(tx, ticket, act)
  await stopClocks(tx, ticket.id, 'confirm', accepted ? 'confirmed' : 'rejected', act)
  await addEntry(tx, ticket.id, accepted ? 'confirmed' : 'rejected', comment ?? '', act)
  await appendEvent(
    tx,
    'incident-tiering',
    TicketConfirmed,
    ticket.id,
    { ticketId: ticket.id, accepted, comment, confirmedAt: act.now.toISOString() },
    act,
  )
  return accepted ? closeTicket(tx, ticket, 'confirmation', act) : giveBack(tx, ticket, act)
}

/** Closes a locked, resolved ticket and stops whatever clock still stands. */
export async function closeTicket(
  tx: EntityManager,
  ticket: Ticket,
  by: 'confirmation' | 'timer',
  act: Act,
): Promise<Ticket> {
  await stopClocks(tx, ticket.id, undefined, 'closed', act)
  const closed = await updateTicket(tx, ticket, { state: 'closed', closedAt: act.now })
  await addEntry(
    tx,
    ticket.id,
    'closed',
    by === 'timer' ? 'Nobody answered in time; closed without confirmation.' : 'Closed.',
    act,
  )
  await appendEvent(
    tx,
    'incident-tiering',
    TicketClosed,
    ticket.id,
    { ticketId: ticket.id, by, closedAt: act.now.toISOString() },
    act,
  )
  return closed
}

async function giveBack(tx: EntityManager, ticket: Ticket, act: Act): Promise<Ticket> {
  for (const clock of await openClocks(tx, ticket.id, 'restore'))
    await addFact(
      tx,
      clock,
      { at: act.now.toISOString(), kind: 'resume', reason: 'not solved' },
      act,
    )
  await startNoteClock(tx, ticket, act)
  const back = await updateTicket(tx, ticket, {
    state: 'acknowledged',
    ownerPersonId: ticket.resolvedByPersonId,
    resolvedAt: null,
    resolvedByPersonId: null,
    resolution: null,
  })
  return startHandover(tx, back, { called: [back.tier], staffed: [back.tier] }, act)
}

async function assertMayConfirm(tx: EntityManager, ticket: Ticket, act: Act) {
  if (act.personId !== null && act.personId === ticket.resolvedByPersonId)
    throw new Problem('same-person', 'Who resolved a ticket does not confirm it.')
  if (ticket.reporterPersonId !== null) {
    if (ticket.reporterPersonId !== act.personId)
      throw new Problem('not-ticket-reporter', 'The person who reported the ticket confirms it.')
    return
  }
  const serves = act.personId === null ? [] : await tiersOfPerson(tx, ticket, act.personId)
  if (!serves.includes('L1'))
    throw new Problem('not-ticket-reporter', 'A tier 1 key user of the unit confirms this ticket.')
}
