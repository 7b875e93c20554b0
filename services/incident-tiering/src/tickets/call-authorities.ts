import type { Act } from '@erp-steward/contracts/act'
import type { EntityManager } from 'typeorm'
import { authorities } from '../key-users/people-in-charge.ts'
import { notify } from '../notifications/notify.ts'
import type { Ticket } from './ticket.ts'

/** Tells the O&M authority that a ticket needs it: to name who serves it, or to give it to others. */
export async function callAuthorities(
  tx: EntityManager,
  ticket: Ticket,
  occasion: 'nobody-serves' | 'handover-due',
  act: Act,
): Promise<void> {
  await notify(tx, ticket, { occasion, tier: ticket.tier, recipients: await authorities(tx) }, act)
}
