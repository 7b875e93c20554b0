import { connect, type AddressInfo } from 'node:net'
import { Writable } from 'node:stream'
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { Instant, LocalDate, nullable, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { createApp } from '@erp-steward/service-kit/create-app'
import { createLog } from '@erp-steward/service-kit/log'
import { decodeIdCursor, decodeInstantCursor, PageQuery } from '@erp-steward/service-kit/paging'
import { eventually } from '@erp-steward/test-kit/eventually'
import { bearer, signToken, testKeys } from '@erp-steward/test-kit/tokens'
import { pino } from 'pino'
import request from 'supertest'
import { Type } from 'typebox'

const ID = '0195f2a0-0000-7000-8000-000000000001'
const SECRET = 'hunter2-do-not-tell'
const INTERNAL = 'internal-token-of-the-tests-0123456789'

const lines: Record<string, unknown>[] = []
const log = createLog(
  'debug',
  new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(JSON.parse(chunk.toString()) as Record<string, unknown>)
      done()
    },
  }),
)

const refused: string[] = []
let databaseIsUp = true
let app: App

const Sheep = Type.Object(
  {
    name: Type.String({ maxLength: 20 }),
    legs: Type.Optional(Type.Integer({ minimum: 0, maximum: 4 })),
    born: Type.Optional(LocalDate),
    seen: Type.Optional(Instant),
    mother: Type.Optional(
      nullable(Type.Object({ name: Type.String() }, { additionalProperties: false })),
    ),
    'a/b~c': Type.Optional(Type.Integer()),
    notes: Type.Optional(Type.Unknown()),
  },
  { additionalProperties: false },
)

const optionsOf = (name: string) => ({
  name,
  title: 'Flock',
  log,
  tokens: { keyFor: testKeys, clock: () => new Date(), internalToken: INTERNAL },
  readiness: {
    database: () => (databaseIsUp ? Promise.resolve() : Promise.reject(new Error(SECRET))),
  },
  onRefused: (_request: unknown, problem: Problem) => {
    refused.push(problem.code)
  },
})

beforeAll(async () => {
  app = await createApp(optionsOf('flock'))
  const open = (operationId: string) => ({
    config: { access: 'public' as const },
    schema: { operationId },
  })
  app.post(
    '/v1/sheep',
    { config: { access: 'public' }, schema: { operationId: 'addSheep', body: Sheep } },
    ({ body }) => body,
  )
  app.get(
    '/v1/sheep',
    {
      config: { access: 'public' },
      schema: {
        operationId: 'listSheep',
        querystring: Type.Object({
          ...PageQuery,
          black: Type.Optional(Type.Boolean()),
          tags: Type.Optional(Type.Array(Type.String())),
        }),
      },
    },
    ({ query }) => query,
  )
  app.get(
    '/v1/sheep/:id',
    {
      config: { access: 'public' },
      schema: {
        operationId: 'readSheep',
        params: Type.Object({ id: Uuid }),
        response: { 200: Type.Object({ id: Uuid }) },
      },
    },
    ({ params: { id } }, reply) => {
      void reply.header('etag', '"3"')
      return { id, owner: SECRET }
    },
  )
  app.get(
    '/v1/me',
    { config: { access: 'signed-in' }, schema: { operationId: 'readMe' } },
    (asked) => ({
      actor: asked.principal?.actor,
    }),
  )
  app.get(
    '/v1/ledger',
    {
      config: { access: 'audit.read', clauses: ['A-4.3.4'] },
      schema: { operationId: 'readLedger' },
    },
    () => ({}),
  )
  app.post(
    '/v1/approvals',
    { config: { access: 'audit.verify', approves: true }, schema: { operationId: 'approve' } },
    () => ({ ok: true }),
  )
  app.get('/internal/x', { config: { access: 'internal' } }, () => ({ ok: true }))
  app.get('/v1/bug', open('bug'), () => {
    throw new Error(`password=${SECRET}`)
  })
  app.get('/v1/unstorable', open('unstorable'), () => {
    throw Object.assign(new Error(`invalid input syntax for type uuid: "${SECRET}"`), {
      code: '22P02',
    })
  })
  app.get('/v1/outage', open('outage'), () => {
    throw Object.assign(new Error('terminating connection'), { code: '57P01' })
  })
  const logs = {
    ...open('logs'),
    schema: { operationId: 'logs', querystring: Type.Object({ token: Type.String() }) },
  }
  app.get('/v1/logs', logs, (asked) => {
    asked.log.info({ password: SECRET, body: { token: SECRET, user: 'x' } }, 'told')
    return {}
  })
  await app.ready()
})
afterAll(() => app.close())
beforeEach(() => {
  lines.length = 0
  refused.length = 0
  databaseIsUp = true
})

