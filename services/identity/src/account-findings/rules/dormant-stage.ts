/** How far a dormant account has come. */
export type DormantStage = 'warned' | 'locked' | 'ended'

/** Lengths of time without use, in milliseconds, after which a step is due. */
export interface DormantLimits {
  readonly warnMs: number
  readonly lockMs: number
  readonly endMs: number
}

export interface DormantAccount {
  readonly lastUseAt: Date
  /** The step that was taken, and when; `null`: none since the last use. */
  readonly stage: Exclude<DormantStage, 'ended'> | null
  readonly stageAt: Date | null
  /** Whether it is shut already, by whomever. */
  readonly isShut: boolean
}

/**
 * Nobody is shut out, or ended, within less than this after the step before, however long nobody has looked: an account that
 * is found late is warned of in time. Own choice.
 */
export const NOTICE_MS = 7 * 86_400_000

/** The step that is due for an account at an instant; `null`: none. A limit is passed at its very instant. Source: defaults 2.8. */
export function dormantStage(
  { lastUseAt, stage, stageAt, isShut }: DormantAccount,
  { warnMs, lockMs, endMs }: DormantLimits,
  now: Date,
): DormantStage | null {
  const idleMs = now.getTime() - lastUseAt.getTime()
  const sinceMs = stageAt === null ? Infinity : now.getTime() - stageAt.getTime()
  const noticed = (between: number) => sinceMs >= Math.min(NOTICE_MS, Math.max(0, between))
  if (isShut) {
    const isDue = idleMs >= endMs && (stage !== 'locked' || noticed(endMs - lockMs))
    return isDue ? 'ended' : null
  }
  if (stage === null) return idleMs >= warnMs ? 'warned' : null
  return stage === 'warned' && idleMs >= lockMs && noticed(lockMs - warnMs) ? 'locked' : null
}
