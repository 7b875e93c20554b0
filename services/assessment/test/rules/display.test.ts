import { expect, test } from '@jest/globals'
import { points, ratePercent } from '../../src/scores/rules/display.ts'

test.each([
  ['a half goes to the even neighbour below', 1, 800, 0.12],
  ['a half goes to the even neighbour above', 3, 800, 0.38],
  ['more than a half goes up', 2, 300, 0.67],
  ['more errors than entries', 3, 2, 150],
  ['nothing entered', 3, 0, null],
  ['no denominator', 3, null, null],
])('%s', (_what, errors, entries, percent) => {
  expect(ratePercent(errors, entries)).toBe(percent)
})

test('thousandths are shown as they are', () => {
  expect([0, 98_667, 110_000].map(points)).toEqual([0, 98.667, 110])
})
