import type { Act } from '@erp-steward/contracts/act'
import { TicketClockBreached } from '@erp-steward/contracts/incident-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import { addEntry } from '../tickets/ticket-entry.ts'
import { TicketClockEntity, type TicketClock } from './ticket-clock.ts'

/**
 * Records once that a clock ran past its deadline, whoever notices first: its timer, or the person who came late while
 * the timer had not run yet. The end of the user's time to confirm is no breach and is only marked.
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
  if (kind === 'confirm') return breached
  await addEntry(tx, ticketId, 'clock-breached', `${kind} was due.`, act)
  await appendEvent(
    tx,
    'incident-tiering',
    TicketClockBreached,
    ticketId,
    {
      ticketId,
      clock: kind,
      tier,
      dueAt: dueAt.toISOString(),
      noticedAt: act.now.toISOString(),
    },
    act,
  )
  return breached
}
