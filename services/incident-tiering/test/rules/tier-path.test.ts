import { describe, expect, test } from '@jest/globals'
import {
  handoverClockOf,
  mayEscalate,
  nextTier,
  tiersCalledAtOnce,
  tierToTake,
} from '../../src/tickets/rules/tier-path.ts'

test.each([
  ['L1', 'L2'],
  ['L2', 'L3'],
  ['L3', null],
] as const)('[B-4.0] after %s comes %s', (tier, next) => {
  expect(nextTier(tier)).toBe(next)
})

test.each([
  ['P1', ['L1', 'L2', 'L3']],
  ['P2', ['L1', 'L2']],
  ['P3', ['L1']],
  ['P4', ['L1']],
] as const)('a %s calls %j at once', (priority, tiers) => {
  expect(tiersCalledAtOnce(priority)).toEqual(tiers)
})

test.each([
  ['P1', 'L1', 'incident.tier.p1.handover'],
  ['P1', 'L3', 'incident.tier.p1.handover'],
  ['P2', 'L1', 'incident.tier.l1.handover'],
  ['P3', 'L1', 'incident.tier.l1.handover'],
  ['P4', 'L2', 'incident.tier.l2.handover'],
  ['P3', 'L3', null],
] as const)('a %s on %s waits under the hand-over clock %s', (priority, tier, clock) => {
  expect(handoverClockOf(priority, tier)).toBe(clock)
})

describe('[B-4.1.4] escalation by a person', () => {
  const owned = { state: 'acknowledged', ownerPersonId: 'wang', byPersonId: 'wang' }
  test.each([
    ['the owner may', owned, true],
    ['another person may not', { ...owned, byPersonId: 'li' }, false],
    ['an account without a person may not', { ...owned, byPersonId: null }, false],
    ['nobody may while nobody owns it', { ...owned, ownerPersonId: null, byPersonId: null }, false],
    ['the former owner may not once it is open again', { ...owned, state: 'open' }, false],
  ])('%s', (_who, situation, may) => {
    expect(mayEscalate(situation)).toBe(may)
  })
})

test.each([
  ['the tier that holds it takes it', 'L1', ['L1'], ['L1'], 'L1'],
  ['a higher tier that was called takes it', 'L1', ['L1', 'L2'], ['L2'], 'L2'],
  ['the lowest called tier of a person counts', 'L1', ['L1', 'L2', 'L3'], ['L2', 'L3'], 'L2'],
  ['a tier that was not called does not', 'L1', ['L1'], ['L2'], null],
  ['a tier that has passed it on does not take it back', 'L2', ['L1', 'L2'], ['L1'], null],
  ['nobody who serves no tier', 'L1', ['L1'], [], null],
] as const)('%s', (_what, tier, called, serves, taken) => {
  expect(tierToTake(tier, called, serves)).toBe(taken)
})
