import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, expect, test } from '@jest/globals'
import type { Envelope } from '@erp-steward/contracts/event'
import { AccountRevoked } from '@erp-steward/contracts/sign-in-events'
import { bearer, testToken } from '@erp-steward/test-kit/tokens'
import { stage, type Prepare, type Stage } from './stage.ts'

// A caller whose token is known takes the short path, past the app; the first request of each token does not.

const open: Stage[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((made) => made.end()))
})

const echo: Prepare = {
  'incident-tiering': (app) => {
    app.all('/v1/tickets', ({ headers, body }) => ({
      from: headers['x-forwarded-for'],
      requestId: headers['x-request-id'],
      trace: headers.traceparent,
      body: Buffer.isBuffer(body) ? body.toString() : body,
    }))
    app.get('/v1/tickets/reset', (request) => {
      request.raw.socket.destroy()
    })
  },
  'monitoring-ingest': (app) => {
    app.post('/v1/metrics/write', () => ({}))
  },
}

async function staged(settings: Record<string, string> = {}): Promise<Stage> {
  const made = await stage(echo, settings)
  open.push(made)
  return made
}

const lines = (on: Stage) =>
  on.log
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ msg }) => msg === 'request')

test.each(['GET', 'POST'] as const)(
  'the second %s of a token is answered, logged and counted as the first one was',
  async (method) => {
    const on = await staged()
    const ask = () =>
      on.call('/v1/tickets?limit=1', {
        method,
        headers: { ...headers, 'content-type': 'text/plain' },
        ...(method === 'POST' && { body: '工单' }),
      })
    const headers = bearer({ roles: ['KEY_USER'] })
    const [first, second] = [await ask(), await ask()]
    const told = ({ date: _date, ...rest }: Record<string, unknown>) => Object.keys(rest).sort()
    expect(told(second.headers)).toEqual(told(first.headers))
    expect([first.headers.ratelimit, second.headers.ratelimit]).toEqual([
      '"caller";r=2999;t=1',
      '"caller";r=2998;t=1',
    ])
    expect(second.json).toMatchObject({
      from: '127.0.0.1',
      requestId: second.headers['x-request-id'],
      ...(method === 'POST' && { body: '工单' }),
    })
    const [one, two] = lines(on)
    expect(Object.keys(two ?? {})).toEqual(Object.keys(one ?? {}))
    expect(two).toMatchObject({
      reqId: second.headers['x-request-id'],
      method,
      path: '/v1/tickets',
      status: 200,
      actor: one?.actor,
      traceparent: second.json.trace,
    })
    const metrics = await on.call('/metrics')
    expect(metrics.text).toContain(
      `http_request_duration_seconds_count{service="gateway",method="${method}",route="/*",status="200"} 2`,
    )
  },
)

test('[A-2.1.4] a known token is asked for its revocation on each request', async () => {
  const on = await staged({ REVOCATION_POLL_SECONDS: '60' })
  const account = randomUUID()
  const headers = bearer({ roles: ['KEY_USER'], sub: account })
  for (const _ of [1, 2, 3]) expect((await on.call('/v1/tickets', { headers })).status).toBe(200)
  const envelope: Envelope = {
    specversion: '1.0',
    id: randomUUID(),
    source: '/identity',
    type: AccountRevoked.type,
    subject: account,
    time: new Date().toISOString(),
    datacontenttype: 'application/json',
    actor: 'service:identity',
    actingrole: 'SERVICE',
    clauseids: '',
    requestid: 'request-1',
    traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    data: { accountId: account, epoch: 1, reason: 'LEFT', revokedAt: new Date().toISOString() },
  }
  await on.bus.publish([{ topic: AccountRevoked.topic, envelope }])
  expect((await on.call('/v1/tickets', { headers })).json.code).toBe('token-revoked')
  // A token of the next epoch for the same account is another token.
  const next = bearer({ roles: ['KEY_USER'], sub: account, epoch: 1 })
  for (const _ of [1, 2]) expect((await on.call('/v1/tickets', { headers: next })).status).toBe(200)
})

test('a known token ends with its life, and lets nobody in while revocations are unknown', async () => {
  const on = await staged({ REVOCATION_POLL_SECONDS: '60', REVOCATION_MAX_AGE_SECONDS: '60' })
  const iat = Math.floor(Date.now() / 1_000)
  const headers = bearer({ roles: ['KEY_USER'], iat, exp: iat + 50 })
  const code = async () => {
    const { status, json } = await on.call('/v1/tickets', { headers })
    return json.code ?? status
  }
  expect([await code(), await code()]).toEqual([200, 200])
  on.now = new Date((iat + 50) * 1_000 - 1)
  expect(await code()).toBe(200)
  on.now = new Date((iat + 50) * 1_000)
  expect(await code()).toBe('unauthenticated')
  const long = bearer({ roles: ['KEY_USER'] })
  expect((await on.call('/v1/tickets', { headers: long })).status).toBe(200)
  on.now = new Date(Date.now() + 62_000)
  expect((await on.call('/v1/tickets', { headers: long })).json.code).toBe('unavailable')
})

