import { createHmac, randomUUID } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals'
import type { Envelope } from '@erp-steward/contracts/event'
import { AccountRevoked, SessionEnded } from '@erp-steward/contracts/sign-in-events'
import { AccessRefused } from '@erp-steward/contracts/platform-events'
import { eventually } from '@erp-steward/test-kit/eventually'
import { bearer, signToken, testKeys, testToken } from '@erp-steward/test-kit/tokens'
import { selfSigned } from '@erp-steward/test-kit/certificates'
import { Agent, request } from 'undici'
import { raw, stage, type Prepare, type Stage } from './stage.ts'

const open: Stage[] = []
let seen = 0
const echo: Prepare = {
  identity: (app) => {
    for (const path of ['/v1/sessions', '/v1/tokens', '/v1/tokens/refresh'])
      app.post(path, () => ({ path }))
  },
  'incident-tiering': (app) => {
    app.get('/v1/tickets', (request) => {
      seen += 1
      return { from: request.headers['x-forwarded-for'], auth: request.headers.authorization }
    })
  },
}

async function staged(settings: Record<string, string> = {}): Promise<Stage> {
  const made = await stage(echo, settings)
  open.push(made)
  return made
}

let it: Stage
beforeAll(async () => {
  it = await stage(echo)
})
afterAll(() => it.end())
afterEach(async () => {
  it.now = new Date()
  await Promise.all(open.splice(0).map((made) => made.end()))
})

const tickets = (on: Stage, authorization?: string | string[]) =>
  on.call('/v1/tickets', authorization === undefined ? {} : { headers: { authorization } })

const claims = (changes: Record<string, unknown> = {}) => {
  const [, payload = ''] = testToken({ roles: ['KEY_USER'] }).split('.')
  return {
    ...(JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>),
    ...changes,
  }
}
const second = () => Math.floor(Date.now() / 1_000)
const valid = () => testToken({ roles: ['KEY_USER'] })

/** The public key used as if it were a shared secret: the classic confusion of algorithms. */
function confused(): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const signed = `${part({ alg: 'HS256', typ: 'JWT', kid: 'test-key' })}.${part(claims())}`
  const secret = testKeys('test-key') ?? ''
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
}

const flip = (text: string) =>
  text.endsWith('A') ? `${text.slice(0, -1)}B` : `${text.slice(0, -1)}A`
const parts = () => valid().split('.') as [string, string, string]

