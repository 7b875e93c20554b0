import { expect, test } from '@jest/globals'
import { durationMs, durationParts } from '../src/duration.ts'

test.each([
  ['PT0S', 0],
  ['PT3S', 3_000],
  ['PT60S', 60_000],
  ['PT15M', 900_000],
  ['PT72H', 259_200_000],
  ['P1D', 86_400_000],
  ['P1W', 604_800_000],
  ['P1DT1H1M1S', 90_061_000],
])('%s lasts %d ms', (text, ms) => {
  expect(durationMs(text)).toBe(ms)
})

test.each(['P', 'PT', 'P1', '15M', 'PT1.5S', '-PT1S', 'PT1S ', 'P1DT', 'pt1s', 'P1S', ''])(
  '"%s" is no duration',
  (text) => {
    expect(durationParts(text)).toBeUndefined()
    expect(() => durationMs(text)).toThrow('not an ISO 8601 duration')
  },
)

test.each(['P1M', 'P1Y', 'P1Y2M3D'])('%s has no exact length', (text) => {
  expect(() => durationMs(text)).toThrow('depend on the date')
})

test('months before the T and minutes after it are told apart', () => {
  expect(durationParts('P2MT3M')).toMatchObject({ months: 2, minutes: 3 })
})
