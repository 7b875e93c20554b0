import { expect, test } from '@jest/globals'
import { nextReviewAt } from '../../src/reviews/rules/next-review.ts'

test.each([
  ['a quarter after its day in China', '2026-11-04T04:00:00Z', 'P3M', '2027-02-03T16:00:00Z'],
  ['late in the evening in China', '2026-11-04T15:59:59Z', 'P1M', '2026-12-03T16:00:00Z'],
  ['after midnight in China', '2026-11-04T16:00:00Z', 'P1M', '2026-12-04T16:00:00Z'],
  ['a month that lacks the day ends it', '2026-01-31T01:00:00Z', 'P1M', '2026-02-27T16:00:00Z'],
  ['a leap day', '2024-02-29T01:00:00Z', 'P1Y', '2025-02-27T16:00:00Z'],
  ['days', '2026-11-04T04:00:00Z', 'P10D', '2026-11-13T16:00:00Z'],
  ['hours count from the instant', '2026-11-04T04:00:00Z', 'P1DT1H', '2026-11-05T05:00:00Z'],
])('[A-4.3.3] the next review: %s', (_what, last, period, next) => {
  expect(nextReviewAt(new Date(last), period)).toEqual(new Date(next))
})

test('a text that is no period is a bug', () => {
  expect(() => nextReviewAt(new Date(), 'monthly')).toThrow(RangeError)
})
