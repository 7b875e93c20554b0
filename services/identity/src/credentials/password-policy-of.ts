import { durationMs } from '@erp-steward/regulation/duration'
import { readParameter } from '@erp-steward/service-kit/parameters'
import type { EntityManager } from 'typeorm'
import type { Account } from '../accounts/account.ts'
import { rolesOfAccount } from '../accounts/roles-of-account.ts'
import type { PasswordPolicy } from './rules/password-policy.ts'

/** Shortest password of the NIST set where it is the only factor. Source: SP 800-63B-4, 3.1.1.2. */
const NIST_SINGLE_FACTOR_LENGTH = 15

/** The rules in force for the passwords of an account: of its person's unit; administrators have stricter ones. */
export async function passwordPolicyOf(
  tx: EntityManager,
  account: Pick<Account, 'administratorRole' | 'personId'>,
  at: Date,
): Promise<PasswordPolicy> {
  const { unitId } = await rolesOfAccount(tx, account, at)
  const [lengthKey, historyKey] =
    account.administratorRole === null
      ? (['identity.password.min_length', 'identity.password.history'] as const)
      : (['identity.password.admin_min_length', 'identity.password.admin_history'] as const)
  const profile = await readParameter(tx, 'identity.password.profile', unitId, at)
  const length = await readParameter(tx, lengthKey, unitId, at)
  const versions = {
    'identity.password.profile': profile.version,
    [lengthKey]: length.version,
  }
  const nist = profile.value === 'nist-800-63b-4'
  // The clause asks for letters, digits and special characters, whatever set of rules is chosen. Source.
  const classes = await readParameter(tx, 'identity.password.classes', unitId, at)
  const history = await readParameter(tx, historyKey, unitId, at)
  const maxAge = await readParameter(tx, 'identity.password.max_age', unitId, at)
  return {
    profile: profile.value,
    minLength: nist ? Math.max(length.value, NIST_SINGLE_FACTOR_LENGTH) : length.value,
    classes: classes.value,
    history: history.value,
    maxAgeMs: nist ? null : durationMs(maxAge.value),
    versions: {
      ...versions,
      'identity.password.classes': classes.version,
      [historyKey]: history.version,
      'identity.password.max_age': maxAge.version,
    },
  }
}
