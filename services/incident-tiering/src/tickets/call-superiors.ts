import type { Act } from '@erp-steward/contracts/act'
import { TicketSuperiorsCalled } from '@erp-steward/contracts/incident-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import { authorities, leadersOf, type Addressee } from '../key-users/people-in-charge.ts'
import { notify } from '../notifications/notify.ts'
import { superiorsOf } from '../superiors/superior.ts'
import type { SuperiorStep } from './rules/clocks-of-priority.ts'
import { addEntry } from './ticket-entry.ts'
import type { Ticket } from './ticket.ts'

/**
 * An unrestored P1 reaches the superiors of a step, once. Where nobody is named who can be reached, the O&M authority and
 * the leaders of the unit hear of it, and the fact says so. Source, B-5.3.2; defaults 2.3.
 */
export async function callSuperiors(
  tx: EntityManager,
  ticket: Ticket,
  step: SuperiorStep,
  act: Act,
): Promise<void> {
  const named = await superiorsOf(tx, step)
  const recipients = named.length > 0 ? named : await stead(tx, ticket.unitId)
  await addEntry(tx, ticket.id, 'superiors-called', `Not restored in time: ${step}.`, act)
  await appendEvent(
    tx,
    'incident-tiering',
    TicketSuperiorsCalled,
    ticket.id,
    {
      ticketId: ticket.id,
      step,
      personIds: recipients.map(({ id }) => id),
      inStead: named.length === 0,
      calledAt: act.now.toISOString(),
    },
    act,
  )
  await notify(tx, ticket, { occasion: step, tier: null, recipients }, act)
}

async function stead(tx: EntityManager, unitId: string): Promise<Addressee[]> {
  const people = [...(await authorities(tx)), ...(await leadersOf(tx, unitId))]
  return [...new Map(people.map((person) => [person.id, person])).values()]
}
