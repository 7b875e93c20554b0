import type { Activity } from './activity.ts'

export interface ParallelUse {
  readonly other: Activity
  /** `both`: another address and another program; else the one that differs. */
  readonly differs: 'both' | 'address' | 'program'
}

/**
 * Rule 1: the account was in use elsewhere at most `windowMs` before it signed in, both ends included. Of several the one that
 * differs most. Source: defaults 2.9.
 *
 * @param others its other sessions
 */
export function parallelUse(
  now: Activity,
  others: readonly Activity[],
  windowMs: number,
): ParallelUse | null {
  const found = others.flatMap((other): ParallelUse[] => {
    const isNear =
      other.refreshedAt.getTime() >= now.startedAt.getTime() - windowMs &&
      other.startedAt <= now.startedAt
    const address = other.address !== now.address
    const program = other.agent !== now.agent
    if (!isNear || (!address && !program)) return []
    return [{ other, differs: address && program ? 'both' : address ? 'address' : 'program' }]
  })
  return found.find(({ differs }) => differs === 'both') ?? found[0] ?? null
}
