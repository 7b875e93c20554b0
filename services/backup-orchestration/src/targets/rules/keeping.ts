/** Backups of which each stands for a whole period, and is kept longer than the others of it. Source: defaults 2.5. */
export const keptKinds = ['weekly', 'monthly', 'yearly'] as const
export type KeptKind = (typeof keptKinds)[number]

/** For how many weeks, months and years the backup that stands for each is kept; `null` where none does. */
export interface Keeping {
  readonly keepWeeks: number | null
  readonly keepMonths: number | null
  readonly keepYears: number | null
}

export const memberOfKind = {
  weekly: 'keepWeeks',
  monthly: 'keepMonths',
  yearly: 'keepYears',
} as const satisfies Record<KeptKind, keyof Keeping>

/** How Chinese texts call a kind. */
export const wordOfKind = {
  weekly: '每周',
  monthly: '每月',
  yearly: '每年',
} as const satisfies Record<KeptKind, string>

/** Days of a week, a month and a year, as bounds of parameters count them. */
const NOMINAL_DAYS = { weekly: 7, monthly: 30, yearly: 365 } as const

const DAY_MS = 86_400_000
/** China has one zone and no summer time. */
const SHANGHAI_MS = 8 * 3_600_000
const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'] as const

/** How long a policy keeps backups of a kind, milliseconds, as bounds of parameters are compared; 0 where it keeps none. */
export function keptMs(keeping: Keeping, kind: KeptKind): number {
  return (keeping[memberOfKind[kind]] ?? 0) * NOMINAL_DAYS[kind] * DAY_MS
}

/** A stretch of time for which one backup stands; `until` is exclusive. */
export interface KeptPeriod {
  /** Its first day in China, `2026-03-01`. */
  readonly firstDay: string
  readonly from: Date
  readonly until: Date
}

/**
 * The periods of a kind whose backup must be there at `now`: those that have begun since `since` and whose backup would not
 * have been let go yet, also the one that still runs; newest first.
 *
 * @param count for how many such periods a backup is kept, from 1
 * @param fullDay the day that weeks begin with, `SUN`
 */
export function keptPeriods(
  kind: KeptKind,
  count: number,
  { since, now, fullDay }: { readonly since: Date; readonly now: Date; readonly fullDay: string },
): KeptPeriod[] {
  const periods: KeptPeriod[] = []
  for (let back = 0; back < count; back += 1) {
    const from = startOf(kind, now, back, fullDay)
    if (from < since) break
    const firstDay = new Date(from.getTime() + SHANGHAI_MS).toISOString().slice(0, 10)
    periods.push({ firstDay, from, until: startOf(kind, now, back - 1, fullDay) })
  }
  return periods
}

/** Until when the backup that stands for a period is kept. */
export function keptUntil(kind: KeptKind, count: number, dataAt: Date): Date {
  if (kind === 'weekly') return new Date(dataAt.getTime() + count * 7 * DAY_MS)
  const until = new Date(dataAt)
  // A day that the month does not have falls into the next one: later, never earlier.
  if (kind === 'monthly') until.setUTCMonth(until.getUTCMonth() + count)
  else until.setUTCFullYear(until.getUTCFullYear() + count)
  return until
}

/** The midnight in China with which a period begins, so many periods before that of `now`. */
function startOf(kind: KeptKind, now: Date, back: number, fullDay: string): Date {
  const local = new Date(now.getTime() + SHANGHAI_MS)
  const year = local.getUTCFullYear()
  if (kind === 'yearly') return new Date(Date.UTC(year - back, 0, 1) - SHANGHAI_MS)
  if (kind === 'monthly')
    return new Date(Date.UTC(year, local.getUTCMonth() - back, 1) - SHANGHAI_MS)
  const today = Math.floor(local.getTime() / DAY_MS)
  const sinceFullDay = (local.getUTCDay() - WEEKDAYS.findIndex((day) => day === fullDay) + 7) % 7
  return new Date((today - sinceFullDay - 7 * back) * DAY_MS - SHANGHAI_MS)
}
