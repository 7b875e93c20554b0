import { takeOne, type RatePolicy, type RateVerdict } from './rules/rate.ts'

/** Callers remembered per policy; some 200 bytes each. The one not seen for longest is forgotten first. */
const REMEMBERED = 50_000

/** Counts requests of many callers against one policy in bounded memory; judging and counting are one step. */
export interface Limiter {
  readonly policy: RatePolicy
  take(caller: string, now: number): RateVerdict
  /** How many callers are remembered. */
  readonly size: number
}

export function createLimiter(policy: RatePolicy, remembered = REMEMBERED): Limiter {
  const freeAt = new Map<string, number>()
  return {
    policy,
    take(caller, now) {
      const verdict = takeOne(policy, freeAt.get(caller), now)
      // Taken out and put back: a Map keeps the order in which keys came, so the first is the longest unseen.
      freeAt.delete(caller)
      if (freeAt.size >= remembered) {
        const oldest = freeAt.keys().next().value
        if (oldest !== undefined) freeAt.delete(oldest)
      }
      freeAt.set(caller, verdict.freeAt)
      return verdict
    },
    get size() {
      return freeAt.size
    },
  }
}
