import {
  LONGEST_TOKEN_LIFE_SECONDS,
  REVOCATION_KEPT_SECONDS,
} from '@erp-steward/contracts/access-token'

/** Longest life of a person's access token in seconds. Source: RFC 9700 practice, anchors 5.4. */
const LONGEST_ACCESS_SECONDS = 300
/** Life of a machine's access token in seconds. */
export const CLIENT_ACCESS_SECONDS = LONGEST_TOKEN_LIFE_SECONDS
/** How long revocations are told to a gateway that starts, in milliseconds: as long as it remembers them. */
export const REVOCATION_MEMORY_MS = REVOCATION_KEPT_SECONDS * 1_000

/** How long a revocation may take from its instant to its commit and still be among the news, in milliseconds. */
const OVERLAP_MS = 60_000

/** From when on revocations are told: all that are remembered, or to who has heard those until `heard` what is new. */
export function revocationsFrom(heard: string | undefined, now: Date): Date {
  const whole = now.getTime() - REVOCATION_MEMORY_MS
  return new Date(
    heard === undefined ? whole : Math.max(whole, new Date(heard).getTime() - OVERLAP_MS),
  )
}

/** Life of an access token in seconds: at most half the idle limit, so that whoever is at work refreshes in time. */
export function accessSeconds(idleSeconds: number): number {
  return Math.max(1, Math.min(LONGEST_ACCESS_SECONDS, Math.floor(idleSeconds / 2)))
}

/** Which limit the session has passed at `now`; a limit is passed at its very instant. */
export function lapseOf(
  { idleAt, endsAt }: { readonly idleAt: Date; readonly endsAt: Date },
  now: Date,
): 'idle' | 'absolute' | null {
  if (now >= endsAt) return 'absolute'
  return now >= idleAt ? 'idle' : null
}

/** What happens to sessions over the limit. Source: parameter gateway.session.at_limit. */
export type AtLimit = 'reject' | 'evict-oldest' | 'evict-idle'

/**
 * Those of an account's open sessions that are over the limit: with `reject` the youngest, with `evict-oldest` the oldest, with
 * `evict-idle` those that were refreshed longest ago.
 *
 * @param open in the order in which they began
 */
export function overLimit<Open extends { readonly refreshedAt: Date }>(
  open: readonly Open[],
  { most, atLimit }: { readonly most: number; readonly atLimit: AtLimit },
): Open[] {
  const over = Math.max(0, open.length - most)
  if (atLimit === 'reject') return open.slice(open.length - over)
  if (atLimit === 'evict-oldest') return open.slice(0, over)
  // Sorting is stable: of two refreshed at one instant the older one counts as unused for longer.
  return open
    .toSorted((one, other) => one.refreshedAt.getTime() - other.refreshedAt.getTime())
    .slice(0, over)
}