const post = (payload: string | Buffer, contentType = 'application/json') =>
  app.inject({
    method: 'POST',
    url: '/v1/sheep',
    headers: { 'content-type': contentType },
    payload,
  })

const problemIn = (answer: { headers: Record<string, unknown>; json: () => unknown }) => {
  expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/)
  return answer.json() as {
    code: string
    status: number
    errors?: { pointer?: string }[]
    instance: string
    title: string
    detail: string
  }
}

test.each([
  ['a number sent as text', { name: 'a', legs: '4' }, '#/legs'],
  ['a text sent as number', { name: 5 }, '#/name'],
  ['a missing member', {}, '#/name'],
  ['an unknown member', { name: 'a', wool: 1 }, '#/wool'],
  ['an unknown member inside', { name: 'a', mother: { name: 'b', x: 1 } }, '#/mother/x'],
  ['a faulty member whose name needs escapes', { name: 'a', 'a/b~c': 'x' }, '#/a~1b~0c'],
  ['a number beyond its bound', { name: 'a', legs: 5 }, '#/legs'],
  ['an empty array for an object', [], '#'],
  ['null', null, '#'],
])('a body with %s is refused and the pointer says where', async (_what, body, pointer) => {
  const answer = await post(JSON.stringify(body))
  expect(answer.statusCode).toBe(422)
  const { code, status, errors } = problemIn(answer)
  expect({ code, status }).toEqual({ code: 'validation-failed', status: 422 })
  expect(errors?.[0]).toMatchObject({ pointer })
})

test.each([
  ['cut off', '{"name":'],
  ['empty', ''],
  ['two documents', '{"name":"a"}{"name":"b"}'],
  ['with a prototype', '{"name":"a","__proto__":{"legs":4}}'],
  ['with the prototype of a constructor', '{"name":"a","constructor":{"prototype":{}}}'],
  ['not UTF-8', Buffer.from([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x7d])],
  ['nested 65 levels deep', `{"name":"a","notes":${'['.repeat(64)}${']'.repeat(64)}}`],
  ['nested 100,000 levels deep', '['.repeat(100_000) + ']'.repeat(100_000)],
])('a body that is %s is malformed', async (_what, payload) => {
  const answer = await post(payload)
  expect(answer.statusCode).toBe(400)
  expect(problemIn(answer).code).toBe('malformed-request')
})

test('a body nested 64 levels deep is read', async () => {
  const answer = await post(`{"name":"a","notes":${'['.repeat(63)}${']'.repeat(63)}}`)
  expect(answer.statusCode).toBe(200)
})

test.each([
  ['NUL', '{"name":"a\\u0000"}', '#/name'],
  ['half a surrogate pair', '{"name":"\\ud800"}', '#/name'],
  ['halves in the wrong order', '{"name":"\\udc00\\ud800"}', '#/name'],
  ['NUL deep inside', '{"name":"a","notes":[{"x/y":["\\u0000"]}]}', '#/notes/0/x~1y/0'],
  ['NUL in the name of a member', '{"name":"a","notes":{"\\u0000":1}}', '#/notes'],
])('a body with %s is refused before anybody stores it', async (_what, payload, pointer) => {
  const answer = await post(payload)
  expect(answer.statusCode).toBe(422)
  expect(problemIn(answer)).toMatchObject({ code: 'validation-failed', errors: [{ pointer }] })
})

test('a whole surrogate pair is text like any other', async () => {
  expect((await post('{"name":"\\ud83d\\udc11"}')).json()).toEqual({ name: '🐑' })
})

