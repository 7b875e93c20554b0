import type { Act } from '@erp-steward/contracts/act'
import { TicketClosed, TicketConfirmed } from '@erp-steward/contracts/incident-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { heldPerson } from '@erp-steward/directory/directory'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { assertAnotherPerson } from '@erp-steward/service-kit/another-person'
import type { EntityManager } from 'typeorm'
import { letWorkClocks, openClocks, stopClocks } from '../clocks/run-clock.ts'
import { tiersOfPerson } from '../key-users/members-of-tier.ts'
import { confirmersOf } from './ask-confirmers.ts'
import { release } from './release-tickets.ts'
import { startHandover } from './start-handover.ts'
import { startNoteClock } from './start-note-clock.ts'
import { addEntry } from './ticket-entry.ts'
import { lockTicket, TicketEntity, updateTicket, type Ticket } from './ticket.ts'

export interface ConfirmTicket {
  readonly ticketId: string
  readonly accepted: boolean
  readonly comment: string | null
}

/**
 * The user says whether it is solved: yes closes the ticket, no gives it back to its owner, or to its tier where the owner may
 * no longer work it. Source: B-4.0, A-1.3.4.
 *
 * Where no other person reported it than who resolved it, or the user is silent, a tier 1 key user or the leader of the
 * unit answers; never who resolved it.
 *
 * @throws Problem `ticket-not-found`, `version-stale`, `ticket-state`, `not-ticket-reporter`, `same-person`
 */
export async function confirmTicket(
  tx: EntityManager,
  { ticketId, accepted, comment }: ConfirmTicket,
  expected: number,
  act: Act,
): Promise<Ticket> {
  if (!accepted) await holdResolver(tx, ticketId)
  const ticket = await lockTicket(tx, ticketId, expected)
  if (ticket.state !== 'resolved')
    throw new Problem(
      'ticket-state',
      said(
        `The ticket is ${ticket.state}; there is nothing to confirm.`,
        `该工单的状态为 ${ticket.state}，无可确认。`,
      ),
    )
  await assertMayConfirm(tx, ticket, act)
  await stopClocks(tx, ticket.id, 'remind', 'answered', act)
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
  for (const { kind } of await openClocks(tx, ticket.id))
    // The cause of a P1 is reported in its own time, whether its user is content or not.
    if (!(kind === 'final' && ticket.priority === 'P1'))
      await stopClocks(tx, ticket.id, kind, 'closed', act)
  const closed = await updateTicket(tx, ticket, { state: 'closed', closedAt: act.now })
  await addEntry(
    tx,
    ticket.id,
    'closed',
    by === 'timer'
      ? said(
          'The user was asked, reminded and silent; closed without confirmation.',
          '已询问并提醒用户，用户未答复；未经确认关闭。',
        )
      : said('Closed.', '已关闭。'),
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

/** Before the ticket, as an event about the person does it: who leaves at this moment would own the ticket for ever. */
async function holdResolver(tx: EntityManager, id: string) {
  const found = await tx.findOneBy(TicketEntity, { id })
  const resolver = found?.resolvedByPersonId ?? null
  if (resolver !== null) await heldPerson(tx, resolver)
}

async function giveBack(tx: EntityManager, ticket: Ticket, act: Act): Promise<Ticket> {
  if (ticket.priority === 'P1') await stopClocks(tx, ticket.id, 'final', 'not solved', act)
  await letWorkClocks(tx, ticket.id, 'resume', 'not solved', act)
  await startNoteClock(tx, ticket, act)
  const owner = ticket.resolvedByPersonId
  const able = owner !== null && (await tiersOfPerson(tx, ticket, owner)).includes(ticket.tier)
  const back = await updateTicket(tx, ticket, {
    state: able ? 'acknowledged' : 'open',
    ownerPersonId: able ? owner : null,
    resolvedAt: null,
    resolvedByPersonId: null,
    resolution: null,
    userSilentAt: null,
  })
  if (owner !== null && !able) return release(tx, back, owner, act)
  return startHandover(tx, back, { called: [back.tier], staffed: [back.tier] }, act)
}

async function assertMayConfirm(tx: EntityManager, ticket: Ticket, act: Act) {
  assertAnotherPerson(
    act,
    [ticket.resolvedByPersonId],
    said('Who resolved a ticket does not confirm it.', '工单解决人不得确认该工单。'),
  )
  const { reporter, stead } = await confirmersOf(tx, ticket)
  if (reporter !== null && reporter.id === act.personId) return
  if (stead.some(({ id }) => id === act.personId)) return
  throw new Problem(
    'not-ticket-reporter',
    reporter !== null && ticket.userSilentAt === null
      ? said('The person who reported the ticket confirms it.', '须由工单报告人确认。')
      : said(
          'A tier 1 key user or the leader of the unit confirms this ticket.',
          '此工单须由一级关键用户或单位负责人确认。',
        ),
  )
}
