import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { TicketUserSilent } from '@erp-steward/contracts/incident-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import { startClocks, stopClocks } from '../clocks/run-clock.ts'
import { askConfirmers, askedAndReminded } from './ask-confirmers.ts'
import { closeTicket } from './confirm-ticket.ts'
import { addEntry } from './ticket-entry.ts'
import { updateTicket, type Ticket } from './ticket.ts'

/**
 * The time of the user's answer is over. A P3 or P4 closes when somebody was asked, reminded and silent; otherwise, and
 * always for a P1 and P2, the key users and leaders of the unit are asked, and asked again: the word of who resolved it
 * closes nothing. Source: B-4.0; defaults 2.2.
 */
export async function awaitUser(tx: EntityManager, ticket: Ticket, act: Act): Promise<void> {
  const mayClose = ticket.priority === 'P3' || ticket.priority === 'P4'
  if (mayClose && (await askedAndReminded(tx, ticket))) {
    await closeTicket(tx, ticket, 'timer', act)
    return
  }
  const silent = await updateTicket(tx, ticket, { userSilentAt: ticket.userSilentAt ?? act.now })
  for (const kind of ['confirm', 'remind'] as const)
    await stopClocks(tx, ticket.id, kind, 'no answer', act)
  await startClocks(
    tx,
    { ticketId: ticket.id, unitId: ticket.unitId },
    [
      { kind: 'confirm', tier: null, parameter: 'incident.closure.confirm_within' },
      { kind: 'remind', tier: null, parameter: 'incident.closure.remind_after' },
    ],
    act,
  )
  const silence = said('No answer; the unit is asked instead.', '用户未答复，改由单位确认。')
  await addEntry(tx, ticket.id, 'user-silent', silence, act)
  await appendEvent(
    tx,
    'incident-tiering',
    TicketUserSilent,
    ticket.id,
    { ticketId: ticket.id, silentAt: act.now.toISOString() },
    act,
  )
  await askConfirmers(tx, silent, 'confirm-wanted', act)
}
