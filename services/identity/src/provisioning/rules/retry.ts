/** Leases that a task gets before it waits for a person. */
export const MOST_ATTEMPTS = 5

/**
 * Why a call failed: `permanent`: no further try helps; `unreachable`: EBS was not reached at all; `busy`: EBS was, and had no
 * time or held a lock; `other`.
 */
export const failureClasses = ['permanent', 'unreachable', 'busy', 'other'] as const
export type FailureClass = (typeof failureClasses)[number]

interface Pauses {
  /** After the first failed try, doubled each time, in milliseconds. */
  readonly first: number
  readonly longest: number
  /** Leases before the task waits for a person. */
  readonly most: number
}

const pauses: Readonly<Record<Exclude<FailureClass, 'permanent'>, Pauses>> = {
  // However long EBS is away, the tasks go on when it is back; that they wait is told of.
  unreachable: { first: 60_000, longest: 300_000, most: Infinity },
  // A lock lasts for seconds.
  busy: { first: 10_000, longest: 300_000, most: 10 },
  other: { first: 60_000, longest: 3_600_000, most: MOST_ATTEMPTS },
}

/** When a task that was tried `attempts` times may be tried again; `null` when a person must look. */
export function nextTryAt(attempts: number, now: Date, of: FailureClass = 'other'): Date | null {
  if (of === 'permanent') return null
  const { first, longest, most } = pauses[of]
  if (attempts >= most) return null
  return new Date(now.getTime() + Math.min(first * 2 ** Math.max(0, attempts - 1), longest))
}
