import type { Act } from '@erp-steward/contracts/act'
import type { Priority } from '@erp-steward/contracts/values'
import type { EntityManager } from 'typeorm'
import { startClocks, type ClockStart, type TargetKey } from '../clocks/run-clock.ts'
import type { TicketClock } from '../clocks/ticket-clock.ts'
import { longClocksOf } from './rules/clocks-of-priority.ts'
import type { Ticket } from './ticket.ts'

/** The parameter with the target of a priority's clock. Source: defaults 2.2. */
export function slaParameter(priority: Priority, clock: 'ack' | 'note' | 'restore'): TargetKey {
  return `incident.sla.${priority.toLowerCase() as Lowercase<Priority>}.${clock}`
}

/** The clocks that a ticket of the priority runs besides. */
export function longClocks(priority: Priority): ClockStart[] {
  return longClocksOf(priority).map((clock) => ({ ...clock, tier: null }))
}

/** The time until the next progress note. Source. */
export function noteClock(priority: Priority): ClockStart {
  return { kind: 'progress-note', tier: null, parameter: slaParameter(priority, 'note') }
}

/** Starts the time until the next progress note of a ticket. */
export async function startNoteClock(
  tx: EntityManager,
  { id, unitId, priority }: Ticket,
  act: Act,
): Promise<TicketClock> {
  const [clock] = await startClocks(tx, { ticketId: id, unitId }, [noteClock(priority)], act)
  return clock
}
