import { expect, test } from '@jest/globals'
import type { PasswordPolicy } from '../../src/credentials/rules/password-policy.ts'
import { deviationsOf } from '../../src/credentials/rules/policy-deviations.ts'

const DAY = 86_400_000
const shipped: PasswordPolicy = {
  profile: 'gbt22239-level3',
  minLength: 8,
  classes: 4,
  history: 5,
  historyAgeMs: 450 * DAY,
  maxAgeMs: 90 * DAY,
  versions: {},
}
const nist: PasswordPolicy = {
  ...shipped,
  profile: 'nist-800-63b-4',
  minLength: 15,
  maxAgeMs: null,
}
type Change = Partial<PasswordPolicy>

test.each([
  ['as shipped', shipped, {}, 'users', []],
  ['a shorter one for administrators', shipped, { minLength: 11 }, 'administrators', ['length']],
  ['twelve for administrators', shipped, { minLength: 12 }, 'administrators', []],
  ['three classes', shipped, { classes: 3 }, 'users', ['composition']],
  ['91 days', shipped, { maxAgeMs: 90 * DAY + 1 }, 'users', ['change']],
  ['four of the past', shipped, { history: 4 }, 'users', ['history']],
  ['the other profile', nist, {}, 'users', ['change']],
] as const)('[A-2.2.4] from level 3: %s', (_what, policy, change: Change, whom, rules) => {
  const found = deviationsOf({ ...policy, ...change }, whom)
  const from = found.filter(({ standard }) => standard === 'gbt22239-level3')
  expect(from.map(({ rule }) => rule)).toEqual(rules)
})

test.each([
  ['as shipped', shipped, {}, ['length', 'composition', 'change']],
  ['15 characters', shipped, { minLength: 15 }, ['composition', 'change']],
  // The clause stands above either standard.
  ['its own profile', nist, {}, ['composition']],
  ['its own profile without classes', nist, { classes: 0 }, []],
] as const)('[A-2.2.4] from SP 800-63B-4: %s', (_what, policy, change: Change, rules) => {
  const found = deviationsOf({ ...policy, ...change }, 'users')
  const from = found.filter(({ standard }) => standard === 'nist-800-63b-4')
  expect(from.map(({ rule }) => rule)).toEqual(rules)
})

test('[A-2.2.4] no rules keep both standards, and every deviation says why in both languages', () => {
  for (const policy of [shipped, nist]) {
    const found = deviationsOf(policy, 'users')
    expect(found.length).toBeGreaterThan(0)
    for (const { asks, inForce, reason } of found)
      for (const text of [asks, inForce, reason]) {
        expect(text.en).toMatch(/^[A-Z0-9].*\.$/)
        expect(text['zh-CN']).toMatch(/\p{Script=Han}.*。$/u)
      }
  }
})
