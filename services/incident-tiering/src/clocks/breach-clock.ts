import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { TicketClockBreached } from '@erp-steward/contracts/incident-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import { addEntry } from '../tickets/ticket-entry.ts'
import { TicketClockEntity, type TicketClock } from './ticket-clock.ts'

/**
 * Records once that a clock ran past its deadline, whoever notices first: its timer, or the person who came late while
 * the timer had not run yet. A time that nobody promised to keep (that of the user, of the next priority, of a superior)
 * is only marked.
 *
 * Source.
 */
export async function breachClock(
  tx: EntityManager,
  clock: TicketClock,
  act: Act,
): Promise<TicketClock> {
  const { id, ticketId, kind, tier, dueAt } = clock
  if (clock.breachedAt !== null || dueAt === null) return clock
  await tx.update(TicketClockEntity, { id }, { breachedAt: dueAt })
  const breached = { ...clock, breachedAt: dueAt }
  const promised = promiseOf(clock)
  if (promised === null) return breached
  await addEntry(
    tx,
    ticketId,
    'clock-breached',
    said(`${kind} was due.`, `时限 ${kind} 已到期。`),
    act,
  )
  await appendEvent(
    tx,
    'incident-tiering',
    TicketClockBreached,
    ticketId,
    {
      ticketId,
      clock: promised,
      tier,
      dueAt: dueAt.toISOString(),
      noticedAt: act.now.toISOString(),
    },
    act,
  )
  return breached
}

type Promised = 'acknowledge' | 'restore' | 'progress-note' | 'tier' | 'final' | 'unsolved'

/** What was to be done in time; `null` where the end of the clock is no failure. */
function promiseOf({ kind, parameterKey }: TicketClock): Promised | null {
  switch (kind) {
    case 'acknowledge':
    case 'restore':
    case 'progress-note':
    case 'tier':
    case 'final':
      return kind
    case 'unsolved':
      // A P2 or P3 is raised instead, which is stated for itself.
      return parameterKey === 'incident.priority.p4.breach_after' ? kind : null
    case 'confirm':
    case 'remind':
    case 'department-head':
    case 'leading-group':
    case 'top-manager':
      return null
  }
}
