import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { AccountRevoked } from '@erp-steward/contracts/sign-in-events'
import { AccessRefused } from '@erp-steward/contracts/platform-events'
import { eventually } from '@erp-steward/test-kit/eventually'
import { testToken } from '@erp-steward/test-kit/tokens'
import { INTERNAL_TOKEN, stage, type Prepare, type Stage } from './stage.ts'

const KEY = `erps_abcdefghij_${'k'.repeat(44)}`
const OTHER = `erps_klmnopqrst_${'k'.repeat(44)}`
const MACHINE = '0195f2a0-0000-7000-8000-00000000000a'

/** What identity holds: keys, and how it has answered. */
const identity = {
  epoch: 0,
  expiresIn: 300,
  networks: ['127.0.0.0/8'],
  good: new Set<string>(),
  asked: [] as { key: string; address: string }[],
  hold: Promise.resolve(undefined),
  status: 200,
}

const prepare: Prepare = {
  identity: (app) => {
    app.post('/internal/api-keys/exchange', async (request, reply) => {
      if (request.headers.authorization !== `Bearer ${INTERNAL_TOKEN}`)
        return reply.code(401).send({ code: 'unauthenticated' })
      const { key, address } = request.body as { key: string; address: string }
      identity.asked.push({ key, address })
      await identity.hold
      if (identity.status !== 200) return reply.code(identity.status).send({})
      if (!identity.good.has(key)) return reply.code(401).send({ code: 'unauthenticated' })
      const { epoch, expiresIn, networks } = identity
      const iat = Math.floor(Date.now() / 1_000)
      const claims = { sub: MACHINE, kind: 'client', sid: null, epoch, iat, exp: iat + expiresIn }
      const accessToken = testToken({ roles: ['SCRIPT'], ...claims } as never)
      return { accessToken, expiresIn, clientId: MACHINE, epoch, networks }
    })
  },
  'incident-tiering': (app) => {
    for (const method of ['GET', 'POST'] as const)
      app.route({
        method,
        url: '/v1/tickets',
        handler: (request) => ({ shown: request.headers.authorization ?? null }),
      })
  },
}

let it: Stage
beforeEach(async () => {
  Object.assign(identity, {
    ...{ epoch: 0, expiresIn: 300, networks: ['127.0.0.0/8'], good: new Set([KEY]) },
    ...{ asked: [], hold: Promise.resolve(undefined), status: 200 },
  })
  it = await stage(prepare, {
    TRUSTED_PROXIES: '127.0.0.1/32',
    RATE_LIMIT_ADDRESS: '20',
    REVOCATION_MAX_AGE_SECONDS: '60',
  })
})
afterEach(() => it.end())

const tickets = (key = KEY, headers: Record<string, string> = {}) =>
  it.call('/v1/tickets', { headers: { authorization: `Bearer ${key}`, ...headers } })
const revoke = (accountId: string, epoch: number) => {
  const data = { accountId, epoch, reason: 'API key ended', revokedAt: it.now.toISOString() }
  return it.bus.publish([
    {
      topic: AccountRevoked.topic,
      envelope: {
        specversion: '1.0',
        id: randomUUID(),
        source: '/identity',
        type: AccountRevoked.type,
        subject: accountId,
        time: it.now.toISOString(),
        datacontenttype: 'application/json',
        actor: 'anonymous',
        actingrole: 'NONE',
        clauseids: '',
        requestid: randomUUID(),
        traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
        data,
      },
    },
  ])
}

test('[A-4.2.4] a key is exchanged once, and the service never sees it', async () => {
  for (let each = 0; each < 5; each += 1) {
    const { status, text } = await tickets()
    expect(status).toBe(200)
    expect(text).toContain('"Bearer ey')
    expect(text).not.toContain('erps_')
  }
  const posted = await it.call('/v1/tickets', {
    method: 'POST',
    headers: { authorization: `bearer ${KEY}`, 'content-type': 'application/json' },
    body: '{}',
  })
  expect(posted.text).toContain('"Bearer ey')
  expect(identity.asked).toEqual([{ key: KEY, address: '127.0.0.1' }])
  expect(it.log.join()).not.toContain(KEY)
})

test('keys have the quota of their machine together', async () => {
  identity.good.add(OTHER)
  const [first, second] = [await tickets(), await tickets(OTHER)]
  expect(first.headers.ratelimit).toContain('"caller";r=2999')
  expect(second.headers.ratelimit).toContain('"caller";r=2998')
})

