import { expect, test } from '@jest/globals'
import { REVOCATION_KEPT_SECONDS } from '@erp-steward/contracts/access-token'
import { services } from '@erp-steward/contracts/services'
import { readNetworks } from '@erp-steward/service-kit/network-set'
import { createLimiter } from '../src/limits/limiter.ts'
import { addressKey } from '../src/limits/rules/address-key.ts'
import { takeOne } from '../src/limits/rules/rate.ts'
import { Revocations } from '../src/revocations/revocations.ts'
import { bodyLimitOf } from '../src/routing/rules/body-limit.ts'
import { createRoutingTable } from '../src/routing/rules/routing-table.ts'

test('the longest prefix wins, and a prefix ends where a segment ends', () => {
  const table = createRoutingTable([
    { name: 'identity', prefixes: ['/v1/accounts', '/v1/metrics/own'] },
    { name: 'monitoring-ingest', prefixes: ['/v1/metrics'] },
  ])
  expect(table('/v1/accounts')).toBe('identity')
  expect(table('/v1/accounts/7/sessions')).toBe('identity')
  expect(table('/v1/account')).toBeUndefined()
  expect(table('/v1/accounts-x')).toBeUndefined()
  expect(table('/v1/metrics/write')).toBe('monitoring-ingest')
  expect(table('/v1/metrics/own/x')).toBe('identity')
  expect(table('/')).toBeUndefined()
})

test('two services that claim one prefix are refused by name', () => {
  expect(() =>
    createRoutingTable([
      { name: 'identity', prefixes: ['/v1/units'] },
      { name: 'monitoring-ingest', prefixes: ['/v1/units'] },
    ]),
  ).toThrow('The prefix /v1/units is claimed by identity and by monitoring-ingest.')
  expect(() => createRoutingTable(Object.values(services))).not.toThrow()
})

test('no internal path is routed', () => {
  const table = createRoutingTable(Object.values(services))
  for (const path of ['/internal/revocations', '/metrics', '/health/ready', '/openapi.json'])
    expect(table(path)).toBeUndefined()
})

test.each([
  ['/v1/metrics/write', 16],
  ['/v1/imports', 16],
  ['/v1/imports/7/rows', 16],
  ['/v1/importsx', 1],
  ['/v1/metrics', 1],
])('a body for %s may have %i MiB', (path, mib) => {
  expect(bodyLimitOf(path)).toBe(mib * 1_048_576)
})

test.each([
  ['10.0.0.0', true],
  ['10.255.255.255', true],
  ['9.255.255.255', false],
  ['11.0.0.0', false],
  ['192.168.1.7', true],
  ['192.168.1.8', false],
  ['::ffff:10.1.2.3', true],
  ['::FFFF:11.1.2.3', false],
  ['fd00::1', true],
  ['fe00::1', false],
  ['fd00::1%eth0', true],
  ['2001:db8::1', false],
  ['', false],
  ['localhost', false],
  ['10.0.0.1, 10.0.0.2', false],
])('[A-4.2.4] %s lies in the listed networks: %s', (address, inside) => {
  expect(readNetworks('10.0.0.0/8, 192.168.1.7, fd00::/8')(address)).toBe(inside)
})

test.each([
  '10.0.0.0/33',
  'fd00::/129',
  '10.0.0.0/',
  '10.0.0.0/8/8',
  'x',
  '10.0.0/8',
  '10.0.0.0/-1',
])('%s is no network', (entry) => {
  expect(() => readNetworks(`127.0.0.1,${entry}`)).toThrow(RangeError)
})

test('an empty list holds nobody', () => {
  expect(readNetworks('')('127.0.0.1')).toBe(false)
})

const policy = { name: 'caller', quota: 3, windowSeconds: 60 }

test('a quota of three a minute gives three at once and then one every twenty seconds', () => {
  let freeAt: number | undefined
  const at = (now: number) => {
    const verdict = takeOne(policy, freeAt, now)
    freeAt = verdict.freeAt
    return [verdict.allowed, verdict.remaining, verdict.resetSeconds, verdict.retryAfterSeconds]
  }
  expect(at(0)).toEqual([true, 2, 20, 0])
  expect(at(0)).toEqual([true, 1, 40, 0])
  expect(at(0)).toEqual([true, 0, 60, 0])
  expect(at(0)).toEqual([false, 0, 60, 20])
  expect(at(19_999)).toEqual([false, 0, 41, 1])
  expect(at(20_000)).toEqual([true, 0, 60, 0])
  expect(at(80_000)).toEqual([true, 2, 20, 0])
})

test('a quota that does not divide the window loses no request to rounding', () => {
  const odd = { name: 'odd', quota: 7, windowSeconds: 1 }
  let freeAt: number | undefined
  const allowed = Array.from({ length: 8 }, () => {
    const verdict = takeOne(odd, freeAt, 1_790_000_000_123)
    freeAt = verdict.freeAt
    return verdict.allowed
  })
  expect(allowed).toEqual([true, true, true, true, true, true, true, false])
})

test('a clock that is set back forgives instead of locking callers out', () => {
  expect(takeOne(policy, 1_000_000, 1_000).allowed).toBe(true)
})

test('a limiter remembers so many callers and no more; the one unseen for longest goes first', () => {
  const limiter = createLimiter(policy, 3)
  for (const caller of ['a', 'b', 'c', 'a', 'a', 'd']) limiter.take(caller, 0)
  expect(limiter.size).toBe(3)
  expect(limiter.take('a', 0).allowed).toBe(false)
  for (let i = 0; i < 100_000; i += 1) limiter.take(String(i), 0)
  expect(limiter.size).toBe(3)
})

test.each([
  ['10.1.2.3', '10.1.2.3'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:DB8:0001:2::6', '2001:db8:1:2'],
  ['2001:db8::1', '2001:db8:0:0'],
  ['::1', '0:0:0:0'],
  ['fe80::', 'fe80:0:0:0'],
])('%s is counted as %s', (address, key) => {
  expect(addressKey(address)).toBe(key)
})

const holder = { actor: 'account-1', sessionId: 'session-1', epoch: 3 }

test('[A-2.1.4] a token of the revoked epoch itself is valid, one before it is not', () => {
  const revocations = new Revocations(60)
  revocations.confirm(0)
  revocations.revoke('account-1', 3, 0)
  expect(revocations.objectionTo(holder, 0)).toBeNull()
  revocations.revoke('account-1', 4, 0)
  expect(revocations.objectionTo(holder, 0)?.message).toContain('revoked')
})

test('a revocation is remembered for longer than any token lives, and then forgotten', () => {
  const revocations = new Revocations(3_600)
  revocations.confirm(0)
  revocations.revoke('account-1', 4, 0)
  revocations.endSession('session-2', 'idle', 0)
  revocations.prune(REVOCATION_KEPT_SECONDS * 1_000)
  expect(revocations.size).toBe(2)
  expect(revocations.objectionTo(holder, 0)?.message).toContain('revoked')
  revocations.prune(REVOCATION_KEPT_SECONDS * 1_000 + 1)
  expect(revocations.size).toBe(0)
})

test('a client has no session to end', () => {
  const revocations = new Revocations(60)
  revocations.confirm(0)
  revocations.endSession('session-1', undefined, 0)
  expect(revocations.objectionTo({ ...holder, sessionId: null }, 0)).toBeNull()
  expect(revocations.objectionTo(holder, 0)?.message).toContain('ended')
})
