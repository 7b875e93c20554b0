import type { Deviation } from './deviation.ts'
import type { HeldProfileOption } from './held.ts'

/** What our parameters ask of EBS, in their own units. */
export interface ProfileTargets {
  /** Characters. Parameter `identity.password.min_length`. */
  readonly passwordLength: number
  /** Failed logins. Parameter `identity.lockout.failures`. */
  readonly failures: number
  /** Days: the history times the lifetime of a password, for EBS counts days. */
  readonly noReuseDays: number
}

/** What a profile option has to be at site level, which alone counts at the login page. */
interface ProfileRule {
  readonly name: string
  /** For people, as EBS writes it. */
  readonly wanted: (targets: ProfileTargets) => string
  readonly fits: (value: string, targets: ProfileTargets) => boolean
  /** What EBS is set to when a person has it restored; `null` where the site has to know. */
  readonly value: (targets: ProfileTargets) => string | null
}

const atLeast = (value: string, least: number) => number(value) >= least
const atMost = (value: string, most: number) => number(value) > 0 && number(value) <= most
/** NaN, which fits nothing, for what is no whole number. */
const number = (value: string) => (/^\d{1,9}$/.test(value.trim()) ? Number(value) : NaN)
const isYes = (value: string) => ['Y', 'YES'].includes(value.trim().toUpperCase())

/** Audit levels of EBS as it stores them, from none to form. */
const AUDIT_LEVELS: readonly string[] = ['A', 'B', 'C', 'D']

/** Table 4.6 of the EBS conventions as data. Clauses. */
export const profileRules: readonly ProfileRule[] = [
  {
    name: 'SIGNON_PASSWORD_LENGTH',
    value: ({ passwordLength }) => String(passwordLength),
    wanted: ({ passwordLength }) => `>= ${String(passwordLength)}`,
    fits: (value, { passwordLength }) => atLeast(value, passwordLength),
  },
  { name: 'SIGNON_PASSWORD_HARD_TO_GUESS', value: () => 'Y', wanted: () => 'Y', fits: isYes },
  {
    // Hard to guess asks for no special character: a class of the site does.
    name: 'SIGNON_PASSWORD_CUSTOM',
    value: () => null,
    wanted: () => 'a Java class',
    fits: (value) => value.trim() !== '',
  },
  {
    name: 'SIGNON_PASSWORD_CASE',
    value: () => '1',
    wanted: () => '1 (sensitive)',
    fits: (value) => ['1', 'SENSITIVE'].includes(value.trim().toUpperCase()),
  },
  {
    name: 'SIGNON_PASSWORD_FAILURE_LIMIT',
    value: ({ failures }) => String(failures),
    wanted: ({ failures }) => `1..${String(failures)}`,
    fits: (value, { failures }) => atMost(value, failures),
  },
  {
    name: 'SIGNON_PASSWORD_NO_REUSE',
    value: ({ noReuseDays }) => String(noReuseDays),
    wanted: ({ noReuseDays }) => `>= ${String(noReuseDays)} days`,
    fits: (value, { noReuseDays }) => atLeast(value, noReuseDays),
  },
  {
    name: 'ICX_SESSION_TIMEOUT',
    value: () => '30',
    wanted: () => '1..30 minutes',
    fits: (value) => atMost(value, 30),
  },
  {
    name: 'ICX_LIMIT_TIME',
    value: () => '8',
    wanted: () => '1..8 hours',
    fits: (value) => atMost(value, 8),
  },
  {
    name: 'SIGNONAUDIT:LEVEL',
    value: () => 'D',
    wanted: () => 'C (responsibility) or D (form)',
    fits: (value) => AUDIT_LEVELS.indexOf(value.trim().toUpperCase()) >= 2,
  },
  { name: 'AUDITTRAIL:ACTIVATE', value: () => 'Y', wanted: () => 'Y', fits: isYes },
]

/** Where EBS is set otherwise than wanted; an option that was not sent is one that is not set. */
export function profileDeviations(
  held: readonly HeldProfileOption[],
  targets: ProfileTargets,
): Deviation[] {
  const values = new Map(held.map(({ profileOption, value }) => [profileOption, value]))
  return profileRules.flatMap(({ name, wanted, fits }): Deviation[] => {
    const found = values.get(name) ?? null
    if (found !== null && fits(found, targets)) return []
    return [
      { kind: 'profile-option', holds: 'profile-option', name, expected: wanted(targets), found },
    ]
  })
}