test('[A-4.2.4] a key is good from its networks only, as the gateway sees the caller', async () => {
  identity.networks = ['10.9.0.0/16', 'fd00:9::/32']
  const from = async (address: string) =>
    (await tickets(KEY, { 'x-forwarded-for': address, 'x-forwarded-proto': 'https' })).status
  expect(await from('10.9.1.1')).toBe(200)
  for (const address of ['10.8.0.1', 'fd00:8::1', '192.168.1.1'])
    expect([address, await from(address)]).toEqual([address, 403])
  expect([await from('fd00:9::7'), await from('::ffff:10.9.1.2')]).toEqual([200, 200])
  // Hops that somebody else wrote in front of the proxy's own are not believed.
  expect(await from('10.9.1.1, 10.8.0.1')).toBe(403)
  expect(identity.asked).toHaveLength(1)
})

test('[A-4.2.4] a key from a wrong network is told as evidence', async () => {
  const told: unknown[] = []
  await it.bus.subscribe({
    group: 'test',
    topics: [AccessRefused.topic],
    handle: (event) => {
      told.push(event)
      return Promise.resolve()
    },
  })
  identity.networks = ['10.9.0.0/16']
  expect((await tickets()).json).toMatchObject({ code: 'network-refused' })
  await eventually(() => {
    expect(told).toMatchObject([{ data: { code: 'network-refused', sourceIp: '127.0.0.1' } }])
  })
})

test('[A-2.1.4] a key that was ended is refused when the gateway has heard of it, the others go on', async () => {
  identity.good.add(OTHER)
  expect([(await tickets()).status, (await tickets(OTHER)).status]).toEqual([200, 200])
  identity.good.delete(KEY)
  identity.epoch = 1
  await revoke(MACHINE, 1)
  await eventually(async () => {
    expect((await tickets()).json).toMatchObject({ code: 'unauthenticated' })
  })
  expect((await tickets(OTHER)).status).toBe(200)
})

test('a token that stands for a key is renewed before it ends', async () => {
  identity.expiresIn = 60
  await tickets()
  it.now = new Date(it.now.getTime() + 54_000)
  await tickets()
  expect(identity.asked).toHaveLength(1)
  it.now = new Date(it.now.getTime() + 1_500)
  expect((await tickets()).status).toBe(200)
  expect(identity.asked).toHaveLength(2)
})

test('who sends the same key at once waits for one answer', async () => {
  const { promise, resolve } = Promise.withResolvers<undefined>()
  identity.hold = promise
  const waiting = Array.from({ length: 20 }, () => tickets())
  await eventually(() => {
    expect(identity.asked).toHaveLength(1)
  })
  resolve(undefined)
  expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual(Array(20).fill(200))
  expect(identity.asked).toHaveLength(1)
})

test('a refused key is asked about once in a while, and costs its address quota', async () => {
  identity.good.clear()
  for (let each = 0; each < 20; each += 1) expect((await tickets()).status).toBe(401)
  expect((await tickets()).json).toMatchObject({ code: 'quota-exceeded' })
  expect(identity.asked).toHaveLength(1)
  identity.good.add(OTHER)
  expect((await tickets(OTHER)).status).toBe(200)
  it.now = new Date(it.now.getTime() + 6_000)
  identity.good.add(KEY)
  expect((await tickets()).status).toBe(200)
})

test.each([
  'erps_',
  'erps_abcdefghij_short',
  `${KEY}A`,
  KEY.toUpperCase(),
  KEY.replace('_', '-'),
  `${KEY} x`,
])('what looks like a key and is none is refused without a question: %s', async (key) => {
  expect((await tickets(key)).status).toBe(401)
  expect(identity.asked).toEqual([])
})

test('while identity is away known keys go on and others are told to come back', async () => {
  expect((await tickets()).status).toBe(200)
  identity.status = 500
  expect((await tickets()).status).toBe(200)
  const other = await tickets(OTHER)
  expect(other.json).toMatchObject({ status: 503, code: 'unavailable' })
  expect(other.headers['retry-after']).toBe('2')
  identity.status = 200
  identity.good.add(OTHER)
  expect((await tickets(OTHER)).status).toBe(200)
})

test('a key opens operations that need no token no further', async () => {
  const answer = await it.call('/v1/sessions', {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    body: '{}',
  })
  expect(answer.status).toBe(404)
  expect(identity.asked).toEqual([])
})

test('[A-2.1.4] while revocations are unknown for too long a known key lets nobody in either', async () => {
  expect((await tickets()).status).toBe(200)
  await it.upstreams.identity.close()
  it.now = new Date(it.now.getTime() + 61_000)
  expect((await tickets()).json).toMatchObject({ status: 503, code: 'unavailable' })
})
