import { expect, test } from '@jest/globals'
import { isInEffect } from '../src/in-effect.ts'
import { liesBelow, ordered } from '../src/in-order.ts'
import { shippedValue } from '../src/resolve.ts'

test('what identity reads at every sign-in is in effect, a scan that nobody makes is not', () => {
  expect(isInEffect('identity.lockout.failures')).toBe(true)
  expect(isInEffect('monitoring.vuln.scan')).toBe(false)
})

test('the shipped values stand in order', () => {
  const wrong = ordered.filter(([low, high]) => !liesBelow(shippedValue(low), shippedValue(high)))
  expect(wrong).toEqual([])
})

test.each([
  [80, 90, true],
  [90, 90, false],
  ['PT15M', 'PT8H', true],
  ['P1D', 'PT23H', false],
  ['09:30', '10:30', true],
  ['10:30', '10:30', false],
])('%j lies below %j: %j', (low, high, expected) => {
  expect(liesBelow(low, high)).toBe(expected)
})
