import type { Act } from '@erp-steward/contracts/act'
import type { SupportTier } from '@erp-steward/contracts/values'
import type { EntityManager } from 'typeorm'
import type { CoverageGap } from '../key-users/coverage-gaps.ts'
import { announceGap } from '../key-users/follow-gaps.ts'
import { membersOfTier, type Subject } from '../key-users/members-of-tier.ts'
import type { Addressee } from '../key-users/people-in-charge.ts'
import { notify, webhooksOf } from '../notifications/notify.ts'
import type { Occasion } from '../notifications/rules/message.ts'
import type { Ticket } from './ticket.ts'

/**
 * Tells the members of the tiers about the ticket; returns the tiers that have members. Gaps on L1 and L2 are followed in
 * the register; the regulation demands no L3 for a module, so that its absence shows only when it is called (B-4.1.2).
 *
 * @param receivers read before, for all of the tiers
 */
export async function callTiers(
  tx: EntityManager,
  ticket: Ticket,
  tiers: readonly SupportTier[],
  occasion: Occasion,
  act: Act,
  receivers?: Receivers,
): Promise<SupportTier[]> {
  const staffed: SupportTier[] = []
  const { webhooks, members } = receivers ?? (await receiversOn(tx, ticket, tiers))
  const told = new Set<string>()
  for (const [at, tier] of tiers.entries()) {
    const ofTier = members.get(tier) ?? []
    if (ofTier.length > 0) staffed.push(tier)
    else if (tier === 'L3') await announceGap(tx, gapOf(ticket, tier), act)
    // Each hears of it once, webhooks also where there is nobody to write to.
    const recipients = ofTier.filter(({ id }) => !told.has(id))
    for (const { id } of recipients) told.add(id)
    await notify(
      tx,
      ticket,
      { occasion, tier, recipients, webhooks: at === 0 ? webhooks : [] },
      act,
    )
  }
  return staffed
}

/** Who hears of it when tiers are called. */
export interface Receivers {
  /** Ids. */
  readonly webhooks: readonly string[]
  readonly members: ReadonlyMap<SupportTier, readonly Addressee[]>
}

export async function receiversOn(
  tx: EntityManager,
  subject: Subject,
  tiers: readonly SupportTier[],
): Promise<Receivers> {
  const [webhooks, ...members] = await Promise.all([
    webhooksOf(tx, subject.unitId),
    ...tiers.map(async (tier) => [tier, await membersOfTier(tx, subject, tier)] as const),
  ])
  return { webhooks, members: new Map(members) }
}

function gapOf({ kind, moduleCode }: Ticket, tier: SupportTier): CoverageGap {
  return { unitId: null, tier, kind, moduleCode: kind === 'IT' ? null : moduleCode }
}
