/** How a user of EBS stands, without anybody's knowing the password. */
export const userStandings = [
  'active',
  'unknown',
  'pending',
  'locked',
  'ended',
  'password-expired',
  'must-change-password',
  'external-failure',
] as const
export type UserStanding = (typeof userStandings)[number]

/** Codes of FND_USER_PKG by what they mean. Source: EBS conventions 4.1. */
const byCode: Readonly<Record<number, UserStanding>> = {
  0: 'active',
  1: 'active',
  10: 'unknown',
  11: 'pending',
  12: 'locked',
  13: 'ended',
  20: 'password-expired',
  21: 'must-change-password',
  30: 'external-failure',
  31: 'external-failure',
}

/** What a validity code of EBS means; `null` for one that nobody knows. */
export function standingOf(code: number): UserStanding | null {
  return byCode[code] ?? null
}