test.each([
  ['2026-11-22T08:00:00Z', 200],
  ['2026-11-22t08:00:00.123456789z', 200],
  ['2026-11-22T08:00:00+08:00', 200],
  ['0001-01-01T00:00:00Z', 200],
  ['9999-12-31T23:59:59.999Z', 200],
  ['0001-01-01T00:00:00+00:01', 422],
  ['9999-12-31T23:59:59-00:01', 422],
  ['0000-06-01T00:00:00Z', 422],
  ['2016-12-31T23:59:60Z', 422],
  ['2026-02-29T00:00:00Z', 422],
  ['2026-11-22T24:00:00Z', 422],
  ['2026-11-22 08:00:00Z', 422],
  ['2026-11-22T08:00:00', 422],
  ['2026-11-22T08:00:00+0800', 422],
  ['+012026-11-22T08:00:00Z', 422],
])('the instant %s is answered with %i', async (seen, status) => {
  expect((await post(JSON.stringify({ name: 'a', seen }))).statusCode).toBe(status)
})

test.each([
  ['2028-02-29', 200],
  ['0001-01-01', 200],
  ['9999-12-31', 200],
  ['0000-01-01', 422],
  ['2026-02-29', 422],
  ['2026-13-01', 422],
  ['2026-1-1', 422],
])('the date %s is answered with %i', async (born, status) => {
  expect((await post(JSON.stringify({ name: 'a', born }))).statusCode).toBe(status)
})

test('query members are turned into what their schema says, with defaults', async () => {
  const answer = await app.inject('/v1/sheep?limit=7&black=true&tags=x')
  expect(answer.json()).toEqual({ limit: 7, black: true, tags: ['x'] })
  expect((await app.inject('/v1/sheep')).json()).toEqual({ limit: 50 })
})

test.each([
  '0',
  '201',
  '-1',
  '1.5',
  'x',
  '1e400',
  '-1e400',
  'Infinity',
  'NaN',
  '99999999999999999999',
])('limit=%s is refused by name', async (limit) => {
  const answer = await app.inject(`/v1/sheep?limit=${limit}`)
  expect(answer.statusCode).toBe(422)
  expect(problemIn(answer)).toMatchObject({ errors: [{ parameter: 'limit' }] })
})

test.each([ID.toUpperCase(), `urn:uuid:${ID}`, ID.replaceAll('-', ''), `{${ID}}`, 'x'])(
  'the id %s is refused by name',
  async (id) => {
    const answer = await app.inject(`/v1/sheep/${encodeURIComponent(id)}`)
    expect(answer.statusCode).toBe(422)
    expect(problemIn(answer)).toMatchObject({ errors: [{ parameter: 'id' }] })
  },
)

test.each(['/v1/sheep/%00', '/v1/sheep?cursor=%00', '/v1/sheep/%ZZ', '/v1/sheep/%c3%28'])(
  'the address %s is malformed',
  async (url) => {
    const answer = await app.inject(url)
    expect(answer.statusCode).toBe(400)
    expect(problemIn(answer).code).toBe('malformed-request')
  },
)

const cursor = (...key: unknown[]) => Buffer.from(JSON.stringify(key)).toString('base64url')

test.each([
  ['a number', cursor(1)],
  ['no UUID', cursor('x')],
  ['capitals', cursor(ID.toUpperCase())],
  ['null', cursor(null)],
  ['nothing', cursor()],
  ['too many', cursor(ID, ID)],
  ['no list', Buffer.from('{}').toString('base64url')],
  ['no JSON', '!!!'],
])('a cursor of one id that holds %s is not usable', (_what, forged) => {
  expect(() => decodeIdCursor(forged)).toThrow(
    new Problem(
      'cursor-unusable',
      said('The cursor was not made by this list.', '该游标不属于此列表。'),
    ),
  )
})

test.each([
  '0000-01-01T00:00:00.000Z',
  '+275760-09-13T00:00:00.000Z',
  '2026-02-30T00:00:00.000Z',
  'now',
  'infinity',
  '2026-11-22',
  5,
])('a cursor at the instant %s is not usable', (at) => {
  expect(() => decodeInstantCursor(cursor(at, ID))).toThrow(Problem)
  expect(decodeInstantCursor(cursor('2026-11-22T00:00:00.000Z', ID))).toEqual([
    '2026-11-22T00:00:00.000Z',
    ID,
  ])
})

