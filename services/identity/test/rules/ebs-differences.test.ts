import { expect, test } from '@jest/globals'
import { deviationsOf, type Wanted } from '../../src/reconciliation/rules/deviation.ts'
import { isGenericName } from '../../src/reconciliation/rules/generic-name.ts'
import type { HeldUser } from '../../src/reconciliation/rules/held.ts'
import { matchPerson } from '../../src/reconciliation/rules/match-person.ts'
import { profileDeviations } from '../../src/reconciliation/rules/profile-option.ts'
import { standingOf } from '../../src/reconciliation/rules/user-standing.ts'

const DAY = '2026-11-30'
const user = (members: Partial<HeldUser> = {}): HeldUser => ({
  ...{ userName: 'ZHANGW', endDate: null, responsibilities: [], roles: [] },
  ...members,
})
const wanted = (members: Partial<Wanted> = {}): Wanted => ({
  status: 'active',
  wasEnded: false,
  access: { responsibilities: [], ebsRoles: [] },
  ...members,
})
const kinds = (held: HeldUser, by: Wanted | null) =>
  deviationsOf(held, by, DAY).map(({ kind }) => kind)

test('access ends at the beginning of the day of its end date, and not a day before', () => {
  expect(kinds(user({ endDate: DAY }), null)).toEqual([])
  expect(kinds(user({ endDate: '2026-12-01' }), null)).toEqual(['unknown-account'])
  const role = (endDate: string | null) => user({ roles: [{ name: 'UMX|X', endDate }] })
  expect(kinds(role(DAY), wanted())).toEqual([])
  expect(kinds(role('2026-12-01'), wanted())).toEqual(['unapproved-grant'])
})

test('a user who is shut out here and not there is told by whether EBS had ended it once', () => {
  for (const status of ['disabled', 'frozen'] as const) {
    expect(kinds(user(), wanted({ status }))).toEqual(['not-disabled'])
    expect(kinds(user(), wanted({ status, wasEnded: true }))).toEqual(['reopened'])
    expect(kinds(user({ endDate: DAY }), wanted({ status }))).toEqual([])
  }
})

test('what is left of a user who was ended is a difference too, for an end that is lifted would bring it back', () => {
  const held = user({ endDate: DAY, roles: [{ name: 'UMX|X', endDate: null }] })
  expect(kinds(held, wanted({ status: 'disabled' }))).toEqual(['unapproved-grant'])
})

test('one grant that EBS holds twice is one difference', () => {
  const role = { name: 'UMX|X', endDate: null }
  expect(kinds(user({ roles: [role, role] }), wanted())).toEqual(['unapproved-grant'])
})

test.each(['TEST01', 'admin', 'Temp_User', 'GONGYONG2', 'SYSADMIN', 'user'])(
  '%s tells of no person',
  (name) => {
    expect(isGenericName(name)).toBe(true)
  },
)
test.each(['TESTA.LI', 'ZHANGW', 'ADMINISTRATORZHANG', 'USERLI', 'WANG.TEMPLE'])(
  '%s may be a person',
  (name) => {
    expect(isGenericName(name)).toBe(false)
  },
)

const targets = { passwordLength: 8, failures: 5, noReuseDays: 450 }
const differs = (profileOption: string, value: string | null) =>
  profileDeviations([{ profileOption, value }], targets).some(({ name }) => name === profileOption)

test.each([
  ['SIGNON_PASSWORD_LENGTH', ['8', '12'], ['7', '', 'eight', '-8', null]],
  ['SIGNON_PASSWORD_FAILURE_LIMIT', ['5', '3'], ['6', '0', null]],
  ['SIGNON_PASSWORD_NO_REUSE', ['450', '500'], ['449', null]],
  ['ICX_SESSION_TIMEOUT', ['15', '30'], ['31', '0', null]],
  ['SIGNON_PASSWORD_CASE', ['1', 'Sensitive'], ['2', 'Insensitive']],
  ['SIGNONAUDIT:LEVEL', ['C', 'D'], ['A', 'B', 'X', null]],
])('[A-2.2.5] %s', (name, good, bad) => {
  for (const value of good) expect([value, differs(name, value)]).toEqual([value, false])
  for (const value of bad) expect([value, differs(name, value)]).toEqual([value, true])
})

test('a user whose number and address name two people is nobody’s, and who has an account keeps it', () => {
  const by = (how: 'employee-number' | 'email', personId: string, hasAccount = false) => ({
    ...{ personId, by: how, hasAccount },
  })
  expect(matchPerson([], true).outcome).toBe('nobody')
  expect(matchPerson([by('employee-number', 'a'), by('email', 'b')], true).outcome).toBe(
    'ambiguous',
  )
  expect(matchPerson([by('email', 'a'), by('email', 'b')], true).outcome).toBe('ambiguous')
  expect(matchPerson([by('employee-number', 'a')], true)).toMatchObject({
    ...{ outcome: 'matched', personId: 'a', by: 'employee-number' },
  })
  expect(matchPerson([by('email', 'a', true)], true).outcome).toBe('has-account')
  expect(matchPerson([by('email', 'a')], false).outcome).toBe('name-unusable')
})

test.each([
  [0, 'active'],
  [1, 'active'],
  [10, 'unknown'],
  [11, 'pending'],
  [12, 'locked'],
  [13, 'ended'],
  [20, 'password-expired'],
  [21, 'must-change-password'],
  [30, 'external-failure'],
  [31, 'external-failure'],
  [77, null],
])('a user of EBS of validity %i is %s', (code, standing) => {
  expect(standingOf(code)).toBe(standing)
})
