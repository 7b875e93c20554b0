import { expect, test } from '@jest/globals'
import { longestRefusal } from '../../src/credentials/rules/lockout.ts'
import { placeOf } from '../../src/credentials/place.ts'

test.each([
  ['10.0.0.7', '10.0.0.7'],
  ['::ffff:10.0.0.7', '10.0.0.7'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['2001:DB8:0:0:ffff:ffff:ffff:ffff', '2001:db8:0:0::/64'],
  ['2001:db8:0:1::', '2001:db8:0:1::/64'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['64:ff9b::192.0.2.33', '64:ff9b:0:0::/64'],
  ['', ''],
  ['a socket', 'a socket'],
])('the place of %j is %j', (address, place) => {
  expect(placeOf(address)).toBe(place)
})

const clean = { attempts: [], locks: [], lockedUntil: null, held: false }
const admitted = { admitted: true, state: clean } as const
const until = (minute: number) =>
  ({ admitted: false, until: new Date(Date.UTC(2026, 2, 2, 9, minute)) }) as const
const forGood = { admitted: false, until: null } as const

test.each([
  [[admitted, admitted], null],
  [[admitted, until(1)], until(1)],
  [[until(2), until(1)], until(2)],
  [[until(2), forGood], forGood],
])('of several guards the refusal that lasts longest counts', (attempts, refusal) => {
  expect(longestRefusal(attempts)).toEqual(refusal)
})