test.each([
  ['DELETE', '/v1/sheep?secret=1', 'GET, HEAD, POST'],
  ['PATCH', `/v1/sheep/${ID}`, 'GET, HEAD'],
] as const)('%s %s is told from an address that is not there', async (method, url, allow) => {
  const answer = await app.inject({ method, url })
  expect([answer.statusCode, answer.headers.allow]).toEqual([405, allow])
  expect(problemIn(answer)).toMatchObject({
    code: 'method-not-allowed',
    detail: `There is no ${method} ${url.split('?', 1)[0] ?? ''}.`,
  })
})

test('an unknown address is a problem document too', async () => {
  const answer = await app.inject('/v1/goats?secret=1')
  expect(answer.statusCode).toBe(404)
  expect(problemIn(answer)).toMatchObject({
    code: 'not-found',
    detail: 'There is no GET /v1/goats.',
  })
})

test.each(['text/plain', 'application/xml', 'application/x-www-form-urlencoded', 'garbage'])(
  'a body of type %s is not supported',
  async (contentType) => {
    const answer = await post('{"name":"a"}', contentType)
    expect(answer.statusCode).toBe(415)
    expect(problemIn(answer)).toMatchObject({
      code: 'media-type-unsupported',
      detail: 'Send the body with the Content-Type application/json.',
    })
  },
)

test.each([
  [undefined, 'en', 'Not found'],
  ['zh-CN,zh;q=0.9,en;q=0.8', 'zh-CN', '未找到'],
  ['en, zh;q=0.5', 'en', 'Not found'],
  ['zh;q=0, fr', 'en', 'Not found'],
  ['fr', 'en', 'Not found'],
  [';;;q=', 'en', 'Not found'],
])('Accept-Language %s is answered in %s', async (header, language, title) => {
  const answer = await app.inject({
    url: '/v1/goats',
    headers: header === undefined ? {} : { 'accept-language': header },
  })
  expect(answer.headers['content-language']).toBe(language)
  expect(problemIn(answer).title).toBe(title)
})

test('[A-4.2.4] an operation that declares no access does not start', async () => {
  const bare = await createApp(optionsOf('bare'))
  expect(() => bare.get('/v1/x', { schema: { operationId: 'x' } }, () => ({}))).toThrow(
    'GET /v1/x declares no access',
  )
  expect(() => bare.get('/v1/y', { config: { access: 'public' } }, () => ({}))).toThrow(
    'GET /v1/y has no operationId',
  )
  await bare.close()
})

test('an operation that names a clause which does not exist does not start', async () => {
  const bare = await createApp(optionsOf('bare'))
  expect(() =>
    bare.get(
      '/v1/x',
      { config: { access: 'public', clauses: ['A-99.9'] }, schema: { operationId: 'x' } },
      () => ({}),
    ),
  ).toThrow('GET /v1/x names clause A-99.9, which does not exist')
  await bare.close()
})

test('[A-4.2.4] without the permission a caller is refused by its name, and the refusal is told', async () => {
  const answer = await app.inject({ url: '/v1/ledger', headers: bearer({ roles: ['KEY_USER'] }) })
  expect(answer.statusCode).toBe(403)
  expect(problemIn(answer)).toMatchObject({
    code: 'permission-missing',
    permission: 'audit.read',
    roles: ['AUDIT_ADMIN'],
  })
  expect(refused).toEqual(['permission-missing'])
  const allowed = await app.inject({
    url: '/v1/ledger',
    headers: bearer({ roles: ['AUDIT_ADMIN'] }),
  })
  expect(allowed.statusCode).toBe(200)
})

