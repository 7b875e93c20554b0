import { expect, test } from '@jest/globals'
import {
  daysOfMonth,
  endOfMonth,
  monthOf,
  nextMonth,
  startOfMonth,
} from '../../src/months/rules/month.ts'

test.each([
  ['2026-02-28T15:59:59.999Z', '2026-02'],
  ['2026-02-28T16:00:00.000Z', '2026-03'],
  ['2025-12-31T16:00:00.000Z', '2026-01'],
])('%s is in %s in China', (instant, month) => {
  expect(monthOf(new Date(instant))).toBe(month)
})

test.each([
  ['2026-02', 28, '2026-03', '2026-01-31T16:00:00.000Z'],
  ['2028-02', 29, '2028-03', '2028-01-31T16:00:00.000Z'],
  ['2026-12', 31, '2027-01', '2026-11-30T16:00:00.000Z'],
])('%s has %i days, then comes %s', (month, days, next, start) => {
  expect(daysOfMonth(month)).toBe(days)
  expect(nextMonth(month)).toBe(next)
  expect(startOfMonth(month).toISOString()).toBe(start)
  expect(endOfMonth(month)).toEqual(startOfMonth(next))
})
