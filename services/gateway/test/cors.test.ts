import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { bearer } from '@erp-steward/test-kit/tokens'
import type { FastifyInstance } from 'fastify'
import { stage, type Stage } from './stage.ts'

const PORTAL = 'https://portal.example.test'
const asked: string[] = []

let it: Stage
let closed: Stage
beforeAll(async () => {
  const prepare = {
    'incident-tiering': (app: FastifyInstance) => {
      app.all('/v1/tickets', (request, reply) => {
        asked.push(request.method)
        return reply.headers({ etag: '"7"', 'access-control-allow-origin': '*' }).send({})
      })
    },
  }
  it = await stage(prepare, {
    CORS_ORIGINS: `${PORTAL}, http://localhost:5173`,
    RATE_LIMIT_ADDRESS: '20',
  })
  closed = await stage(prepare)
})
afterAll(async () => {
  await it.end()
  await closed.end()
})

const preflight = (on: Stage, origin: string, path = '/v1/tickets') =>
  on.call(path, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type,idempotency-key',
    },
  })
const read = (on: Stage, origin: string) =>
  on.call('/v1/tickets', { headers: { ...bearer({ roles: ['KEY_USER'] }), origin } })

test.each([PORTAL, 'http://localhost:5173'])(
  'a page of %s may ask, call, and see the headers that it acts on',
  async (origin) => {
    asked.length = 0
    const { status, headers } = await preflight(it, origin)
    expect([status, headers['access-control-allow-origin']]).toEqual([204, origin])
    expect(headers['access-control-allow-methods']).toContain('PATCH')
    for (const name of ['authorization', 'idempotency-key', 'if-match', 'content-type'])
      expect(headers['access-control-allow-headers']).toContain(name)
    expect(headers['access-control-allow-credentials']).toBeUndefined()
    expect(asked).toEqual([])
    const answer = await read(it, origin)
    expect([answer.status, answer.headers['access-control-allow-origin']]).toEqual([200, origin])
    for (const name of ['ETag', 'Location', 'RateLimit', 'Retry-After', 'X-Request-Id'])
      expect(answer.headers['access-control-expose-headers']).toContain(name)
  },
)

test('a page sees why it was refused', async () => {
  const { status, headers } = await it.call('/v1/tickets', { headers: { origin: PORTAL } })
  expect([status, headers['access-control-allow-origin']]).toEqual([401, PORTAL])
})

test.each([
  'https://portal.example.test.evil.test',
  'http://portal.example.test',
  'https://PORTAL.example.test',
  'null',
  '*',
  `${PORTAL}, http://localhost:5173`,
])('a page of %s is told nothing', async (origin) => {
  const asking = await preflight(it, origin)
  expect([asking.status, asking.headers['access-control-allow-origin']]).toEqual([405, undefined])
  const answer = await read(it, origin)
  expect([answer.status, answer.headers['access-control-allow-origin']]).toEqual([200, undefined])
})

test('without the setting no page of another origin is told anything, whatever a service says', async () => {
  const asking = await preflight(closed, PORTAL)
  expect([asking.status, asking.headers['access-control-allow-origin']]).toEqual([405, undefined])
  const { headers } = await read(closed, PORTAL)
  expect([headers['access-control-allow-origin'], headers.vary]).toEqual([undefined, undefined])
})

test('preflights without end are refused like other requests without a token', async () => {
  const statuses: number[] = []
  for (let count = 0; count < 21; count += 1) statuses.push((await preflight(it, PORTAL)).status)
  expect(statuses.at(-1)).toBe(429)
})
