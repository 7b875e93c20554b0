import type { Act } from '@erp-steward/contracts/act'
import { TicketRootCauseReported } from '@erp-steward/contracts/incident-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import { isLate, openClocks, stopClocks } from '../clocks/run-clock.ts'
import { tiersOfPerson } from '../key-users/members-of-tier.ts'
import { addEntry } from './ticket-entry.ts'
import { lockTicket, updateTicket, type Ticket } from './ticket.ts'

/**
 * Somebody who serves a restored P1 reports its root cause, which is its final solution. Source.
 *
 * @throws Problem `ticket-not-found`, `version-stale`, `ticket-state` (no report is due), `not-on-tier`
 */
export async function reportRootCause(
  tx: EntityManager,
  { ticketId, report }: { ticketId: string; report: string },
  expected: number,
  act: Act,
): Promise<Ticket> {
  const ticket = await lockTicket(tx, ticketId, expected)
  const [final] = await openClocks(tx, ticket.id, 'final')
  if (ticket.priority !== 'P1' || final === undefined)
    throw new Problem(
      'ticket-state',
      said(
        'No report of a root cause is due: that needs a restored P1.',
        '无须提交根本原因报告：仅适用于已恢复的 P1。',
      ),
    )
  const serves = act.personId === null ? [] : await tiersOfPerson(tx, ticket, act.personId)
  if (serves.length === 0)
    throw new Problem(
      'not-on-tier',
      said('Who serves the ticket reports it.', '须由处理该工单的人员报告。'),
    )
  const withinTarget = !isLate(final, act.now)
  await stopClocks(tx, ticket.id, 'final', 'root cause reported', act)
  const reported = await updateTicket(tx, ticket, {})
  await addEntry(tx, ticket.id, 'root-cause-reported', report, act)
  await appendEvent(
    tx,
    'incident-tiering',
    TicketRootCauseReported,
    ticket.id,
    { ticketId: ticket.id, report, withinTarget, reportedAt: act.now.toISOString() },
    act,
  )
  return reported
}
