import type { Act } from '@erp-steward/contracts/act'
import { said, type Bilingual } from '@erp-steward/contracts/bilingual'
import { TicketPriorityRaised } from '@erp-steward/contracts/incident-events'
import type { Priority, SupportTier } from '@erp-steward/contracts/values'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import {
  openClocks,
  retarget,
  startClocks,
  stopClocks,
  type ClockStart,
  type TargetKey,
} from '../clocks/run-clock.ts'
import type { ClockKind } from '../clocks/ticket-clock.ts'
import { callTiers } from './call-tiers.ts'
import { isGraver } from './rules/priority.ts'
import { handoverClockOf, tiersCalledAtOnce } from './rules/tier-path.ts'
import { longClocks, slaParameter } from './start-note-clock.ts'
import { addEntry } from './ticket-entry.ts'
import { lockTicket, updateTicket, type Ticket } from './ticket.ts'

/**
 * Raises the priority of a ticket that is still worked on; never lowers it. Running clocks get the graver targets and
 * keep the time they have used; tiers that should have been called at once are called now. Source: defaults 2.1, 2.2.
 */
export async function raisePriority(
  tx: EntityManager,
  ticketId: string,
  priority: Priority,
  reason: Bilingual,
  act: Act,
): Promise<Ticket> {
  const ticket = await lockTicket(tx, ticketId)
  if (!isGraver(priority, ticket.priority)) return ticket
  if (ticket.state === 'resolved' || ticket.state === 'closed') return ticket
  const raised = await updateTicket(tx, ticket, { priority, toAllTiers: priority === 'P1' })
  await retargetClocks(tx, raised, act)
  await addEntry(
    tx,
    ticket.id,
    'priority-raised',
    said(
      `${ticket.priority} to ${priority}: ${reason.en}`,
      `${ticket.priority} 升为 ${priority}：${reason['zh-CN']}`,
    ),
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
      reason: reason.en,
      raisedAt: act.now.toISOString(),
    },
    act,
  )
  const before = tiersCalledAtOnce(ticket.priority)
  const added = tiersCalledAtOnce(priority).filter((tier) => !before.includes(tier))
  await callTiers(tx, raised, added, 'priority-raised', act)
  return raised
}

async function retargetClocks(tx: EntityManager, ticket: Ticket, act: Act) {
  const { id, unitId, priority, tier } = ticket
  const handover = handoverClockOf(priority, tier)
  for (const clock of await openClocks(tx, id)) {
    const parameter = parameterOf(clock.kind, priority, tier)
    if (clock.kind === 'unsolved' || (clock.kind === 'final' && priority === 'P1'))
      // These count from the moment of the new priority, or not before the restoration.
      await stopClocks(tx, id, clock.kind, `raised to ${priority}`, act)
    else if (parameter !== null && parameter !== clock.parameterKey)
      await retarget(tx, clock, parameter, unitId, act)
  }
  const running = (await openClocks(tx, id)).map(({ kind }) => kind)
  const wanted: ClockStart[] = [
    ...longClocks(priority),
    ...(handover === null ? [] : [{ kind: 'tier', tier, parameter: handover } as const]),
  ]
  await startClocks(
    tx,
    { ticketId: id, unitId },
    wanted.filter(({ kind }) => !running.includes(kind)),
    act,
  )
}

/** The parameter of a clock at the new priority; `null` where the clock goes on as it is. */
function parameterOf(kind: ClockKind, priority: Priority, tier: SupportTier): TargetKey | null {
  switch (kind) {
    case 'tier':
      return handoverClockOf(priority, tier)
    case 'acknowledge':
      return slaParameter(priority, 'ack')
    case 'restore':
      return slaParameter(priority, 'restore')
    case 'progress-note':
      return slaParameter(priority, 'note')
    case 'final':
      return priority === 'P2' ? 'incident.sla.p2.final' : 'incident.sla.p3.final'
    default:
      return null
  }
}
