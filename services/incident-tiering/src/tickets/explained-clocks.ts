import { CalendarYearMissing } from '@erp-steward/work-calendar/calendar-year-missing'
import { explain } from '@erp-steward/work-calendar/clock'
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
      const calendar = await compiledCalendar(tx, clock.calendar)
      return { ...clock, explanation: explained(() => explain(clockFacts(clock), calendar, now)) }
    }),
  )
}

function explained(compute: () => ReturnType<typeof explain>) {
  try {
    const { state, targetMs, usedMs, remainingMs, segments } = compute()
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
  } catch (error) {
    // The clock's own `fault` says which year is missing.
    if (error instanceof CalendarYearMissing) return null
    throw error
  }
}
