import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { TicketReleased } from '@erp-steward/contracts/incident-events'
import { PersonEntity } from '@erp-steward/directory/directory'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import { openClocks, startClocks, stopClocks } from '../clocks/run-clock.ts'
import { tiersOfPerson } from '../key-users/members-of-tier.ts'
import { callTiers } from './call-tiers.ts'
import { handoverClockOf } from './rules/tier-path.ts'
import { startHandover } from './start-handover.ts'
import { slaParameter } from './start-note-clock.ts'
import { addEntry } from './ticket-entry.ts'
import { lockTicket, TicketEntity, updateTicket, type Ticket } from './ticket.ts'

/**
 * Gives the tickets that their owner may no longer work back to their tiers, which are called again and have a fresh time
 * to take them; the other clocks run on as they are. Without this a ticket would wait for its owner for ever.
 * Source, no task without assignee.
 */
export async function releaseTicketsOf(
  tx: EntityManager,
  personId: string,
  act: Act,
): Promise<void> {
  const owned = await tx.find(TicketEntity, {
    where: { ownerPersonId: personId, state: 'acknowledged' },
    order: { id: 'asc' },
  })
  for (const { id } of owned) {
    const ticket = await lockTicket(tx, id)
    if (ticket.state !== 'acknowledged' || ticket.ownerPersonId !== personId) continue
    if ((await tiersOfPerson(tx, ticket, personId)).includes(ticket.tier)) continue
    const released = await updateTicket(tx, ticket, { state: 'open', ownerPersonId: null })
    await release(tx, released, personId, act)
  }
}

/** Says that a ticket, open by now, is no longer of its owner, and calls its tier. */
export async function release(
  tx: EntityManager,
  ticket: Ticket,
  previousOwnerPersonId: string,
  act: Act,
): Promise<Ticket> {
  const { id, tier } = ticket
  const here = await tx.existsBy(PersonEntity, { id: previousOwnerPersonId, active: true })
  const why = here ? said('may no longer work it', '已无权处理') : said('has left', '已离职')
  const words = said(
    `Its owner ${why.en}; ${tier} is called again.`,
    `工单负责人${why['zh-CN']}，重新呼叫 ${tier}。`,
  )
  await addEntry(tx, id, 'released', words, act)
  await appendEvent(
    tx,
    'incident-tiering',
    TicketReleased,
    id,
    {
      ticketId: id,
      tier,
      previousOwnerPersonId,
      reason: here ? 'not-able' : 'left',
      releasedAt: act.now.toISOString(),
    },
    act,
  )
  return callAnew(tx, ticket, 'released', act)
}

/** Calls the tier of a ticket that nobody owns: with a fresh time to take it, and one after which it goes on. */
export async function callAnew(
  tx: EntityManager,
  ticket: Ticket,
  occasion: 'released' | 'reassigned',
  act: Act,
): Promise<Ticket> {
  const { id, unitId, priority, tier } = ticket
  await stopClocks(tx, id, 'acknowledge', occasion, act)
  const parameter = slaParameter(priority, 'ack')
  await startClocks(tx, { ticketId: id, unitId }, [{ kind: 'acknowledge', tier, parameter }], act)
  const staffed = await callTiers(tx, ticket, [tier], occasion, act)
  const [waiting] = await openClocks(tx, id, 'tier')
  const waits = waiting?.tier === tier || handoverClockOf(priority, tier) === null
  if (staffed.length > 0 && waits) return ticket
  await stopClocks(tx, id, 'tier', occasion, act)
  return startHandover(tx, ticket, { called: [tier], staffed }, act)
}
