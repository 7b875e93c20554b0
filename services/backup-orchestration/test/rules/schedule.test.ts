import { describe, expect, test } from '@jest/globals'
import {
  dueRuns,
  MOST_COUNTED_RUNS,
  nextRuns,
  scheduleFault,
} from '../../src/targets/rules/schedule.ts'

const MONDAY = new Date('2026-03-09T02:00:00Z')

describe('a schedule', () => {
  test('[A-2.4.1] is read in Shanghai: one in the morning there is five in the afternoon before, UTC', () => {
    expect(nextRuns('0 1 * * *', MONDAY, 3).map((at) => at.toISOString())).toEqual([
      '2026-03-09T17:00:00.000Z',
      '2026-03-10T17:00:00.000Z',
      '2026-03-11T17:00:00.000Z',
    ])
  })

  test('counts days of the week there too: Sunday begins on Saturday, UTC', () => {
    expect(nextRuns('0 1 * * 0', MONDAY, 1)[0]?.toISOString()).toBe('2026-03-14T17:00:00.000Z')
  })

  test('knows no summer time: each night is a day after the one before', () => {
    const nights = nextRuns('30 2 * * *', new Date('2026-01-01T00:00:00Z'), 366)
    const gaps = nights.slice(1).map((at, n) => at.getTime() - (nights[n]?.getTime() ?? 0))
    expect(new Set(gaps)).toEqual(new Set([86_400_000]))
  })

  test('the 29th of February comes in a leap year', () => {
    expect(nextRuns('0 0 29 2 *', MONDAY, 1)[0]?.toISOString()).toBe('2028-02-28T16:00:00.000Z')
  })

  test.each([
    ['@daily', 'five fields'],
    ['0 1 * * * *', 'five fields'],
    ['0  1 * * *', 'five fields'],
    ['61 * * * *', 'minute'],
    ['a b c d e', 'illegal'],
    ['0 0 30 2 *', 'never'],
    ['0 1 * * \u0000', 'five fields'],
    ['', 'five fields'],
  ])('%j is refused', (schedule, reason) => {
    expect(scheduleFault(schedule, MONDAY)?.en).toContain(reason)
  })

  test.each(['0 1 * * *', '*/15 * * * *', '0 1 1-7 * SUN', '0,30 8-18 * * MON-FRI'])(
    '%j is taken',
    (schedule) => {
      expect(scheduleFault(schedule, MONDAY)).toBeNull()
    },
  )
})

describe('what fell due', () => {
  test('the instant itself is due at the instant', () => {
    const due = new Date('2026-03-09T17:00:00Z')
    expect(dueRuns('0 1 * * *', due, due)).toEqual({
      count: 1,
      latest: due,
      next: new Date('2026-03-10T17:00:00Z'),
    })
  })

  test('[A-2.4.1] sixteen days of hourly runs are counted, and the next one lies ahead', () => {
    const due = new Date('2026-03-09T03:00:00Z')
    const now = new Date('2026-03-25T02:30:00Z')
    expect(dueRuns('0 * * * *', due, now)).toEqual({
      count: 384,
      latest: new Date('2026-03-25T02:00:00Z'),
      next: new Date('2026-03-25T03:00:00Z'),
    })
  })

  test('after years of a run each minute counting ends, and nothing of the past is left', () => {
    const now = new Date('2028-03-09T02:00:30Z')
    const { count, next } = dueRuns('* * * * *', MONDAY, now)
    expect(count).toBe(MOST_COUNTED_RUNS)
    expect(next).toEqual(new Date('2028-03-09T02:01:00Z'))
  })
})
