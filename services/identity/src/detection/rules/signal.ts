export const sharingRules = [
  'parallel-use',
  'impossible-travel',
  'many-accounts',
  'maker-checker',
  'followed',
  'absent',
  'left',
  'habit',
] as const
export type SharingRule = (typeof sharingRules)[number]

/** Rules by which people meet at one address, which says nothing where many share it. */
export const ofOneAddress: readonly SharingRule[] = ['many-accounts', 'maker-checker', 'followed']

/** A sign that others use an account. */
export interface Sign {
  readonly rule: SharingRule
  /** 1 to 100. */
  readonly score: number
  /** When it showed. */
  readonly at: Date
  /** Ids of the facts that prove it, sorted. */
  readonly evidence: readonly string[]
  /** The other accounts in it. */
  readonly others: readonly string[]
  /** What was found, in numbers and addresses, for whoever decides. */
  readonly detail: Readonly<Record<string, string | number>>
}

/**
 * How likely it is that others use the account when several signs speak for it: each takes its part of the doubt that those
 * before left. Of one rule the strongest sign counts, however often it shows. 0 without a sign, at most 100.
 *
 * Source: defaults 2.9, own choice.
 */
export function combinedScore(signs: readonly Pick<Sign, 'rule' | 'score'>[]): number {
  const strongest = new Map<SharingRule, number>()
  for (const { rule, score } of signs)
    strongest.set(rule, Math.max(score, strongest.get(rule) ?? 0))
  if (strongest.size === 0) return 0
  const doubt = [...strongest.values()].reduce((left, score) => left * (100 - score), 1)
  // In whole numbers up to here: 0.3 * 0.4 is no 0.12.
  return Math.floor(100 - doubt / 100 ** (strongest.size - 1))
}