const lived = Math.floor(Date.now() / 1_000)
test.each([
  ['no token', {}],
  ['another scheme', { authorization: 'Basic eDp5' }],
  ['no JWT', { authorization: 'Bearer x' }],
  ['parts that are no JSON', { authorization: 'Bearer a.b.c' }],
  ['the algorithm none', { authorization: `Bearer ${signToken({ sub: 'x' }, { alg: 'none' })}` }],
  ['an unknown key', { authorization: `Bearer ${signToken({ sub: 'x' }, { kid: 'other' })}` }],
  ['no key id', { authorization: `Bearer ${signToken({ sub: 'x' }, { kid: undefined })}` }],
  ['too few claims', { authorization: `Bearer ${signToken({ sub: 'x' })}` }],
  ['an end in the past', bearer({ roles: ['KEY_USER'], iat: lived - 600, exp: lived - 1 })],
  ['another audience', bearer({ roles: ['KEY_USER'], aud: 'another' as never })],
  ['another issuer', bearer({ roles: ['KEY_USER'], iss: 'another' })],
  ['100,000 characters', { authorization: `Bearer ${'a'.repeat(100_000)}` }],
])('[A-4.2.4] a call with %s is not authenticated', async (_what, headers) => {
  const answer = await app.inject({ url: '/v1/me', headers })
  expect(answer.statusCode).toBe(401)
  expect(answer.headers['www-authenticate']).toBe('Bearer')
  expect(problemIn(answer).code).toBe('unauthenticated')
})

test('[A-4.2.4] an internal operation takes the internal token and nothing else', async () => {
  for (const authorization of [
    undefined,
    `Bearer ${INTERNAL}x`,
    'Bearer ',
    bearer({ roles: ['SYSTEM_ADMIN'] }).authorization,
  ])
    expect(
      (
        await app.inject({
          url: '/internal/x',
          headers: authorization === undefined ? {} : { authorization },
        })
      ).statusCode,
    ).toBe(401)
  const answer = await app.inject({
    url: '/internal/x',
    headers: { authorization: `Bearer ${INTERNAL}` },
  })
  expect(answer.json()).toEqual({ ok: true })
})

test('a harmless request id is kept, any other is replaced', async () => {
  const kept = await app.inject({ url: '/v1/goats', headers: { 'x-request-id': 'ticket-4711' } })
  expect(kept.headers['x-request-id']).toBe('ticket-4711')
  expect(problemIn(kept).instance).toBe('urn:request:ticket-4711')
  for (const id of ['short', 'a'.repeat(65), '../../etc', 'x y z x y z']) {
    const answer = await app.inject({ url: '/v1/goats', headers: { 'x-request-id': id } })
    expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/)
  }
})

test("a request goes on with the caller's trace and a span of its own, or begins a trace", async () => {
  const trace = '4bf92f3577b34da6a3ce929d0e0e4736'
  await app.inject({
    url: '/v1/sheep',
    headers: { traceparent: `00-${trace}-00f067aa0ba902b7-00` },
  })
  await app.inject({ url: '/v1/sheep', headers: { traceparent: 'garbage' } })
  const [first, second] = lines.map(({ traceparent }) => String(traceparent))
  expect(first).toMatch(new RegExp(`^00-${trace}-[0-9a-f]{16}-00$`))
  expect(first).not.toContain('00f067aa0ba902b7')
  expect(second).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
})

test('what a bug throws stays in the log', async () => {
  const answer = await app.inject('/v1/bug')
  expect(answer.statusCode).toBe(500)
  expect(answer.body).not.toContain(SECRET)
  expect(problemIn(answer)).toMatchObject({
    code: 'internal-error',
    detail: 'The cause is in the log under this instance.',
  })
  expect(lines.find(({ msg }) => msg === 'request failed')).toMatchObject({ level: 50 })
})

test('a value that only the database refuses is the fault of the request, and its text stays inside', async () => {
  const answer = await app.inject('/v1/unstorable')
  expect(answer.statusCode).toBe(422)
  expect(answer.body).not.toContain(SECRET)
  expect(problemIn(answer).code).toBe('validation-failed')
  expect(lines.some(({ level, err }) => level === 40 && err !== undefined)).toBe(true)
})

test('a database that went away asks for a repetition', async () => {
  const answer = await app.inject('/v1/outage')
  expect(answer.statusCode).toBe(503)
  expect(answer.headers['retry-after']).toBe('5')
  expect(problemIn(answer).code).toBe('unavailable')
})

test.each([
  ['"3"', 304],
  ['W/"3"', 304],
  ['"1", "3"', 304],
  ['*', 304],
  ['"4"', 200],
  ['3', 200],
])('a reader who knows %s is answered %d', async (known, status) => {
  const answer = await app.inject({
    url: `/v1/sheep/${ID}`,
    headers: { 'if-none-match': known },
  })
  expect([answer.statusCode, answer.headers.etag]).toEqual([status, '"3"'])
  expect(answer.body === '').toBe(status === 304)
})

