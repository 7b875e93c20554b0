import { describe, expect, test } from '@jest/globals'
import type { Activity } from '../../src/detection/rules/activity.ts'
import { followedOverWeeks } from '../../src/detection/rules/followed.ts'
import { breaksHabit, siteOf } from '../../src/detection/rules/habit.ts'
import {
  isImpossibleTravel,
  kilometresBetween,
} from '../../src/detection/rules/impossible-travel.ts'
import { parallelUse } from '../../src/detection/rules/parallel-use.ts'
import { combinedScore, type SharingRule } from '../../src/detection/rules/signal.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const NOON = Date.parse('2026-03-09T04:00:00Z')

/** A session that was used for a moment, so long after noon in China. */
const use = (ms: number, members: Partial<Activity> = {}): Activity => ({
  ...{ sessionId: 's', accountId: 'a', address: '10.0.0.1', agent: 'Firefox', eventId: null },
  ...{ startedAt: new Date(NOON + ms), refreshedAt: new Date(NOON + ms) },
  ...members,
})

describe('[A-2.1.6] two addresses or devices within five minutes', () => {
  const elsewhere = { address: '10.9.0.1', agent: 'Chrome' }
  const window = 5 * MINUTE

  test.each([
    ['five minutes exactly', -5 * MINUTE, elsewhere, 'both'],
    ['a millisecond more', -5 * MINUTE - 1, elsewhere, null],
    ['the same moment', 0, elsewhere, 'both'],
    ['another address alone', -1, { address: '10.9.0.1' }, 'address'],
    ['another program alone', -1, { agent: 'Chrome' }, 'program'],
    ['the same device', -1, {}, null],
  ] as const)('%s', (_what, ms, members, differs) => {
    expect(parallelUse(use(0), [use(ms, members)], window)?.differs ?? null).toBe(differs)
  })

  test('a session counts for as long as it was used, and what came later does not', () => {
    const long = { startedAt: new Date(NOON - HOUR), refreshedAt: new Date(NOON - MINUTE) }
    expect(parallelUse(use(0), [use(0, { ...elsewhere, ...long })], window)?.differs).toBe('both')
    expect(parallelUse(use(0), [use(1, elsewhere)], window)).toBeNull()
  })

  test('of several the one that differs most is told', () => {
    const others = [use(-1, { agent: 'Chrome' }), use(-2, elsewhere)]
    expect(parallelUse(use(0), others, window)?.differs).toBe('both')
  })
})

describe('[A-2.1.6] places too far apart for the time between', () => {
  const beijing = { latitude: 39.9, longitude: 116.4 }
  const guangzhou = { latitude: 23.13, longitude: 113.26 }
  const kilometres = kilometresBetween(beijing, guangzhou)

  test('the distance is that of the great circle', () => {
    expect(kilometres).toBeGreaterThan(1_880)
    expect(kilometres).toBeLessThan(1_900)
    expect(kilometresBetween(beijing, beijing)).toBe(0)
    expect(
      kilometresBetween({ latitude: 0, longitude: 0 }, { latitude: 0, longitude: 180 }),
    ).toBeCloseTo(Math.PI * 6_371, 3)
  })

  test('who goes at the fastest speed exactly may; a millisecond less is impossible', () => {
    const exactly = (kilometres / 900) * HOUR
    expect(isImpossibleTravel(beijing, guangzhou, Math.ceil(exactly), 900)).toBe(false)
    expect(isImpossibleTravel(beijing, guangzhou, Math.floor(exactly), 900)).toBe(true)
    expect(isImpossibleTravel(beijing, guangzhou, 0, 900)).toBe(true)
  })

  test('nearer than fifty kilometres is no journey', () => {
    expect(isImpossibleTravel(beijing, { ...beijing, latitude: 40.3 }, 0, 900)).toBe(false)
    expect(isImpossibleTravel(beijing, { ...beijing, latitude: 40.4 }, 0, 900)).toBe(true)
  })
})

describe('[A-2.1.6] accounts that follow each other over weeks', () => {
  const following = (...days: number[]) =>
    days.map((day) => ({ otherAccountId: 'b', at: new Date(NOON + day * DAY) }))
  const limits = { days: 5, weeks: 3 }

  test.each([
    ['five days in three weeks', [0, 1, 7, 8, 14], ['b']],
    ['four days in three weeks', [0, 1, 7, 14], []],
    ['five days in two weeks', [0, 1, 7, 8, 9], []],
    ['many times a day are one day', [0, 0.01, 0.02, 7, 14], []],
  ] as const)('%s', (_what, days, found) => {
    expect(followedOverWeeks(following(...days), limits)).toEqual(found)
  })

  test('weeks begin on Monday and days at midnight, in China', () => {
    const at = (instant: string) => ({ otherAccountId: 'b', at: new Date(instant) })
    const sunday = at('2026-03-08T15:59:59Z')
    const monday = at('2026-03-08T16:00:00Z')
    expect(followedOverWeeks([sunday, monday], { days: 2, weeks: 2 })).toEqual(['b'])
    const evening = at('2026-03-09T15:59:59Z')
    expect(followedOverWeeks([monday, evening], { days: 2, weeks: 1 })).toEqual([])
  })
})

describe('[A-2.1.6] a sudden change of habits', () => {
  const known = Array.from({ length: 20 }, (_, n) => use(-n * DAY))
  const night = { startedAt: new Date(NOON + 10 * HOUR) }
  const other = { address: '172.16.5.5', agent: 'curl' }

  test.each([
    ['all three are new', { ...night, ...other }, true],
    ['the hour is a usual one', other, false],
    ['the hour is one from a usual one', { ...other, startedAt: new Date(NOON + HOUR) }, false],
    ['the hour is two from a usual one', { ...other, startedAt: new Date(NOON + 2 * HOUR) }, true],
    ['the program is known', { ...night, address: '172.16.5.5' }, false],
    ['the site is known', { ...night, agent: 'curl', address: '10.0.0.99' }, false],
  ] as const)('%s', (_what, members, broken) => {
    expect(breaksHabit(use(0, members), known, 20)).toBe(broken)
  })

  test('nobody has a habit before twenty sign-ins', () => {
    expect(breaksHabit(use(0, { ...night, ...other }), known.slice(1), 20)).toBe(false)
  })

  test.each([
    ['10.1.2.3', '10.1.2'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
  ])('the site of %s is %s', (address, site) => {
    expect(siteOf(address)).toBe(site)
  })
})

test.each<[string, readonly (readonly [SharingRule, number])[], number]>([
  ['nothing', [], 0],
  ['one sign is its own score', [['habit', 60]], 60],
  [
    'two rules take part of the doubt each',
    [
      ['habit', 60],
      ['parallel-use', 35],
    ],
    74,
  ],
  [
    'of one rule the strongest counts',
    [
      ['habit', 60],
      ['habit', 60],
      ['habit', 20],
    ],
    60,
  ],
  [
    '84 is not rounded up',
    [
      ['many-accounts', 60],
      ['followed', 60],
    ],
    84,
  ],
  [
    'what is certain is certain',
    [
      ['left', 100],
      ['habit', 60],
    ],
    100,
  ],
  [
    'what is nearly certain is not',
    [
      ['left', 99],
      ['habit', 99],
    ],
    99,
  ],
])('%s', (_what, signs, score) => {
  expect(combinedScore(signs.map(([rule, each]) => ({ rule, score: each })))).toBe(score)
})
