import { expect, test } from '@jest/globals'
import { userNameCandidates } from '../../src/accounts/rules/user-name.ts'
import { chinaDay, startOfChinaDay } from '../../src/people/rules/china-day.ts'
import { leaveTiming } from '../../src/people/rules/leave-timing.ts'
import { accessDifference } from '../../src/provisioning/rules/access-difference.ts'
import { readBackFits } from '../../src/provisioning/rules/read-back-fits.ts'
import { MOST_ATTEMPTS, nextTryAt } from '../../src/provisioning/rules/retry.ts'

test.each([
  ['2026-11-22T15:59:59.999Z', '2026-11-22'],
  ['2026-11-22T16:00:00.000Z', '2026-11-23'],
  ['2026-12-31T16:00:00.000Z', '2027-01-01'],
])('%s is %s in China', (instant, day) => {
  expect(chinaDay(new Date(instant))).toBe(day)
})

test('a day in China begins at 16:00 UTC of the day before', () => {
  expect(startOfChinaDay('2026-11-23').toISOString()).toBe('2026-11-22T16:00:00.000Z')
})

const now = new Date('2026-11-22T04:00:00.000Z') // Noon in China.

test.each([
  ['without a date', { kind: 'resignation' }, ['2026-11-22', true, 43_200]],
  ['yesterday', { kind: 'resignation', leaveOn: '2026-11-21' }, ['2026-11-21', true, 129_600]],
  ['tomorrow', { kind: 'resignation', leaveOn: '2026-11-23' }, ['2026-11-23', false, 0]],
  ['dismissed', { kind: 'dismissal' }, ['2026-11-22', true, 0]],
  ['dismissed for tomorrow', { kind: 'dismissal', leaveOn: '2026-11-23' }, ['2026-11-22', true, 0]],
  [
    'dismissed yesterday',
    { kind: 'dismissal', leaveOn: '2026-11-21' },
    ['2026-11-21', true, 129_600],
  ],
] as const)(
  '[A-2.1.3][A-2.1.4] a leave %s: date, at once, lag of the notice',
  (_what, leave, want) => {
    const { leaveOn, atOnce, noticeLagSeconds } = leaveTiming(leave, now)
    expect([leaveOn, atOnce, noticeLagSeconds]).toEqual(want)
  },
)

test('a leave takes effect with the first millisecond of its day', () => {
  const leave = { kind: 'retirement', leaveOn: '2026-11-23' } as const
  const start = Date.parse('2026-11-22T16:00:00.000Z')
  expect(leaveTiming(leave, new Date(start - 1)).atOnce).toBe(false)
  expect(leaveTiming(leave, new Date(start)).atOnce).toBe(true)
})

test.each([
  ['zhang.san@example.cn', '10023', ['ZHANG.SAN', 'ZHANG.SAN0023', '10023', 'E10023']],
  [null, 'a-7', ['A-7', 'EA-7']],
  ['张三@example.cn', '7', ['7', 'E7']],
  ['sysadmin@example.cn', '7', ['SYSADMIN7', '7', 'E7']],
  [`${'x'.repeat(101)}@example.cn`, '7', ['7', 'E7']],
])('user names for %s and %s', (email, employeeNumber, names) => {
  expect(userNameCandidates({ email, employeeNumber })).toEqual(names)
})

test('[A-2.1.4] everything that ends comes before what begins, and what stays is not touched', () => {
  const responsibility = (key: string) => ({ application: 'GL', key, securityGroup: 'STANDARD' })
  const { ended, added } = accessDifference(
    'U',
    { responsibilities: [responsibility('A'), responsibility('B')], ebsRoles: ['UMX|A'] },
    { responsibilities: [responsibility('B'), responsibility('C')], ebsRoles: ['UMX|C'] },
    '2026-11-22',
  )
  const named = ({ kind, expected }: (typeof ended)[number]) =>
    `${kind} ${String(expected.responsibilityKey ?? expected.roleName)}`
  expect([...ended, ...added].map(named)).toEqual([
    'end-responsibility A',
    'end-role UMX|A',
    'add-responsibility C',
    'add-role UMX|C',
  ])
})

test.each([
  [{ userName: 'U' }, { userName: 'U', extra: 'x' }, true],
  [{ userName: 'U' }, { userName: 'u' }, false],
  [{ userName: 'U' }, {}, false],
  [{ endDate: null }, {}, true],
  [{ endDate: null }, { endDate: '2026-11-22' }, false],
  [{ endDate: '2026-11-22' }, { endDate: '2026-11-22 00:00:00' }, true],
  [{ endDate: '2026-11-22' }, { endDate: '2026-11-21' }, true],
  [{ endDate: '2026-11-22' }, { endDate: '2026-11-23' }, false],
  [{ endDate: '2026-11-22' }, { endDate: null }, false],
  [{ startDate: '2026-11-22' }, { startDate: '2026-11-22T00:00:00' }, true],
  [{ emailAddress: null }, { emailAddress: 'a@b.cn' }, false],
] as Record<string, string | null>[][])('asked %j, read back %j', (...row) => {
  const [expected = {}, readBack = {}, fits] = row
  expect(readBackFits(expected, readBack)).toBe(fits)
})

test('pauses double from one minute to an hour at most; after the last try a person looks', () => {
  const pauses = Array.from({ length: MOST_ATTEMPTS - 1 }, (_, index) => {
    const at = nextTryAt(index + 1, now)
    return at === null ? null : (at.getTime() - now.getTime()) / 60_000
  })
  expect(pauses).toEqual([1, 2, 4, 8])
  expect(nextTryAt(MOST_ATTEMPTS, now)).toBeNull()
})