test('a token that lives too long is refused the second time too', async () => {
  const on = await staged()
  const iat = Math.floor(Date.now() / 1_000)
  const headers = bearer({ roles: ['KEY_USER'], iat, exp: iat + 3_600 })
  for (const _ of [1, 2, 3])
    expect((await on.call('/v1/tickets', { headers })).json.code).toBe('unauthenticated')
})

test('a known caller has the same quota, and a refused request costs nothing', async () => {
  const on = await staged({ RATE_LIMIT_CALLER: '3' })
  const headers = bearer({ roles: ['KEY_USER'] })
  const ask = async () => {
    const { status, headers: told } = await on.call('/v1/tickets', { headers })
    return [status, told.ratelimit]
  }
  expect([await ask(), await ask(), await ask()]).toEqual([
    [200, '"caller";r=2;t=20'],
    [200, '"caller";r=1;t=40'],
    [200, '"caller";r=0;t=60'],
  ])
  const refused = await on.call('/v1/tickets', { headers })
  expect([refused.status, refused.json['violated-policies']]).toEqual([429, ['caller']])
  on.now = new Date(on.now.getTime() + 20_000)
  expect((await ask())[0]).toBe(200)
  expect((await ask())[0]).toBe(429)
})

test('a known token opens no other path and no other form of one', async () => {
  const on = await staged()
  const headers = bearer({ roles: ['KEY_USER'] })
  for (const _ of [1, 2]) await on.call('/v1/tickets', { headers })
  for (const [path, status] of [
    ['/internal/revocations', 404],
    ['/v1/tickets/%252e%252e', 400],
    ['/v1/ticketsx', 404],
    ['/v1/tickets?x=%zz', 200],
    ['/v1/tickets?x=%00', 400],
  ] as const)
    expect([path, (await on.call(path, { headers })).status]).toEqual([path, status])
})

test('an operation that needs no token is counted by its address, with a known token too', async () => {
  const on = await staged()
  const headers = bearer({ roles: ['KEY_USER'] })
  for (const _ of [1, 2]) await on.call('/v1/tickets', { headers })
  const answer = await on.call('/v1/metrics/write', { method: 'POST', headers })
  expect(answer.headers['ratelimit-policy']).toBe('"metrics";q=60000;w=60')
})

test('a failure on the way is told with the ids and the quota of the request that failed, and counted once', async () => {
  const on = await staged()
  const headers = bearer({ roles: ['KEY_USER'] })
  await on.call('/v1/tickets', { headers })
  const failed = await on.call('/v1/tickets/reset', {
    headers: { ...headers, 'x-request-id': 'case-2026-0042' },
  })
  expect([failed.status, failed.json.code]).toEqual([502, 'upstream-failed'])
  expect(failed.json.instance).toBe('urn:request:case-2026-0042')
  expect(failed.headers).toMatchObject({
    'x-request-id': 'case-2026-0042',
    ratelimit: '"caller";r=2998;t=1',
    'retry-after': '2',
  })
  const large = await on.call('/v1/tickets', {
    method: 'POST',
    headers: { ...headers, 'content-type': 'text/plain' },
    body: 'x'.repeat(1_048_577),
  })
  expect([large.status, large.headers.ratelimit]).toEqual([413, '"caller";r=2997;t=1'])
  expect(lines(on).map(({ status }) => status)).toEqual([200, 502, 413])
})

test('[A-4.2.4] on one connection of a trusted proxy each request is judged by its own address', async () => {
  const on = await staged({
    ALLOWED_NETWORKS: '10.0.0.0/8',
    TRUSTED_PROXIES: '127.0.0.1',
    CLEAR_TEXT_NETWORKS: '10.0.0.0/8',
  })
  const authorization = `Bearer ${testToken({ roles: ['KEY_USER'] })}`
  const from = (address: string) =>
    on.call('/v1/tickets', { headers: { authorization, 'x-forwarded-for': address } })
  for (const _ of [1, 2]) expect((await from('10.1.2.3')).json.from).toBe('10.1.2.3')
  expect((await from('8.8.8.8')).json.code).toBe('network-refused')
  expect((await from('10.1.2.4')).json.from).toBe('10.1.2.4')
})

test('two hosts are refused to a known caller too', async () => {
  const on = await staged()
  const { authorization } = bearer({ roles: ['KEY_USER'] })
  await on.call('/v1/tickets', { headers: { authorization } })
  const { hostname, port } = new URL(on.gateway.url)
  const socket = connect(Number(port), hostname)
  socket.write(
    `GET /v1/tickets HTTP/1.1\r\nHost: a\r\nhost: b\r\nAuthorization: ${authorization}\r\nConnection: close\r\n\r\n`,
  )
  const [answer] = (await once(socket, 'data')) as [Buffer]
  socket.destroy()
  expect(answer.toString()).toMatch(/^HTTP\/1.1 400/)
})

test('answers to a known caller vary by the origin where pages of other origins may call', async () => {
  const on = await staged({ CORS_ORIGINS: 'https://portal.example.test' })
  const headers = bearer({ roles: ['KEY_USER'] })
  for (const _ of [1, 2])
    expect((await on.call('/v1/tickets', { headers })).headers.vary).toBe('origin')
  const page = { ...headers, origin: 'https://portal.example.test' }
  const answer = await on.call('/v1/tickets', { headers: page })
  expect(answer.headers['access-control-allow-origin']).toBe('https://portal.example.test')
})
