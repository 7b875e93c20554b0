/** Why the answers of a round look copied. */
export type Suspicion = 'same-everywhere' | 'same-as-before'

/** What people entered in one round, by item; measured values and answers to choices are not among them. */
export type Entered = ReadonlyMap<string, string>

/** Fewest answers of which all may be the same by chance: a quiet day has some zeros. */
const CHANCE = 4

/**
 * What is suspicious about a round: its answers are all one and the same, or they are word for word those of the days
 * before.
 *
 * @param before what was entered in the rounds before, the newest first
 * @param days from how many rounds running on sameness is suspicious. Source: parameter
 *   monitoring.inspection.identical_days
 */
export function suspicionsOf(
  today: Entered,
  before: readonly Entered[],
  days: number,
): readonly Suspicion[] {
  const found: Suspicion[] = []
  if (today.size > CHANCE && new Set(today.values()).size === 1) found.push('same-everywhere')
  const run = before.slice(0, days - 1)
  const isSame = (other: Entered) =>
    other.size === today.size && [...today].every(([code, value]) => other.get(code) === value)
  if (today.size > 0 && run.length === days - 1 && run.every(isSame)) found.push('same-as-before')
  return found
}
