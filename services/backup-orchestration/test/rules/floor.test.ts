import { expect, test } from '@jest/globals'
import { isSameBuilding } from '../../src/sites/rules/same-place.ts'
import { floorFaults, type MeasuredPolicy } from '../../src/targets/rules/floor.ts'
import { groundsOf, takesTwo, type Grounds } from '../../src/targets/rules/grounds.ts'
import { comesWithin } from '../../src/targets/rules/schedule.ts'

const NOW = new Date('2026-03-09T02:00:00Z')
const DAY = 86_400_000

const here = {
  code: 'P',
  building: 'Plant 1, Wuhan',
  isEncrypted: true,
  isOffsite: false,
  isConfirmed: true,
}
const away = { ...here, code: 'O', building: 'Bank, Xiangyang', isOffsite: true }
const policy: MeasuredPolicy = {
  schedule: '0 1 * * SUN',
  rpoMs: 8 * DAY,
  keepDays: 35,
  ...{ keepWeeks: null, keepMonths: null, keepYears: null },
  primary: here,
  offsite: away,
}
const floor = {
  ...{ intervalMs: 7 * DAY, rpoMs: 8 * DAY, keepMs: 35 * DAY },
  kindsMs: { weekly: 0, monthly: 0, yearly: 0 },
}
const floorsOf = (changes: Partial<MeasuredPolicy>) =>
  floorFaults({ ...policy, ...changes }, floor, NOW).map((fault) => fault.floor)

test('[A-2.4.1] a policy exactly at the floor has no fault', () => {
  expect(floorsOf({})).toEqual([])
})

test.each<[string, Partial<MeasuredPolicy>, string[]]>([
  ['once a year', { schedule: '0 1 1 1 *' }, ['schedule']],
  ['on the first of a month', { schedule: '0 1 1 * *' }, ['schedule']],
  ['a millisecond more to lose', { rpoMs: 8 * DAY + 1 }, ['rpo']],
  ['a day less kept', { keepDays: 34 }, ['keepDays']],
  ['a medium here in clear', { primary: { ...here, isEncrypted: false } }, ['encryption']],
  ['a medium there in clear', { offsite: { ...away, isEncrypted: false } }, ['encryption']],
  [
    'a site here that one person stated',
    { primary: { ...here, isConfirmed: false } },
    ['encryption'],
  ],
  [
    'a site there that one person stated',
    { offsite: { ...away, isConfirmed: false } },
    ['encryption', 'offsite'],
  ],
  ['nothing there', { offsite: null }, ['offsite']],
  ['a site there that is not off site', { offsite: { ...away, isOffsite: false } }, ['offsite']],
  ['both in one building', { offsite: { ...away, building: 'PLANT1 / Wuhan' } }, ['offsite']],
  ['a building unknown', { primary: { ...here, building: null } }, ['offsite']],
])('[A-2.4.1][A-2.4.2][A-2.4.3] %s is below the floor', (_, changes, faults) => {
  const found = floorFaults({ ...policy, ...changes }, floor, NOW)
  expect(found.map((fault) => fault.floor)).toEqual(faults)
  for (const { detail } of found) expect(detail['zh-CN']).toMatch(/^[^a-z]*\p{Script=Han}.*。$/u)
})

test('[A-2.4.3] one backup a year, kept a day, in clear in the own rack has every fault', () => {
  const rack = { ...here, building: 'Plant 1, Wuhan', isEncrypted: false }
  const worst = {
    schedule: '0 1 1 1 *',
    rpoMs: 366 * DAY,
    keepDays: 1,
    primary: rack,
    offsite: { ...rack, code: 'O', isOffsite: true },
  }
  expect(floorsOf(worst)).toEqual([
    'schedule',
    'rpo',
    'keepDays',
    'encryption',
    'encryption',
    'offsite',
  ])
})

test.each([
  ['0 1 * * *', DAY, true],
  ['0 1 * * *', DAY - 1, false],
  ['0 1,13 * * *', DAY / 2, true],
  ['0 1,12 * * *', DAY / 2, false],
  ['*/15 * * * *', 900_000, true],
  ['*/15 * * * *', 899_999, false],
  ['*/15 8-18 * * *', 900_000, false],
  ['0 1 * * MON-FRI', DAY, false],
  ['0 1 * * MON-FRI', 3 * DAY, true],
  ['0 1 1-7 * *', 7 * DAY, false],
  ['0 1 1,8,15,22 * *', 7 * DAY, false],
  ['0 1 1,8,15,22,29 * *', 8 * DAY, true],
  ['0 1 * 1-11 *', 7 * DAY, false],
  ['* * * * *', 60_000, true],
])('[A-2.4.1] %s comes within %s ms: %s', (schedule, interval, comes) => {
  expect(comesWithin(schedule, interval, NOW)).toBe(comes)
})

test.each([
  ['Plant 1, Wuhan', 'plant1 wuhan', true],
  ['一号楼', '一号楼 ', true],
  ['Plant 1', 'Plant 2', false],
  [null, 'Plant 2', true],
  ['Plant 1', null, true],
])('[A-2.4.3] %s and %s are one building: %s', (one, other, same) => {
  expect(isSameBuilding(one, other)).toBe(same)
})

const grounds: Grounds = {
  agentId: 'a',
  source: { executor: 'filesystem', path: '/data', exclude: [] },
  keyId: 'K',
  requiredBeforeChange: true,
  active: true,
}

test.each<[Partial<Grounds>, boolean]>([
  [{ agentId: 'b' }, true],
  [{ keyId: 'L' }, true],
  [{ source: { executor: 'filesystem', path: '/tmp', exclude: [] } }, true],
  [{ requiredBeforeChange: false }, true],
  [{ active: false }, true],
  [{ agentId: 'a', keyId: 'K', active: true }, false],
  [{}, false],
])('[A-2.4.4] %j takes two persons: %s', (changes, two) => {
  expect(takesTwo(grounds, changes)).toBe(two)
})

test('[A-2.4.4] to ask for more takes one, but it is known', () => {
  const lax = { ...grounds, requiredBeforeChange: false, active: false }
  const more = { requiredBeforeChange: true, active: true }
  expect(takesTwo(lax, more)).toBe(false)
  expect(groundsOf(lax, more)).toEqual(['requiredBeforeChange', 'active'])
})
