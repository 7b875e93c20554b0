import { nullable, Uuid } from '@erp-steward/contracts/values'
import { defineTask, enqueue } from '@erp-steward/service-kit/jobs'
import { zoneOffsetMs } from '@erp-steward/work-calendar/calendar-date'
import { Type } from 'typebox'
import { MEND_CLOCKS } from '../calendars/holiday-year.ts'
import { lockTicket } from '../tickets/ticket.ts'
import { computeAgain, openClocks } from './run-clock.ts'
import type { TicketClock } from './ticket-clock.ts'

/** Tickets looked at in one run; the next one goes on after them, so that no lock is held for long. */
const MOST = 200

/**
 * Gives the clocks whose deadline is provisional, because a year of holidays was missing, the true one once it is loaded;
 * with the year that was loaded also those that end in it or later, for it may have been known otherwise before.
 */
export const mendClocks = defineTask(
  MEND_CLOCKS,
  Type.Object({
    year: Type.Optional(Type.Integer()),
    /** The ticket after which to go on. */
    after: Type.Optional(nullable(Uuid)),
  }),
  async (tx, { year, after = null }, act) => {
    const from = year === undefined ? null : new Date(yearStart(year))
    const tickets: { id: string }[] = await tx.query(
      `select distinct ticket_id as id from ticket_clock
        where stopped_at is null and ($2::uuid is null or ticket_id > $2)
          and (fault is not null or breached_at is null and due_at >= $1)
        order by 1 limit ${String(MOST)}`,
      [from, after],
    )
    for (const { id } of tickets) {
      await lockTicket(tx, id)
      for (const clock of await openClocks(tx, id))
        if (isConcerned(clock, from)) await computeAgain(tx, clock, act)
    }
    if (tickets.length === MOST) {
      const next = { ...(year !== undefined && { year }), after: tickets.at(-1)?.id ?? null }
      await enqueue(tx, 'incident-tiering', MEND_CLOCKS, next, act)
    }
  },
)

function isConcerned({ fault, breachedAt, dueAt }: TicketClock, from: Date | null): boolean {
  if (fault !== null) return true
  return from !== null && breachedAt === null && dueAt !== null && dueAt >= from
}

/** Epoch milliseconds at which a year begins in China. */
function yearStart(year: number): number {
  return Date.UTC(year, 0, 1) - zoneOffsetMs
}