test('HEAD is answered as GET without the body, and what GET lacks HEAD lacks too', async () => {
  const read = await app.inject(`/v1/sheep/${ID}`)
  const head = await app.inject({ method: 'HEAD', url: `/v1/sheep/${ID}` })
  expect([head.statusCode, head.headers.etag, head.body]).toEqual([200, '"3"', ''])
  expect(head.headers['content-length']).toBe(String(Buffer.byteLength(read.body)))
  expect((await app.inject({ method: 'HEAD', url: '/v1/me' })).statusCode).toBe(401)
})

test('members that the answer does not declare are dropped', async () => {
  expect((await app.inject(`/v1/sheep/${ID}`)).json()).toEqual({ id: ID })
})

test('[A-4.3.1] secrets do not reach the log', async () => {
  await app.inject({
    url: `/v1/logs?token=${SECRET}`,
    headers: { authorization: `Bearer ${SECRET}` },
  })
  await post(JSON.stringify({ name: SECRET }))
  expect(lines.find(({ msg }) => msg === 'told')).toMatchObject({
    password: '[redacted]',
    body: { token: '[redacted]', user: 'x' },
  })
  expect(JSON.stringify(lines)).not.toContain(SECRET)
})

test('each request is one line of the log; what is polled and well is none', async () => {
  await app.inject({ url: '/v1/me', headers: bearer({ roles: ['KEY_USER'], sub: ID }) })
  await app.inject('/v1/goats')
  await app.inject('/health/live')
  await app.inject('/metrics')
  await app.inject('/openapi.json?again')
  const asked = await app.inject({
    url: '/internal/x',
    headers: { authorization: `Bearer ${INTERNAL}` },
  })
  expect(asked.statusCode).toBe(200)
  // A process without the token is no process of ours, and is news.
  await app.inject('/internal/x')
  expect(lines).toEqual([
    expect.objectContaining({
      msg: 'request',
      method: 'GET',
      path: '/v1/me',
      status: 200,
      actor: ID,
    }),
    expect.objectContaining({ msg: 'request', method: 'GET', path: '/v1/goats', status: 404 }),
    expect.objectContaining({ msg: 'request', path: '/internal/x', status: 401 }),
  ])
})

test('health says which check fails, not why', async () => {
  expect((await app.inject('/health/ready')).json()).toEqual({
    service: 'flock',
    status: 'up',
    checks: { database: 'up' },
  })
  databaseIsUp = false
  const answer = await app.inject('/health/ready')
  expect(answer.statusCode).toBe(503)
  expect(answer.json()).toEqual({ service: 'flock', status: 'down', checks: { database: 'down' } })
  expect((await app.inject('/health/live')).statusCode).toBe(200)
})

test('metrics count by route, not by address', async () => {
  await app.inject(`/v1/sheep/${ID}`)
  const { body } = await app.inject('/metrics')
  expect(body).toContain(
    'http_request_duration_seconds_count{service="flock",method="GET",route="/v1/sheep/:id",status="200"}',
  )
  expect(body).not.toContain(ID)
})

test('the OpenAPI document shows permission and clauses, and no hidden operation', async () => {
  const { paths } = (await app.inject('/openapi.json')).json<{
    paths: Record<string, Record<string, Record<string, unknown>>>
  }>()
  expect(paths['/v1/ledger']?.get).toMatchObject({
    'x-permission': 'audit.read',
    description: expect.stringMatching(/`audit\.read`: AUDIT_ADMIN/),
    'x-regulation-clauses': ['A-4.3.4'],
    security: [{ bearer: [] }],
  })
  expect(Object.keys(paths)).not.toContain('/internal/x')
})

test('who knows the OpenAPI document by its tag is not sent it again', async () => {
  const { headers } = await app.inject('/openapi.json')
  const known = { 'if-none-match': String(headers.etag) }
  const again = await app.inject({ url: '/openapi.json', headers: known })
  expect([again.statusCode, again.body, again.headers.etag]).toEqual([304, '', headers.etag])
  const other = await app.inject({ url: '/openapi.json', headers: { 'if-none-match': 'W/"x"' } })
  expect([other.statusCode, other.headers['content-type']]).toEqual([
    200,
    'application/json; charset=utf-8',
  ])
})

