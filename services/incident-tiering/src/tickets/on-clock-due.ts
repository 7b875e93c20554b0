import { Uuid } from '@erp-steward/contracts/values'
import { defineTask } from '@erp-steward/service-kit/jobs'
import { Type } from 'typebox'
import { breachClock } from '../clocks/breach-clock.ts'
import { CLOCK_DUE, stopClocks, watchClocks } from '../clocks/run-clock.ts'
import { TicketClockEntity } from '../clocks/ticket-clock.ts'
import { callTiers } from './call-tiers.ts'
import { closeTicket } from './confirm-ticket.ts'
import { passUp } from './escalate-ticket.ts'
import { startNoteClock } from './start-note-clock.ts'
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
    if (clock?.stoppedAt !== null || clock.breachedAt !== null) return
    if (clock.dueAt === null) return
    if (clock.dueAt > act.now) {
      // The job ran by the clock of the database, which may be ahead of ours: without this the deadline were lost.
      await watchClocks(tx, [clock], act)
      return
    }
    await breachClock(tx, clock, act)
    switch (clock.kind) {
      case 'confirm':
        await closeTicket(tx, ticket, 'timer', act)
        return
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
