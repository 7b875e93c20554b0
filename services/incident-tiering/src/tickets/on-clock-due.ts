import { TicketClockBreached } from '@erp-steward/contracts/incident-events'
import { Uuid } from '@erp-steward/contracts/values'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { defineTask } from '@erp-steward/service-kit/jobs'
import { Type } from 'typebox'
import { CLOCK_DUE, stopClocks } from '../clocks/run-clock.ts'
import { TicketClockEntity } from '../clocks/ticket-clock.ts'
import { callTiers } from './call-tiers.ts'
import { closeTicket } from './confirm-ticket.ts'
import { passUp } from './escalate-ticket.ts'
import { startNoteClock } from './start-note-clock.ts'
import { addEntry } from './ticket-entry.ts'
import { lockTicket } from './ticket.ts'

/**
 * Looks at a clock that should be due. It may run late or twice: a clock that has stopped, is paused, got more time or
 * was dealt with is left alone. After a long downtime each clock is dealt with once, as of now.
 */
export const onClockDue = defineTask(
  CLOCK_DUE,
  Type.Object({ clockId: Uuid, ticketId: Uuid }),
  async (tx, { clockId, ticketId }, act) => {
    const ticket = await lockTicket(tx, ticketId)
    const clock = await tx.findOneBy(TicketClockEntity, { id: clockId })
    if (clock === null || clock.stoppedAt !== null || clock.breachedAt !== null) return
    if (clock.dueAt === null || clock.dueAt > act.now) return
    await tx.update(TicketClockEntity, { id: clock.id }, { breachedAt: clock.dueAt })
    if (clock.kind === 'confirm') {
      await closeTicket(tx, ticket, 'timer', act)
      return
    }
    await addEntry(tx, ticket.id, 'clock-breached', `${clock.kind} was due.`, act)
    await appendEvent(
      tx,
      'incident-tiering',
      TicketClockBreached,
      ticket.id,
      {
        ticketId: ticket.id,
        clock: clock.kind,
        tier: clock.tier,
        dueAt: clock.dueAt.toISOString(),
        noticedAt: act.now.toISOString(),
      },
      act,
    )
    switch (clock.kind) {
      case 'tier':
        await passUp(tx, ticket, 'timer', null, act)
        return
      case 'progress-note':
        await stopClocks(tx, ticket.id, 'progress-note', 'breached', act)
        await startNoteClock(tx, ticket, act)
        return
      case 'acknowledge':
      case 'restore':
        await callTiers(tx, ticket, [ticket.tier], 'clock-breached', act)
    }
  },
)