test('over a socket: a body too large is refused, with and without a declared length', async () => {
  const small = await createApp({ ...optionsOf('small'), bodyLimit: 1_000 })
  small.post(
    '/v1/sheep',
    { config: { access: 'public' }, schema: { operationId: 'addSheep', body: Sheep } },
    ({ body }) => body,
  )
  await small.listen({ host: '127.0.0.1', port: 0 })
  try {
    const declared = await request(small.server)
      .post('/v1/sheep')
      .send({ name: 'a'.repeat(1_000) })
    expect(declared.status).toBe(413)
    expect(declared.body).toMatchObject({ code: 'body-too-large' })
    const { port } = small.server.address() as AddressInfo
    const chunked = await fetch(`http://127.0.0.1:${String(port)}/v1/sheep`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: new Blob([`{"name":"${'a'.repeat(1_000)}"}`]).stream(),
      duplex: 'half',
    })
    expect(chunked.status).toBe(413)
    expect(await chunked.json()).toMatchObject({ code: 'body-too-large' })
  } finally {
    await small.close()
  }
})

test('over a socket: what is no HTTP gets a problem document and the connection ends', async () => {
  const bare = await createApp(optionsOf('bare'))
  await bare.listen({ host: '127.0.0.1', port: 0 })
  try {
    const { port } = bare.server.address() as AddressInfo
    for (const text of [
      'NONSENSE\r\n\r\n',
      `GET / HTTP/1.1\r\nhost: x\r\ncookie: ${'x'.repeat(20_000)}\r\n\r\n`,
    ]) {
      const answer = await new Promise<string>((resolve, reject) => {
        const socket = connect(port, '127.0.0.1')
        let heard = ''
        socket.on('data', (chunk) => (heard += chunk.toString()))
        socket.on('error', reject)
        socket.on('close', () => {
          resolve(heard)
        })
        socket.write(text)
      })
      expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /)
      expect(answer).toContain('application/problem+json')
      expect(answer).toContain('malformed-request')
    }
  } finally {
    await bare.close()
  }
})

test('over a socket: what is under way is answered before the app has closed, and nothing new is taken', async () => {
  const { promise, resolve: letAnswer } = Promise.withResolvers<undefined>()
  const { promise: begun, resolve: hasBegun } = Promise.withResolvers<undefined>()
  const closing = await createApp({ ...optionsOf('closing'), log: pino({ level: 'silent' }) })
  closing.get(
    '/v1/slow',
    { config: { access: 'public' }, schema: { operationId: 'slow' } },
    async () => {
      hasBegun(undefined)
      await promise
      return { done: true }
    },
  )
  await closing.listen({ host: '127.0.0.1', port: 0 })
  const { port } = closing.server.address() as AddressInfo
  const underWay = request(`http://127.0.0.1:${String(port)}`)
    .get('/v1/slow')
    .then(({ body }) => body as unknown)
  await begun
  const closed = closing.close()
  await eventually(async () => {
    await expect(request(`http://127.0.0.1:${String(port)}`).get('/health/live')).rejects.toThrow()
  })
  letAnswer(undefined)
  expect(await underWay).toEqual({ done: true })
  await closed
})

test('whoever has a fresh password of another’s issue may not approve until the cooling time is over', async () => {
  const now = Math.floor(Date.now() / 1_000)
  const answerTo = (coolingUntil: number | null) =>
    request(app.server)
      .post('/v1/approvals')
      .set(bearer({ roles: ['AUDIT_ADMIN'], coolingUntil }))
  refused.length = 0
  const refusal = await answerTo(now + 600)
  expect(refusal.status).toBe(403)
  expect(refusal.body).toMatchObject({
    code: 'approval-cooling',
    coolingUntil: new Date((now + 600) * 1_000).toISOString(),
  })
  expect(refused).toEqual(['approval-cooling'])
  expect((await answerTo(now)).status).toBe(200)
  expect((await answerTo(null)).status).toBe(200)
  // It may do everything else.
  const reading = await request(app.server)
    .get('/v1/me')
    .set(bearer({ roles: ['AUDIT_ADMIN'], coolingUntil: now + 600 }))
  expect(reading.status).toBe(200)
})
