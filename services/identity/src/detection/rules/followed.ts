/** That another account signed in shortly before, at the same address. */
export interface Following {
  readonly otherAccountId: string
  /** When the follower came. */
  readonly at: Date
}

const DAY_MS = 86_400_000
/** China is at UTC+8 without summer time since 1992. */
const chinaDayNumber = (at: Date) => Math.floor((at.getTime() + 8 * 3_600_000) / DAY_MS)
/** 1970-01-01 was a Thursday: weeks begin on Mondays. */
const weekNumber = (at: Date) => Math.floor((chinaDayNumber(at) + 3) / 7)

/**
 * Rule 5: the accounts that were followed on at least `days` days in at least `weeks` weeks, counted by days and weeks in
 * China. Source: defaults 2.9.
 */
export function followedOverWeeks(
  followings: readonly Following[],
  { days, weeks }: { readonly days: number; readonly weeks: number },
): string[] {
  const byAccount = Map.groupBy(followings, ({ otherAccountId }) => otherAccountId)
  return [...byAccount]
    .filter(
      ([, each]) =>
        new Set(each.map(({ at }) => chinaDayNumber(at))).size >= days &&
        new Set(each.map(({ at }) => weekNumber(at))).size >= weeks,
    )
    .map(([accountId]) => accountId)
    .toSorted()
}
