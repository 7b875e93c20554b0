/** A quota per window, by the generic cell rate algorithm: bursts up to the quota, then one per window/quota. */
export interface RatePolicy {
  readonly name: string
  /** Requests per window, at least 1. */
  readonly quota: number
  readonly windowSeconds: number
}

export interface RateVerdict {
  readonly allowed: boolean
  /** When the caller's whole quota is free again, in milliseconds since 1970: all that must be remembered. */
  readonly freeAt: number
  /** Whole requests left at this moment. */
  readonly remaining: number
  /** Seconds until the whole quota is free again, rounded up. */
  readonly resetSeconds: number
  /** Seconds until one request is free, rounded up; 0 when allowed. */
  readonly retryAfterSeconds: number
}

/** Fractions of a millisecond that come from dividing the window by the quota. */
const ROUNDING = 1e-3

/**
 * Judges one request at `now` (milliseconds since 1970) by what was remembered of the caller.
 *
 * A refused request costs nothing. Quota comes back bit by bit, so that waiting callers do not all return at once.
 *
 * Source: https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/10/
 */
export function takeOne(
  { quota, windowSeconds }: RatePolicy,
  remembered: number | undefined,
  now: number,
): RateVerdict {
  const window = windowSeconds * 1_000
  const each = window / quota
  // Further ahead than a window nothing can be remembered, unless the clock was set back: then it is forgotten.
  const known = remembered !== undefined && remembered - now <= window + ROUNDING ? remembered : now
  const before = Math.max(known, now)
  const after = before + each
  const allowed = after - now <= window + ROUNDING
  const freeAt = allowed ? after : before
  return {
    allowed,
    freeAt,
    remaining: Math.max(0, Math.floor((window - (freeAt - now) + ROUNDING) / each)),
    resetSeconds: Math.ceil((freeAt - now - ROUNDING) / 1_000),
    retryAfterSeconds: allowed ? 0 : Math.ceil((after - now - window - ROUNDING) / 1_000),
  }
}

/** The members of `RateLimit-Policy` and `RateLimit`, draft 10. */
export function rateHeaders(
  { name, quota, windowSeconds }: RatePolicy,
  { remaining, resetSeconds }: RateVerdict,
): { 'ratelimit-policy': string; ratelimit: string } {
  return {
    'ratelimit-policy': `"${name}";q=${String(quota)};w=${String(windowSeconds)}`,
    ratelimit: `"${name}";r=${String(remaining)};t=${String(resetSeconds)}`,
  }
}
