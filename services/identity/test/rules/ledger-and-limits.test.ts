import { createHash } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { canonicalJson, GENESIS, ledgerHash } from '../../src/audit/ledger-hash.ts'
import { accessSeconds, lapseOf } from '../../src/sessions/rules/session-limits.ts'

test('one value has one canonical text, whatever the order of its members', () => {
  expect(canonicalJson({ b: [{ d: 1, c: null }], a: '\u0000é' })).toBe(
    canonicalJson({ a: '\u0000é', b: [{ c: null, d: 1 }] }),
  )
  expect(canonicalJson({ b: 1, a: 2 })).toBe('{"a":2,"b":1}')
})

test('[A-4.3.4] an outsider can compute the hash from what an export shows', () => {
  const recordedAt = new Date('2026-11-23T12:00:00.007Z')
  const expected = createHash('sha256')
    .update(Buffer.concat([GENESIS, Buffer.from('1\n2026-11-23T12:00:00.007Z\n{"a":1}\n')]))
    .digest()
  expect(ledgerHash(GENESIS, { seq: 1n, recordedAt, envelope: '{"a":1}' })).toEqual(expected)
})

test.each([
  [900, 300],
  [600, 300],
  [599, 299],
  [60, 30],
  [1, 1],
])('with an idle limit of %i s an access token lives %i s', (idle, life) => {
  expect(accessSeconds(idle)).toBe(life)
})

test('[A-2.2.6][A-2.2.7] a session lapses at its limit, not a millisecond before', () => {
  const limits = { idleAt: new Date(1_000), endsAt: new Date(2_000) }
  expect([999, 1_000, 1_999, 2_000].map((ms) => lapseOf(limits, new Date(ms)))).toEqual([
    null,
    'idle',
    'idle',
    'absolute',
  ])
})
