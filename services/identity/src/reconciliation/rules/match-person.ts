/** What becomes of an unknown user of EBS when people are looked for. */
export const matchOutcomes = [
  'matched',
  'nobody',
  'ambiguous',
  'has-account',
  'name-unusable',
] as const
export type MatchOutcome = (typeof matchOutcomes)[number]

/** A person whose number or address a user of EBS has. */
export interface Candidate {
  readonly personId: string
  readonly by: 'employee-number' | 'email'
  readonly hasAccount: boolean
}

/** Whose a user of EBS is. */
export interface Match {
  readonly outcome: MatchOutcome
  readonly personId: string | null
  readonly by: Candidate['by'] | null
}

/**
 * Whose user of EBS it is: number and address must not name two people, and whoever has an account keeps it.
 *
 * @param usable whether its name can be one of an account here
 */
export function matchPerson(candidates: readonly Candidate[], usable: boolean): Match {
  const people = new Set(candidates.map(({ personId }) => personId))
  const first =
    candidates.find(({ by }) => by === 'employee-number') ??
    candidates.find(({ by }) => by === 'email')
  if (first === undefined) return { outcome: 'nobody', personId: null, by: null }
  if (people.size > 1) return { outcome: 'ambiguous', personId: null, by: null }
  const { personId, by } = first
  if (first.hasAccount) return { outcome: 'has-account', personId, by }
  return { outcome: usable ? 'matched' : 'name-unusable', personId, by }
}
