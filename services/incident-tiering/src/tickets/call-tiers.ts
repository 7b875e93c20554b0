import type { Act } from '@erp-steward/contracts/act'
import type { SupportTier } from '@erp-steward/contracts/values'
import type { EntityManager } from 'typeorm'
import type { CoverageGap } from '../key-users/coverage-gaps.ts'
import { announceGap } from '../key-users/follow-gaps.ts'
import { membersOfTier } from '../key-users/members-of-tier.ts'
import { notify } from '../notifications/notify.ts'
import type { Occasion } from '../notifications/rules/message.ts'
import type { Ticket } from './ticket.ts'

/**
 * Tells the members of the tiers about the ticket; returns the tiers that have members. Gaps on L1 and L2 are followed in
 * the register; the regulation demands no L3 for a module, so that its absence shows only when it is called (B-4.1.2).
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
    if (members.length > 0) staffed.push(tier)
    else if (tier === 'L3') await announceGap(tx, gapOf(ticket, tier), act)
    // Webhooks hear of it also where there is nobody to write to.
    await notify(tx, ticket, { occasion, tier, recipients: members }, act)
  }
  return staffed
}

function gapOf({ kind, moduleCode }: Ticket, tier: SupportTier): CoverageGap {
  return { unitId: null, tier, kind, moduleCode: kind === 'IT' ? null : moduleCode }
}
