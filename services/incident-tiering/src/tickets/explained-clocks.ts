import { explain, type ClockExplanation } from '@erp-steward/work-calendar/clock'
import type { EntityManager } from 'typeorm'
import { compiledCalendar } from '../calendars/calendar.ts'
import { clockFacts } from '../clocks/run-clock.ts'
import { TicketClockEntity } from '../clocks/ticket-clock.ts'

/** The clocks of a ticket with every stretch that made their deadlines, as of `now`. */
export async function explainedClocks(tx: EntityManager, ticketId: string, now: Date) {
  const clocks = await tx.find(TicketClockEntity, {
    where: { ticketId },
    order: { startedAt: 'asc', id: 'asc' },
  })
  return Promise.all(
    clocks.map(async (clock) => {
      // For the years that are known it is the calendar itself; beyond them the clock's own `fault` says what is missing.
      const calendar = await compiledCalendar(tx, clock.calendar, 'without-holidays')
      return {
        ...clock,
        provisional: clock.fault !== null,
        explanation: explained(explain(clockFacts(clock), calendar, now)),
      }
    }),
  )
}

function explained({ state, targetMs, usedMs, remainingMs, segments }: ClockExplanation) {
  return {
    state,
    targetSeconds: targetMs / 1_000,
    usedSeconds: usedMs / 1_000,
    remainingSeconds: remainingMs / 1_000,
    segments: segments.map(({ workingMs, ...segment }) => ({
      ...segment,
      workingSeconds: workingMs / 1_000,
    })),
  }
}
