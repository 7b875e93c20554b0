/** What is remembered of the attempts on one user name. */
export interface GuardState {
  /** Attempts that failed or are under way, oldest first, inside the window. */
  readonly attempts: readonly Date[]
  /** Starts of the locks of the last 24 hours, oldest first. */
  readonly locks: readonly Date[]
  /** First instant at which a timed lock is over. */
  readonly lockedUntil: Date | null
  /** Locked until the security administrator unlocks. */
  readonly held: boolean
}

/** Source: parameters identity.lockout.*, defaults 2.9. */
export interface LockoutPolicy {
  readonly failures: number
  readonly windowMs: number
  readonly lockMs: number
  /** Infinity where nobody could end a lock that holds. */
  readonly dailyLocks: number
}

/** "A day" slides: a calendar day would give a guesser twice the tries around midnight. */
const DAY_MS = 86_400_000

export type Attempt =
  | { readonly admitted: true; readonly state: GuardState }
  /** `until` is `null` when only the security administrator can help. */
  | { readonly admitted: false; readonly until: Date | null }

/**
 * Counts an attempt before its password is looked at, so that parallel guesses cannot pass the limit together.
 *
 * A lock is over at `lockedUntil` itself. An attempt counts while it is younger than the window.
 */
export function admitAttempt(state: GuardState, policy: LockoutPolicy, now: Date): Attempt {
  if (state.held) return { admitted: false, until: null }
  if (state.lockedUntil !== null && now < state.lockedUntil)
    return { admitted: false, until: state.lockedUntil }
  const attempts = youngerThan(state.attempts, policy.windowMs, now)
  const oldest = attempts[0]
  // Full without a lock: as many are being checked at this moment as may fail.
  if (attempts.length >= policy.failures && oldest !== undefined)
    return { admitted: false, until: new Date(oldest.getTime() + policy.windowMs) }
  return { admitted: true, state: { ...state, attempts: [...attempts, now], lockedUntil: null } }
}

/** After an admitted attempt failed: locks when as many as the policy allows have failed inside the window. */
export function afterFailure(
  state: GuardState,
  policy: LockoutPolicy,
  now: Date,
): { readonly state: GuardState; readonly failures: number; readonly locked: boolean } {
  const attempts = youngerThan(state.attempts, policy.windowMs, now)
  const failures = Math.max(attempts.length, 1)
  const already = state.held || (state.lockedUntil !== null && now < state.lockedUntil)
  if (already || attempts.length < policy.failures)
    return { state: { ...state, attempts }, failures, locked: false }
  const locks = [...youngerThan(state.locks, DAY_MS, now), now]
  const held = locks.length >= policy.dailyLocks
  return {
    state: {
      attempts: [],
      locks,
      lockedUntil: held ? null : new Date(now.getTime() + policy.lockMs),
      held,
    },
    failures,
    locked: true,
  }
}

/** After a right password: the failures are forgotten, the locks of the day are not. */
export function afterSuccess(state: GuardState): GuardState {
  return { ...state, attempts: [], lockedUntil: null }
}

/** After an attempt whose password was never looked at: it does not count. */
export function withoutAttempt(state: GuardState, at: Date): GuardState {
  const place = state.attempts.findIndex((instant) => instant.getTime() === at.getTime())
  return place < 0 ? state : { ...state, attempts: state.attempts.toSpliced(place, 1) }
}

function youngerThan(instants: readonly Date[], ms: number, now: Date): Date[] {
  return instants.filter((instant) => now.getTime() - instant.getTime() < ms)
}

/** The refusal that lasts longest of several; `null` when each admits. */
export function longestRefusal(
  attempts: readonly Attempt[],
): Extract<Attempt, { readonly admitted: false }> | null {
  const refusals = attempts.filter((attempt) => !attempt.admitted)
  const forGood = refusals.find(({ until }) => until === null)
  if (forGood !== undefined) return forGood
  const [longest = null] = refusals.toSorted(
    (one, other) => (other.until?.getTime() ?? 0) - (one.until?.getTime() ?? 0),
  )
  return longest
}
