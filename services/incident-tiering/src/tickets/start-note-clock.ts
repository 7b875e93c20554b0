import type { Act } from '@erp-steward/contracts/act'
import type { Priority } from '@erp-steward/contracts/values'
import type { EntityManager } from 'typeorm'
import { startClock, type TargetKey } from '../clocks/run-clock.ts'
import type { TicketClock } from '../clocks/ticket-clock.ts'
import type { Ticket } from './ticket.ts'

/** The parameter with the target of a priority's clock. Source: defaults 2.2. */
export function slaParameter(priority: Priority, clock: 'ack' | 'note' | 'restore'): TargetKey {
  return `incident.sla.${priority.toLowerCase() as Lowercase<Priority>}.${clock}`
}

/** Starts the time until the next progress note. Source. */
export async function startNoteClock(
  tx: EntityManager,
  { id, unitId, priority }: Ticket,
  act: Act,
): Promise<TicketClock> {
  const parameter = slaParameter(priority, 'note')
  return startClock(tx, { ticketId: id, unitId, kind: 'progress-note', tier: null, parameter }, act)
}
