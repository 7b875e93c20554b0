import type { Act } from '@erp-steward/contracts/act'
import type { SupportTier } from '@erp-steward/contracts/values'
import type { EntityManager } from 'typeorm'
import { announceGap } from '../key-users/end-duties.ts'
import { membersOfTier } from '../key-users/members-of-tier.ts'
import { notify } from '../notifications/notify.ts'
import type { Occasion } from '../notifications/rules/message.ts'
import type { Ticket } from './ticket.ts'

/**
 * Tells the members of the tiers about the ticket; returns the tiers that have members. A tier that nobody serves is
 * a gap in the register and is announced as one (B-4.1.2).
 */
export async function callTiers(
  tx: EntityManager,
  ticket: Ticket,
  tiers: readonly SupportTier[],
  occasion: Occasion,
  act: Act,
): Promise<SupportTier[]> {
  const staffed: SupportTier[] = []
  for (const tier of tiers) {
    const members = await membersOfTier(tx, ticket, tier)
    if (members.length === 0) {
      const { kind, moduleCode } = ticket
      const unitId = tier === 'L1' ? ticket.unitId : null
      await announceGap(
        tx,
        { unitId, tier, kind, moduleCode: kind === 'IT' ? null : moduleCode },
        act,
      )
    } else {
      staffed.push(tier)
    }
    // Webhooks hear of it also where there is nobody to write to.
    await notify(tx, ticket, { occasion, tier, recipients: members }, act)
  }
  return staffed
}
