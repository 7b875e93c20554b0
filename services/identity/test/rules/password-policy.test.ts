import { expect, test } from '@jest/globals'
import {
  isOverdue,
  isWeaker,
  passwordFaults,
  type PasswordPolicy,
} from '../../src/credentials/rules/password-policy.ts'
import { commonList } from '../../src/credentials/block-list.ts'
import { isCommonPassword } from '../../src/credentials/rules/common-passwords.ts'
import { randomPassword } from '../../src/credentials/random-password.ts'

const level3: PasswordPolicy = {
  profile: 'gbt22239-level3',
  minLength: 8,
  classes: 4,
  history: 5,
  maxAgeMs: 90 * 86_400_000,
  versions: {},
}
const { listed } = await commonList()
const rulesBroken = (
  password: string,
  policy = level3,
  userName = 'ZHANG.WEI',
  companyWords: readonly string[] = [],
) => passwordFaults(password, userName, policy, { listed, companyWords }).map(({ rule }) => rule)

test.each([
  ['eight characters are enough', 'kT4#vbQ9', 8, []],
  ['seven are not', 'kT4#vbQ', 8, ['too-short']],
  ['an administrator needs twelve', 'kT4#vbQ9xw!', 12, ['too-short']],
  ['twelve are enough', 'kT4#vbQ9xw!z', 12, []],
  ['characters beyond the basic plane count once', 'kT4#😀😀😀', 8, ['too-short']],
  ['a long phrase is taken whole', `kT4#${'ab cd '.repeat(42)}`, 8, []],
  ['beyond 256 it is refused, never cut', `kT4#${'ab cd '.repeat(42)}x`, 8, ['too-long']],
])('[A-2.2.5] %s', (_what, password, minLength, broken) => {
  expect(rulesBroken(password, { ...level3, minLength })).toEqual(broken)
})

test.each([
  ['no upper case', 'kt4#vbq9', 4, ['classes']],
  ['no lower case', 'KT4#VBQ9', 4, ['classes']],
  ['no digit', 'kTx#vbQy', 4, ['classes']],
  ['no special character', 'kT4xvbQ9', 4, ['classes']],
  ['three classes with letters, digits and specials', 'kt4#vbq9', 3, []],
  ['three classes without a special', 'kT4xvbQ9', 3, ['classes']],
  ['three classes without a digit', 'kTx#vbQy', 3, ['classes']],
  ['a Chinese character counts as special', 'kT4桥vbQ9', 4, []],
])('[A-2.2.4] %s', (_what, password, classes, broken) => {
  expect(rulesBroken(password, { ...level3, classes })).toEqual(broken)
})

test.each([
  ['in any case', 'x7#zhang.WEI', ['contains-user-name']],
  ['not a part of it', 'x7#Zhang.kQ', []],
])('[A-2.2.4] the user name may not be inside: %s', (_what, password, broken) => {
  expect(rulesBroken(password)).toEqual(broken)
})

test.each([
  ['as it is', 'kT4#huadong9', ['company-word']],
  ['in another case', 'kT4#HuaDong9', ['company-word']],
  ['disguised', 'kT4#hu@d0ng9', ['company-word']],
  ['in Chinese', 'kT4#华东vb9', ['company-word']],
  ['not a part of it', 'kT4#huad-ng9', []],
])('[A-2.2.4] a word of the company may not be inside: %s', (_what, password, broken) => {
  expect(rulesBroken(password, level3, 'ZHANG.WEI', ['Huadong', '华东'])).toEqual(broken)
})

test('[A-2.2.4] the list is a real one, all in lower case', () => {
  expect(listed.size).toBeGreaterThan(40_000)
  for (const word of ['123456', 'iloveyou', '1qaz2wsx', 'qq123456'])
    expect([word, listed.has(word)]).toEqual([word, true])
  expect([...listed].filter((word) => word !== word.toLowerCase())).toEqual([])
})

test('a user name of two letters forbids nothing', () => {
  expect(rulesBroken('kT4#vbQ9', level3, 'KT')).toEqual([])
})

test.each([
  ['the same rules', 8, 4, false],
  ['shorter ones', 7, 4, true],
  ['fewer classes', 8, 3, true],
  ['none at all', 15, 0, true],
  ['longer ones', 15, 4, false],
])(
  '[A-2.2.4] a password taken under %s must be changed: %#',
  (_what, minLength, classes, weaker) => {
    expect(isWeaker({ minLength, classes }, level3)).toBe(weaker)
  },
)

test.each([
  'P@ssw0rd2026!',
  'Oracle#123',
  'Admin@123',
  '1qaz@WSX',
  'Qwer1234!',
  'Abcd1234!',
  'Abc@1234',
  'Welcome1!',
  'aA1!aA1!aA1!',
  'Huawei@2026',
  'ErpSteward#1',
  'Passw0rd!',
  '12345678',
  'Qwertyuiop1!',
  // Of the list alone, in the words and with signs and digits around, disguised or not.
  'jordan23',
  'Charlie#2026',
  '#2026-Ch4rlie!',
  'woaini-1314',
])('[A-2.2.4] %s is a common password', (password) => {
  expect(isCommonPassword(password, listed)).toBe(true)
})

test.each(['kT4#vbQ9', 'Grün-7-tapfer-Igel', 'Tz8!mountainPasture', 'vR2#pelican'])(
  '%s is not a common password',
  (password) => {
    expect(isCommonPassword(password, listed)).toBe(false)
  },
)

test('[A-2.1.5] a password is overdue from the end of its life on, not a millisecond before', () => {
  const setAt = new Date('2026-02-28T16:00:00Z')
  const end = setAt.getTime() + 90 * 86_400_000
  expect(isOverdue(setAt, level3, new Date(end - 1))).toBe(false)
  expect(isOverdue(setAt, level3, new Date(end))).toBe(true)
  expect(isOverdue(setAt, { maxAgeMs: null }, new Date(end * 2))).toBe(false)
})

test('[A-2.2.3] an initial password meets the rules it is issued under, and no two are alike', () => {
  const made = Array.from({ length: 200 }, () => randomPassword(12))
  for (const password of made) {
    expect(rulesBroken(password, { ...level3, minLength: 20 })).toEqual([])
  }
  expect(new Set(made).size).toBe(200)
  expect(randomPassword(64)).toHaveLength(64)
})
