import type { Act } from '@erp-steward/contracts/act'
import { PersonEntity } from '@erp-steward/directory/directory'
import type { EntityManager } from 'typeorm'
import { membersOfTier } from '../key-users/members-of-tier.ts'
import { leadersOf, type Addressee } from '../key-users/people-in-charge.ts'
import { notify } from '../notifications/notify.ts'
import type { Occasion } from '../notifications/rules/message.ts'
import type { Ticket } from './ticket.ts'

export interface Confirmers {
  /** Who reported it; `null` where nobody else did than who resolved it, or the person has left. */
  readonly reporter: Addressee | null
  /** Tier 1 key users and leaders of the unit, without who resolved it, where they answer instead of the reporter. */
  readonly stead: readonly Addressee[]
}

/** Who may say that a resolved ticket is solved. Source: B-4.0. */
export async function confirmersOf(tx: EntityManager, ticket: Ticket): Promise<Confirmers> {
  const { reporterPersonId, resolvedByPersonId, userSilentAt, unitId } = ticket
  const reporter =
    reporterPersonId === null || reporterPersonId === resolvedByPersonId
      ? null
      : await tx.findOneBy(PersonEntity, { id: reporterPersonId, active: true })
  if (reporter !== null && userSilentAt === null) return { reporter, stead: [] }
  const unit = [...(await membersOfTier(tx, ticket, 'L1')), ...(await leadersOf(tx, unitId))]
  const stead = new Map(unit.map((person) => [person.id, person]))
  if (resolvedByPersonId !== null) stead.delete(resolvedByPersonId)
  return { reporter, stead: [...stead.values()] }
}

/** Writes to those who may confirm the ticket. */
export async function askConfirmers(
  tx: EntityManager,
  ticket: Ticket,
  occasion: Extract<Occasion, 'resolved' | 'confirm-reminder' | 'confirm-wanted'>,
  act: Act,
): Promise<void> {
  const { reporter, stead } = await confirmersOf(tx, ticket)
  const recipients = [...(reporter === null ? [] : [reporter]), ...stead]
  await notify(tx, ticket, { occasion, tier: null, recipients, note: ticket.resolution ?? '' }, act)
}

/** Whether somebody who may confirm was asked and reminded since the ticket was resolved, and got both messages. */
export async function askedAndReminded(tx: EntityManager, ticket: Ticket): Promise<boolean> {
  const [{ heard }]: [{ heard: boolean }] = await tx.query(
    `select exists (
       select from notification asked
         join notification reminded on reminded.ticket_id = asked.ticket_id and reminded.person_id = asked.person_id
        where asked.ticket_id = $1 and asked.created_at >= $2
          and asked.occasion in ('resolved', 'confirm-wanted') and asked.state = 'delivered'
          and reminded.occasion = 'confirm-reminder' and reminded.state = 'delivered'
          and reminded.created_at >= asked.created_at) as heard`,
    [ticket.id, ticket.resolvedAt],
  )
  return heard
}
