import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { Uuid } from '@erp-steward/contracts/values'
import { defineTask } from '@erp-steward/service-kit/jobs'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'
import { breachClock } from '../clocks/breach-clock.ts'
import { CLOCK_DUE, computeAgain, stopClocks, watchClocks } from '../clocks/run-clock.ts'
import { TicketClockEntity } from '../clocks/ticket-clock.ts'
import { askConfirmers } from './ask-confirmers.ts'
import { awaitUser } from './await-user.ts'
import { callAuthorities } from './call-authorities.ts'
import { callSuperiors } from './call-superiors.ts'
import { callTiers } from './call-tiers.ts'
import { raisePriority } from './raise-priority.ts'
import { raisedPriority } from './rules/clocks-of-priority.ts'
import { nextTier } from './rules/tier-path.ts'
import { startHandover } from './start-handover.ts'
import { passUp } from './escalate-ticket.ts'
import { startNoteClock } from './start-note-clock.ts'
import { lockTicket, type Ticket } from './ticket.ts'

/**
 * Looks at a clock that should be due. It may run late or twice: a clock that has stopped, is paused, got more time or
 * was dealt with is left alone. After a long downtime each clock is dealt with once, as of now.
 */
export const onClockDue = defineTask(
  CLOCK_DUE,
  Type.Object({ clockId: Uuid, ticketId: Uuid }),
  async (tx, { clockId, ticketId }, act) => {
    const ticket = await lockTicket(tx, ticketId)
    const found = await tx.findOneBy(TicketClockEntity, { id: clockId })
    if (found?.stoppedAt !== null || found.breachedAt !== null) return
    // A provisional deadline is the true one only once its year is installed.
    const clock = found.fault === null ? found : await computeAgain(tx, found, act)
    if (clock.dueAt === null) return
    if (clock.dueAt > act.now) {
      // The job ran by the clock of the database, which may be ahead of ours: without this the deadline were lost.
      await watchClocks(tx, [clock], act)
      return
    }
    await breachClock(tx, clock, act)
    switch (clock.kind) {
      case 'confirm':
        await awaitUser(tx, ticket, act)
        return
      case 'remind':
        await askConfirmers(tx, ticket, 'confirm-reminder', act)
        return
      case 'tier':
        await handOver(tx, ticket, act)
        return
      case 'department-head':
      case 'leading-group':
      case 'top-manager':
        await callSuperiors(tx, ticket, clock.kind, act)
        return
      case 'unsolved':
        await raiseUnsolved(tx, ticket, act)
        return
      case 'progress-note':
        await stopClocks(tx, ticket.id, 'progress-note', 'breached', act)
        await startNoteClock(tx, ticket, act)
        return
      case 'acknowledge':
      case 'restore':
      case 'final':
        await callTiers(tx, ticket, [ticket.tier], 'clock-breached', act)
    }
  },
)

/** To the next tier; a P1 on the last goes to nobody else by itself, so the authority is called to reassign it. */
async function handOver(tx: EntityManager, ticket: Ticket, act: Act) {
  if (nextTier(ticket.tier) !== null) {
    await passUp(tx, ticket, 'timer', null, act)
    return
  }
  await stopClocks(tx, ticket.id, 'tier', 'breached', act)
  await callAuthorities(tx, ticket, 'handover-due', act)
  await startHandover(tx, ticket, { called: [ticket.tier], staffed: [ticket.tier] }, act)
}

const NOT_SOLVED = said('Not solved in time.', '未按时解决。')

/** A P2 or P3 unsolved for too long is graver than it was taken for; of a P4 its tier is told. Source: defaults 2.1. */
async function raiseUnsolved(tx: EntityManager, ticket: Ticket, act: Act) {
  const priority = raisedPriority(ticket.priority)
  if (priority === null) await callTiers(tx, ticket, [ticket.tier], 'clock-breached', act)
  else await raisePriority(tx, ticket.id, priority, NOT_SOLVED, act)
}
