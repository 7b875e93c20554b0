import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { TicketSuperiorsCalled } from '@erp-steward/contracts/incident-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import { authorities, leadersOf, type Addressee } from '../key-users/people-in-charge.ts'
import { notify } from '../notifications/notify.ts'
import { followSuperiorGaps } from '../superiors/follow-superior-gaps.ts'
import { superiorsOf } from '../superiors/superior.ts'
import { superiorSteps, type SuperiorStep } from './rules/clocks-of-priority.ts'
import { addEntry } from './ticket-entry.ts'
import type { Ticket } from './ticket.ts'

/**
 * An unrestored P1 reaches the superiors of a step, once. Where nobody of it stands now, whatever was true when they were
 * named, the next step is called at once, the O&M authority and the leaders of the unit hear of it, and the fact says so.
 * Source, B-5.3.2; defaults 2.3.
 */
export async function callSuperiors(
  tx: EntityManager,
  ticket: Ticket,
  step: SuperiorStep,
  act: Act,
): Promise<void> {
  const { reached, people } = await firstWhoStand(tx, step)
  const inStead = reached !== step
  const recipients = inStead ? distinct([...people, ...(await stead(tx, ticket.unitId))]) : people
  await addEntry(
    tx,
    ticket.id,
    'superiors-called',
    said(`Not restored in time: ${step}.`, `未按时恢复，已报 ${step}。`),
    act,
  )
  await appendEvent(
    tx,
    'incident-tiering',
    TicketSuperiorsCalled,
    ticket.id,
    {
      ticketId: ticket.id,
      step,
      personIds: recipients.map(({ id }) => id),
      inStead,
      reached,
      calledAt: act.now.toISOString(),
    },
    act,
  )
  await notify(tx, ticket, { occasion: step, tier: null, recipients }, act)
  if (inStead) await followSuperiorGaps(tx, act)
}

/** The lowest step from this one on upwards on which somebody stands. */
async function firstWhoStand(
  tx: EntityManager,
  from: SuperiorStep,
): Promise<{ reached: SuperiorStep | null; people: Addressee[] }> {
  for (const step of superiorSteps.slice(superiorSteps.indexOf(from))) {
    const people = await superiorsOf(tx, step)
    if (people.length > 0) return { reached: step, people }
  }
  return { reached: null, people: [] }
}

async function stead(tx: EntityManager, unitId: string): Promise<Addressee[]> {
  return [...(await authorities(tx)), ...(await leadersOf(tx, unitId))]
}

const distinct = (people: readonly Addressee[]) => [
  ...new Map(people.map((person) => [person.id, person])).values(),
]