const forged: [string, () => string][] = [
  ['without a signature', () => signToken(claims(), { alg: 'none' })],
  ['with alg None in odd case', () => signToken(claims(), { alg: 'nOnE' })],
  ['with the public key as shared secret', confused],
  ['that names HS256 over an ES256 signature', () => signToken(claims(), { alg: 'HS256' })],
  ['that names RS256', () => signToken(claims(), { alg: 'RS256' })],
  ['that names EdDSA', () => signToken(claims(), { alg: 'EdDSA' })],
  ['that names an unknown key', () => signToken(claims(), { kid: 'nobody' })],
  ['that names no key', () => signToken(claims(), { kid: undefined })],
  ['whose key id is a path', () => signToken(claims(), { kid: '../../dev/null' })],
  ['whose key id is a number', () => signToken(claims(), { kid: 7 })],
  [
    'that brings its own key',
    () => signToken(claims(), { kid: 'mine', jwk: { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' } }),
  ],
  [
    'that says where its key is',
    () => signToken(claims(), { kid: 'x', jku: 'http://127.0.0.1:1/' }),
  ],
  ['for another audience', () => signToken(claims({ aud: 'somebody-else' }))],
  ['for no audience', () => signToken(claims({ aud: undefined }))],
  ['of another issuer', () => signToken(claims({ iss: 'https://evil.example' }))],
  ['of no issuer', () => signToken(claims({ iss: undefined }))],
  ['that has expired', () => signToken(claims({ iat: second() - 600, exp: second() - 1 }))],
  ['that never expires', () => signToken(claims({ exp: undefined }))],
  ['whose end is text', () => signToken(claims({ exp: '9999999999' }))],
  ['that is not valid yet', () => signToken(claims({ nbf: second() + 60 }))],
  ['without the time of issue', () => signToken(claims({ iat: undefined }))],
  ['without a subject', () => signToken(claims({ sub: undefined }))],
  ['without an epoch', () => signToken(claims({ epoch: undefined }))],
  ['with a negative epoch', () => signToken(claims({ epoch: -1 }))],
  ['that lives an hour', () => signToken(claims({ exp: second() + 3_600 }))],
  ['of another kind', () => signToken(claims({ kind: 'robot' }))],
  [
    'whose payload was changed',
    () => {
      const [head, , signature] = parts()
      const payload = Buffer.from(JSON.stringify(claims({ roles: ['SYSTEM_ADMIN'] })))
      return `${head}.${payload.toString('base64url')}.${signature}`
    },
  ],
  [
    'whose signature was changed',
    () => {
      const [head, payload, signature] = parts()
      return `${head}.${payload}.${flip(signature.slice(0, 20))}${signature.slice(20)}`
    },
  ],
  ['whose signature is empty', () => parts().slice(0, 2).join('.') + '.'],
  [
    'whose signature is all zero',
    () => `${parts().slice(0, 2).join('.')}.${Buffer.alloc(64).toString('base64url')}`,
  ],
  ['with a part too many', () => `${valid()}.x`],
  ['that is no token', () => 'x.y.z'],
  ['that is one letter', () => 'x'],
]

test.each(forged)('a token %s is refused and never reaches a service', async (_name, make) => {
  const before = seen
  const answer = await tickets(it, `Bearer ${make()}`)
  expect([answer.status, answer.json.code]).toEqual([401, 'unauthenticated'])
  expect(answer.headers['www-authenticate']).toBe('Bearer')
  expect(seen).toBe(before)
})

test.each([
  ['no header', undefined],
  ['another scheme', `Basic ${Buffer.from('a:b').toString('base64')}`],
  ['two blanks', `Bearer  ${valid()}`],
  ['two tokens', `Bearer ${valid()}, Bearer ${valid()}`],
  ['the token alone', valid()],
  ['an empty token', 'Bearer '],
])('an authorization of %s is refused', async (_name, authorization) => {
  expect((await tickets(it, authorization)).status).toBe(401)
})

test.each(['bearer', 'BEARER'])('the scheme is taken as %s', async (scheme) => {
  expect((await tickets(it, `${scheme} ${valid()}`)).status).toBe(200)
})

test('below /scim/v2 the door refuses in the words of SCIM, elsewhere by a problem document', async () => {
  const answers = await Promise.all(
    ['/scim/v2/Users', '/scim/v2', '/scim/v2x'].map((path) => it.call(path, {})),
  )
  const types = answers.map(({ headers }) => String(headers['content-type']).split(';')[0])
  expect(types).toEqual([
    'application/scim+json',
    'application/scim+json',
    'application/problem+json',
  ])
  expect(answers[0]?.json).toEqual({
    schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
    status: '401',
    detail: expect.any(String),
  })
})

test('of two authorization headers the one that was checked goes on', async () => {
  const first = `Bearer ${valid()}`
  const answer = await tickets(it, [first, `Bearer ${testToken({ roles: ['SYSTEM_ADMIN'] })}`])
  expect([200, 401]).toContain(answer.status)
  if (answer.status === 200) expect(answer.json.auth).toBe(first)
})

test('a token that was good a moment ago is refused once it has expired', async () => {
  const authorization = `Bearer ${valid()}`
  expect((await tickets(it, authorization)).status).toBe(200)
  it.now = new Date(Date.now() + 300_000)
  expect((await tickets(it, authorization)).status).toBe(401)
})

test.each(['/v1/sessions', '/v1/tokens', '/v1/tokens/refresh'])(
  '%s is open to callers without a token, for POST alone',
  async (path) => {
    expect((await it.call(path, { method: 'POST' })).json).toEqual({ path })
    expect((await it.call(path)).status).toBe(401)
    expect((await it.call(`${path}/`, { method: 'POST' })).status).toBe(401)
    expect((await it.call(`${path}/x`, { method: 'POST' })).status).toBe(401)
  },
)

const envelope = (type: string, subject: string, data: unknown): Envelope => ({
  specversion: '1.0',
  id: randomUUID(),
  source: '/identity',
  type,
  subject,
  time: new Date().toISOString(),
  datacontenttype: 'application/json',
  actor: 'service:identity',
  actingrole: 'SERVICE',
  clauseids: '',
  requestid: 'request-1',
  traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  data,
})
const revoked = (accountId: string, epoch: number) => ({
  topic: AccountRevoked.topic,
  envelope: envelope(AccountRevoked.type, accountId, {
    accountId,
    epoch,
    reason: 'LEFT',
    revokedAt: new Date().toISOString(),
  }),
})

test('[A-2.1.4] every token of a disabled account is refused from the event on, a later one is let in', async () => {
  const on = await staged({ REVOCATION_POLL_SECONDS: '60' })
  const account = randomUUID()
  const tokens = Array.from(
    { length: 100 },
    () => `Bearer ${testToken({ roles: ['KEY_USER'], sub: account, epoch: 3 })}`,
  )
  for (const token of tokens) expect((await tickets(on, token)).status).toBe(200)
  await on.bus.publish([revoked(account, 4)])
  const answers = await Promise.all(tokens.map((token) => tickets(on, token)))
  expect(
    new Set(answers.map(({ status, json }) => `${String(status)} ${String(json.code)}`)),
  ).toEqual(new Set(['401 token-revoked']))
  const later = `Bearer ${testToken({ roles: ['KEY_USER'], sub: account, epoch: 4 })}`
  expect((await tickets(on, later)).status).toBe(200)
  expect((await tickets(on, bearer({ roles: ['KEY_USER'] }).authorization)).status).toBe(200)
})

test('[A-2.1.4] an older event that comes late does not let anybody in again', async () => {
  const on = await staged()
  const account = randomUUID()
  await on.bus.publish([revoked(account, 7)])
  await on.bus.publish([revoked(account, 2)])
  const token = testToken({ roles: ['KEY_USER'], sub: account, epoch: 6 })
  expect((await tickets(on, `Bearer ${token}`)).json.code).toBe('token-revoked')
})

test('[A-2.2.6] a token of an ended session is refused, the other session of the account goes on', async () => {
  const on = await staged({ REVOCATION_POLL_SECONDS: '60' })
  const account = randomUUID()
  const ended = randomUUID()
  const of = (sid: string) => `Bearer ${testToken({ roles: ['KEY_USER'], sub: account, sid })}`
  const [token, other] = [of(ended), of(randomUUID())]
  expect((await tickets(on, token)).status).toBe(200)
  await on.bus.publish([
    {
      topic: SessionEnded.topic,
      envelope: envelope(SessionEnded.type, account, {
        accountId: account,
        sessionId: ended,
        reason: 'LOGOUT',
        endedAt: new Date().toISOString(),
      }),
    },
  ])
  expect((await tickets(on, token)).json.code).toBe('token-revoked')
  expect((await tickets(on, other)).status).toBe(200)
})

test('[A-2.1.4][A-2.2.6] without the event the next snapshot of identity carries it', async () => {
  const on = await staged({ REVOCATION_POLL_SECONDS: '0.1' })
  const [account, session] = [randomUUID(), randomUUID()]
  const byAccount = `Bearer ${testToken({ roles: ['KEY_USER'], sub: account, epoch: 1 })}`
  const bySession = `Bearer ${testToken({ roles: ['KEY_USER'], sid: session })}`
  expect((await tickets(on, byAccount)).status).toBe(200)
  expect((await tickets(on, bySession)).status).toBe(200)
  on.snapshot.accounts.push({ id: account, epoch: 2 })
  on.snapshot.sessions.push({ id: session })
  await eventually(async () => {
    expect((await tickets(on, byAccount)).json.code).toBe('token-revoked')
    expect((await tickets(on, bySession)).json.code).toBe('token-revoked')
  })
})

test('what was revoked before the gateway started is refused from its first request on', async () => {
  const account = randomUUID()
  const on = await staged()
  on.snapshot.accounts.push({ id: account, epoch: 9 })
  const token = `Bearer ${testToken({ roles: ['KEY_USER'], sub: account, epoch: 8 })}`
  const again = await stage(
    { ...echo, identity: () => undefined },
    { IDENTITY_URL: `http://127.0.0.1:${String(portOf(on))}` },
  )
  open.push(again)
  expect((await tickets(again, token)).json.code).toBe('token-revoked')
})

const portOf = (on: Stage) => (on.upstreams.identity.server.address() as { port: number }).port

test('an event that cannot be read is logged and dropped, the next one counts', async () => {
  const on = await staged()
  const account = randomUUID()
  const { topic, envelope: good } = revoked(account, 1)
  await on.bus.publish([{ topic, envelope: { ...good, data: { accountId: account, epoch: '1' } } }])
  expect(on.log.join('')).toContain('a revocation could not be read')
  await on.bus.publish([{ topic, envelope: good }])
  const token = testToken({ roles: ['KEY_USER'], sub: account })
  expect((await tickets(on, `Bearer ${token}`)).json.code).toBe('token-revoked')
})

test('while identity is away tokens are let in for the bound and refused after it', async () => {
  const on = await staged({ REVOCATION_POLL_SECONDS: '0.1', REVOCATION_MAX_AGE_SECONDS: '60' })
  const token = `Bearer ${valid()}`
  expect((await tickets(on, token)).status).toBe(200)
  await on.upstreams.identity.close()
  const heard = on.now.getTime()
  on.now = new Date(heard + 60_000)
  expect((await tickets(on, token)).status).toBe(200)
  on.now = new Date(heard + 60_001)
  const answer = await tickets(on, token)
  expect([answer.status, answer.json.code, answer.headers['retry-after']]).toEqual([
    503,
    'unavailable',
    '5',
  ])
  expect((await on.call('/health/ready')).status).toBe(503)
})

test('a gateway that has never heard identity lets no token in', async () => {
  const on = await staged({ IDENTITY_URL: 'http://127.0.0.1:9' })
  const answer = await tickets(on, `Bearer ${valid()}`)
  expect([answer.status, answer.json.code]).toEqual([503, 'unavailable'])
})

test('[A-4.2.4] an address outside the listed networks is refused, before anything else and with evidence', async () => {
  const on = await staged({ ALLOWED_NETWORKS: '10.0.0.0/8' })
  const evidence: Envelope[] = []
  await on.bus.subscribe({
    group: 'audit',
    topics: [AccessRefused.topic],
    handle: (event) => {
      evidence.push(event as Envelope)
      return Promise.resolve()
    },
  })
  for (const path of ['/v1/tickets', '/health', '/docs', '/nowhere']) {
    const answer = await on.call(path, { headers: bearer({ roles: ['KEY_USER'] }) })
    expect([path, answer.status, answer.json.code]).toEqual([path, 403, 'network-refused'])
  }
  await eventually(() => {
    expect(evidence.map(({ data }) => data)).toEqual([
      expect.objectContaining({
        operation: 'GET /v1/tickets',
        code: 'network-refused',
        sourceIp: '127.0.0.1',
      }),
    ])
  })
})

test('[A-4.2.4] an X-Forwarded-For of somebody who is no trusted proxy changes nothing', async () => {
  const on = await staged({ ALLOWED_NETWORKS: '10.0.0.0/8' })
  const headers = { ...bearer({ roles: ['KEY_USER'] }), 'x-forwarded-for': '10.1.2.3' }
  expect((await on.call('/v1/tickets', { headers })).status).toBe(403)
})

test('[A-4.2.4] whom the network refuses learns of no address by a method that is unknown', async () => {
  const ask = async (on: Stage, from: string) => {
    const head = `FROB /v1/tickets HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: ${from}\r\n\r\n`
    return (await raw(on, head)).split(' ', 2)[1]
  }
  const near = await staged({ ALLOWED_NETWORKS: '10.0.0.0/8' })
  expect(await ask(near, '10.1.2.3')).toBe('400')
  const behind = await staged({
    ALLOWED_NETWORKS: '10.0.0.0/8',
    TRUSTED_PROXIES: '127.0.0.1',
    CLEAR_TEXT_NETWORKS: '10.0.0.0/8',
  })
  expect(await ask(behind, '10.1.2.3')).toBe('405')
  expect(await ask(behind, '8.8.8.8')).toBe('400')
  expect(await ask(behind, '10.1.2.3\r\nX-Forwarded-For: 8.8.8.8')).toBe('400')
})

test('[A-4.2.4] behind a trusted proxy the nearest address that no proxy vouches for is judged', async () => {
  const on = await staged({
    ALLOWED_NETWORKS: '10.0.0.0/8',
    TRUSTED_PROXIES: '127.0.0.1,192.168.0.0/16',
    CLEAR_TEXT_NETWORKS: '10.0.0.0/8',
  })
  const from = (address: string) =>
    on.call('/v1/tickets', {
      headers: { ...bearer({ roles: ['KEY_USER'] }), 'x-forwarded-for': address },
    })
  expect((await from('10.1.2.3')).json.from).toBe('10.1.2.3')
  expect((await from('10.1.2.3, 192.168.0.9')).json.from).toBe('10.1.2.3')
  expect((await from('10.1.2.3, 8.8.8.8')).status).toBe(403)
  expect((await from('10.1.2.3, 8.8.8.8, 192.168.0.9')).status).toBe(403)
  expect((await from('not-an-address')).status).toBe(403)
})

test('[A-4.3.2] clear text is refused from a network that must encrypt, and a forged X-Forwarded-Proto does not help', async () => {
  const on = await staged({ CLEAR_TEXT_NETWORKS: '10.0.0.0/8' })
  const headers = bearer({ roles: ['KEY_USER'] })
  const plain = await on.call('/v1/tickets', { headers })
  expect([plain.status, plain.json.code]).toEqual([403, 'clear-text-refused'])
  const lying = await on.call('/v1/tickets', {
    headers: { ...headers, 'x-forwarded-proto': 'https' },
  })
  expect(lying.status).toBe(403)
})

test('[A-4.3.2] a trusted proxy that ends TLS vouches for encryption', async () => {
  const on = await staged({ CLEAR_TEXT_NETWORKS: '', TRUSTED_PROXIES: '127.0.0.1' })
  const through = (proto: string) =>
    on.call('/v1/tickets', {
      headers: {
        ...bearer({ roles: ['KEY_USER'] }),
        'x-forwarded-for': '10.1.2.3',
        'x-forwarded-proto': proto,
      },
    })
  expect((await through('https')).status).toBe(200)
  expect((await through('http')).status).toBe(403)
})

test('[A-4.3.2] with a certificate the gateway speaks TLS and nothing else', async () => {
  const { cert, key } = selfSigned('gateway.test', new Date())
  const files = {
    cert: join(tmpdir(), `${randomUUID()}.pem`),
    key: join(tmpdir(), `${randomUUID()}.pem`),
  }
  await writeFile(files.cert, cert)
  await writeFile(files.key, key, { mode: 0o600 })
  const on = await staged({
    TLS_CERT_FILE: files.cert,
    TLS_KEY_FILE: files.key,
    CLEAR_TEXT_NETWORKS: '',
  })
  expect(on.gateway.url).toMatch(/^https:/)
  const dispatcher = new Agent({ connect: { ca: cert, servername: 'gateway.test' } })
  const { statusCode, body } = await request(`${on.gateway.url}/v1/tickets`, {
    dispatcher,
    headers: bearer({ roles: ['KEY_USER'] }),
  })
  await body.dump()
  expect(statusCode).toBe(200)
  await expect(
    request(on.gateway.url.replace('https', 'http'), { dispatcher: on.agent }),
  ).rejects.toThrow()
  await dispatcher.destroy()
  await Promise.all([rm(files.cert), rm(files.key)])
})

test('a certificate without its key keeps the gateway from starting', async () => {
  await expect(stage({}, { TLS_CERT_FILE: '/x.pem' })).rejects.toThrow('TLS_KEY_FILE')
})

test('metrics are read from listed networks only', async () => {
  expect((await it.call('/metrics')).text).toContain('http_request_duration_seconds')
  const on = await staged({ METRICS_NETWORKS: '10.0.0.0/8' })
  expect((await on.call('/metrics')).status).toBe(403)
})

test('of five hundred calls at once at a quota of one hundred exactly one hundred pass', async () => {
  const on = await staged({ RATE_LIMIT_CALLER: '100' })
  const authorization = `Bearer ${valid()}`
  on.now = new Date(on.now)
  const answers = await Promise.all(Array.from({ length: 500 }, () => tickets(on, authorization)))
  const passed = answers.filter(({ status }) => status === 200)
  expect(passed).toHaveLength(100)
  const refused = answers.find(({ status }) => status === 429)
  expect(refused?.json).toMatchObject({ code: 'quota-exceeded', 'violated-policies': ['caller'] })
  expect(refused?.headers).toMatchObject({
    'retry-after': '1',
    'ratelimit-policy': '"caller";q=100;w=60',
    ratelimit: '"caller";r=0;t=60',
  })
  expect(passed.map(({ headers }) => headers.ratelimit)).toContain('"caller";r=99;t=1')
  const other = await tickets(on, `Bearer ${valid()}`)
  expect(other.status).toBe(200)
  on.now = new Date(on.now.getTime() + 599)
  expect((await tickets(on, authorization)).status).toBe(429)
  on.now = new Date(on.now.getTime() + 1)
  expect((await tickets(on, authorization)).status).toBe(200)
})

test('sign-ins have a smaller quota per address than refreshes', async () => {
  const on = await staged({ RATE_LIMIT_SIGN_IN: '2' })
  const post = async (path: string) => (await on.call(path, { method: 'POST' })).status
  expect([
    await post('/v1/sessions'),
    await post('/v1/tokens'),
    await post('/v1/sessions'),
  ]).toEqual([200, 200, 429])
  expect(await post('/v1/tokens/refresh')).toBe(200)
})

test('the pages of the gateway itself are counted by address, its health is not', async () => {
  const on = await staged({ RATE_LIMIT_ADDRESS: '2' })
  const statuses = async (path: string) => {
    const answers = []
    for (let i = 0; i < 3; i += 1) answers.push((await on.call(path)).status)
    return answers
  }
  expect(await statuses('/openapi.json')).toEqual([200, 200, 429])
  expect(await statuses('/asyncapi.json')).toEqual([429, 429, 429])
  expect(await statuses('/health')).toEqual([200, 200, 200])
})

test('a flood of forged tokens ends in 429 and does not shut out the neighbours of the address', async () => {
  const on = await staged({ RATE_LIMIT_ADDRESS: '3' })
  const statuses = []
  for (let i = 0; i < 4; i += 1) statuses.push((await tickets(on, 'Bearer x.y.z')).status)
  expect(statuses).toEqual([401, 401, 401, 429])
  expect((await tickets(on, `Bearer ${valid()}`)).status).toBe(200)
})
