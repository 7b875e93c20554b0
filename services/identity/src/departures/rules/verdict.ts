import { startOfChinaDay } from '../../people/rules/china-day.ts'
import { secondsBetween } from '../../people/rules/leave-timing.ts'
import type { Departure } from '../departure.ts'

/** What is judged of a departure. */
type Judged = Pick<Departure, 'effectiveOn' | 'departmentToldAt' | 'dueAt' | 'verdict'>

/**
 * Whether the department told in time. The instant `dueAt` itself is in time. Without a calendar nobody can say, and it is
 * awaited.
 *
 * Source, defaults 1.1 "及时通知".
 */
export function verdictOf(
  { effectiveOn, departmentToldAt, dueAt, verdict }: Judged,
  now: Date,
): Pick<Departure, 'verdict' | 'lagSeconds'> {
  const lagSeconds =
    departmentToldAt === null
      ? null
      : secondsBetween(startOfChinaDay(effectiveOn), departmentToldAt)
  if (verdict === 'withdrawn') return { verdict, lagSeconds }
  if (dueAt === null) return { verdict: 'awaited', lagSeconds }
  if (departmentToldAt !== null)
    return { verdict: departmentToldAt <= dueAt ? 'in-time' : 'late', lagSeconds }
  return { verdict: now <= dueAt ? 'awaited' : 'missing', lagSeconds }
}
