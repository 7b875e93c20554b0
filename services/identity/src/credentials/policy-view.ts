import { nullable, Uuid } from '@erp-steward/contracts/values'
import { readParameter } from '@erp-steward/service-kit/parameters'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'
import { commonList } from './block-list.ts'
import { passwordPolicyFor } from './password-policy-of.ts'
import { LONGEST_PASSWORD, type PasswordPolicy } from './rules/password-policy.ts'
import { deviationsOf } from './rules/policy-deviations.ts'

const Profile = Type.Enum(['gbt22239-level3', 'nist-800-63b-4'], {
  description: 'The set of rules that the company follows.',
})

export const PolicyView = Type.Object(
  {
    profile: Profile,
    minLength: Type.Integer({ description: 'In characters (code points).' }),
    maxLength: Type.Integer({ description: 'In characters; nothing is cut off.' }),
    classes: Type.Integer({
      description: 'How many of upper case, lower case, digit, special; 0: none asked.',
    }),
    history: Type.Integer({ description: 'How many earlier passwords may not return.' }),
    historyDays: Type.Number({
      description: 'Nor may one that was in force during so many days; the stricter decides.',
    }),
    maxAgeDays: nullable(
      Type.Number(),
      'After so many days it must be changed; null: never for its age.',
    ),
    versions: Type.Record(Type.String(), Type.Integer(), {
      description: 'Parameter versions in force; 0: as shipped.',
    }),
  },
  { title: 'PasswordPolicy', description: 'The rules for passwords of users or administrators.' },
)

const DeviationView = Type.Object(
  {
    of: Type.Enum(['users', 'administrators'], { description: 'For whose passwords.' }),
    standard: Type.Enum(['gbt22239-level3', 'nist-800-63b-4'], {
      description:
        'GB/T 22239-2019 level 3 with the numbers of usual practice, or NIST SP 800-63B-4.',
    }),
    rule: Type.Enum(['length', 'composition', 'change', 'history'], {
      description: 'What it is about.',
    }),
    asks: Type.String({ description: 'What the standard asks for.' }),
    inForce: Type.String({ description: 'What is in force.' }),
    reason: Type.String({ description: 'Why.' }),
  },
  { title: 'PasswordPolicyDeviation' },
)

export const PoliciesView = Type.Object(
  {
    unitId: nullable(Uuid, 'The own unit, whose rules these are; null: those of the company.'),
    profile: Profile,
    users: PolicyView,
    administrators: PolicyView,
    blockList: Type.Object(
      {
        source: Type.String({ description: 'Package and version of the list.' }),
        entries: Type.Integer({ description: 'Common passwords on the list, known offline.' }),
        companyWords: Type.Integer({ description: 'Words of the company beside them.' }),
      },
      { description: 'What nobody may choose, under either profile.' },
    ),
    deviations: Type.Array(DeviationView, {
      description: 'Where the rules in force ask for something else than either standard.',
    }),
  },
  { title: 'PasswordPolicies' },
)

/** The rules as they are shown. */
export function policyView({ maxAgeMs, historyAgeMs = 0, ...policy }: PasswordPolicy) {
  return {
    ...policy,
    maxLength: LONGEST_PASSWORD,
    historyDays: historyAgeMs / 86_400_000,
    maxAgeDays: maxAgeMs === null ? null : maxAgeMs / 86_400_000,
  }
}

/** Both sets of rules of a unit (`null`: of the company), with what they deviate in; texts in both languages. */
export async function policiesOf(tx: EntityManager, unitId: string | null, at: Date) {
  const users = await passwordPolicyFor(tx, 'users', unitId, at)
  const administrators = await passwordPolicyFor(tx, 'administrators', unitId, at)
  const words = await readParameter(tx, 'identity.password.company_words', unitId, at)
  const { listed, source } = await commonList()
  return {
    unitId,
    profile: users.profile,
    users: policyView(users),
    administrators: policyView(administrators),
    blockList: { source, entries: listed.size, companyWords: words.value.length },
    deviations: [
      ...deviationsOf(users, 'users').map((each) => ({ of: 'users' as const, ...each })),
      ...deviationsOf(administrators, 'administrators').map((each) => ({
        of: 'administrators' as const,
        ...each,
      })),
    ],
  }
}
