import type { Teller } from '../../departures/departure.ts'
import type { LeaveKind } from '../person.ts'
import { chinaDay, startOfChinaDay } from './china-day.ts'

export interface Leave {
  /** First day the person no longer belongs to the company; default today. */
  readonly leaveOn?: string | undefined
  readonly kind: LeaveKind
  /** The department's own word is kept by whoever takes it. */
  readonly toldBy: Teller
}

export interface LeaveTiming {
  /** The date that is kept. */
  readonly leaveOn: string
  /** When access must end. */
  readonly effectiveAt: Date
  readonly atOnce: boolean
  /** From the start of the leave date to the notice, in whole seconds; 0 when the notice came before. */
  readonly noticeLagSeconds: number
}

/**
 * When a leave takes effect: at the start of its date in China, a past one at once. A dismissal takes effect at once
 * whatever later date is named, for nobody dismissed keeps access.
 *
 * Source, defaults 2.8.
 */
export function leaveTiming({ leaveOn, kind }: Omit<Leave, 'toldBy'>, now: Date): LeaveTiming {
  const today = chinaDay(now)
  const named = leaveOn ?? today
  const date = kind === 'dismissal' && named > today ? today : named
  const start = startOfChinaDay(date)
  // A dismissal of today is known only now; before the notice there was nothing to be late for.
  const effectiveAt = kind === 'dismissal' && date === today ? now : start
  return {
    leaveOn: date,
    effectiveAt,
    atOnce: effectiveAt <= now,
    noticeLagSeconds: kind === 'dismissal' && date === today ? 0 : secondsBetween(start, now),
  }
}

/** Whole seconds from `from` to `to`, 0 when `to` is earlier. */
export function secondsBetween(from: Date, to: Date): number {
  return Math.max(0, Math.floor((to.getTime() - from.getTime()) / 1_000))
}
