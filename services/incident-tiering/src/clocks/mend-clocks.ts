import { defineTask } from '@erp-steward/service-kit/jobs'
import { Type } from 'typebox'
import { IsNull, Not } from 'typeorm'
import { lockTicket } from '../tickets/ticket.ts'
import { computeAgain } from './run-clock.ts'
import { TicketClockEntity } from './ticket-clock.ts'

/** Gives the clocks whose deadline is provisional, because a year of holidays was missing, the true one once it is installed. */
export const mendClocks = defineTask('mend-clocks', Type.Object({}), async (tx, _, act) => {
  const faulty = { fault: Not(IsNull()), stoppedAt: IsNull() }
  const found = await tx.find(TicketClockEntity, { where: faulty, order: { ticketId: 'asc' } })
  for (const { id, ticketId } of found) {
    await lockTicket(tx, ticketId)
    const clock = await tx.findOneBy(TicketClockEntity, { id, ...faulty })
    if (clock !== null) await computeAgain(tx, clock, act)
  }
})
