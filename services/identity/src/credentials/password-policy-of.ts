import { durationMs } from '@erp-steward/regulation/duration'
import { readParameters } from '@erp-steward/service-kit/parameters'
import type { EntityManager } from 'typeorm'
import type { Account } from '../accounts/account.ts'
import { rolesOfAccount } from '../accounts/roles-of-account.ts'
import type { PasswordPolicy } from './rules/password-policy.ts'

/** Shortest password of the NIST set where it is the only factor. Source: SP 800-63B-4, 3.1.1.2. */
export const NIST_SINGLE_FACTOR_LENGTH = 15

/** The rules in force for the passwords of an account: of its person's unit; administrators have stricter ones. */
export async function passwordPolicyOf(
  tx: EntityManager,
  account: Pick<Account, 'administratorRole' | 'personId'>,
  at: Date,
): Promise<PasswordPolicy> {
  const { unitId } = await rolesOfAccount(tx, account, at)
  return passwordPolicyFor(
    tx,
    account.administratorRole === null ? 'users' : 'administrators',
    unitId,
    at,
  )
}

const LENGTH = {
  users: 'identity.password.min_length',
  administrators: 'identity.password.admin_min_length',
} as const
const HISTORY = {
  users: 'identity.password.history',
  administrators: 'identity.password.admin_history',
} as const

/** The rules in force for the users or the administrators of a unit (`null`: of the company). */
export async function passwordPolicyFor(
  tx: EntityManager,
  whom: 'users' | 'administrators',
  unitId: string | null,
  at: Date,
): Promise<PasswordPolicy> {
  const keys = [
    'identity.password.profile',
    LENGTH[whom],
    // The clause asks for letters, digits and special characters, whatever set of rules is chosen. Source.
    'identity.password.classes',
    HISTORY[whom],
    'identity.password.history_age',
    'identity.password.max_age',
  ] as const
  const found = await readParameters(tx, keys, unitId, at)
  const profile = found['identity.password.profile'].value
  const nist = profile === 'nist-800-63b-4'
  const length = found[LENGTH[whom]].value
  return {
    profile,
    minLength: nist ? Math.max(length, NIST_SINGLE_FACTOR_LENGTH) : length,
    classes: found['identity.password.classes'].value,
    history: found[HISTORY[whom]].value,
    historyAgeMs: durationMs(found['identity.password.history_age'].value),
    maxAgeMs: nist ? null : durationMs(found['identity.password.max_age'].value),
    versions: Object.fromEntries(keys.map((key) => [key, found[key].version])),
  }
}
