import type { Priority, SupportTier } from '@erp-steward/contracts/values'

const TIERS: readonly SupportTier[] = ['L1', 'L2', 'L3']

/** The tier after `tier`; `null` after the last. Source: B-4.0, one tier at a time. */
export function nextTier(tier: SupportTier): SupportTier | null {
  return TIERS[TIERS.indexOf(tier) + 1] ?? null
}

/**
 * The tiers that hear of a new ticket at once: all for P1, L1 and L2 for P2, else L1. Source: defaults 2.2.
 */
export function tiersCalledAtOnce(priority: Priority): readonly SupportTier[] {
  switch (priority) {
    case 'P1':
      return ['L1', 'L2', 'L3']
    case 'P2':
      return ['L1', 'L2']
    case 'P3':
    case 'P4':
      return ['L1']
  }
}

/** The parameter with the time that a ticket may wait on a tier. */
export type HandoverKey = `incident.tier.${'l1' | 'l2' | 'p1'}.handover`

/** Under which hand-over clock a ticket waits on `tier`; L3 is the last tier, but a P1 waits nowhere for ever. */
export function handoverClockOf(priority: Priority, tier: SupportTier): HandoverKey | null {
  if (priority === 'P1') return 'incident.tier.p1.handover'
  if (tier === 'L3') return null
  return tier === 'L1' ? 'incident.tier.l1.handover' : 'incident.tier.l2.handover'
}

/** The parameters of every hand-over clock that a ticket of the priority can run under. */
export function handoverClocksOf(priority: Priority): HandoverKey[] {
  return TIERS.flatMap((tier) => handoverClockOf(priority, tier) ?? [])
}

export interface Escalation {
  readonly state: string
  readonly ownerPersonId: string | null
  readonly byPersonId: string | null
}

/**
 * Whether a person may send the ticket up: only its owner (with an analysis, which the caller checks); the timer needs
 * no leave. Source: B-4.1.4.
 */
export function mayEscalate({ state, ownerPersonId, byPersonId }: Escalation): boolean {
  return state === 'acknowledged' && byPersonId !== null && ownerPersonId === byPersonId
}

/**
 * The tier on which somebody who serves `serves` may take the ticket: the one that holds it, else a higher one that was
 * called at once; never a lower one, which has passed it on. `null` when there is none.
 */
export function tierToTake(
  ticketTier: SupportTier,
  called: readonly SupportTier[],
  serves: readonly SupportTier[],
): SupportTier | null {
  if (serves.includes(ticketTier)) return ticketTier
  return called.find((tier) => tier > ticketTier && serves.includes(tier)) ?? null
}
