import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { problems } from '@erp-steward/contracts/problems'
import type { App } from '@erp-steward/service-kit/app'
import { createApp } from '@erp-steward/service-kit/create-app'
import { openApiOf } from '@erp-steward/service-kit/open-api'
import { atVersion, atVersionIfAny, idempotencyKeyOf } from '@erp-steward/service-kit/preconditions'
import { pino } from 'pino'
import { Type } from 'typebox'

const Goat = Type.Object({ name: Type.String(), version: Type.Integer() })
const Named = Type.Object({ name: Type.String() }, { additionalProperties: false })
const goat = { name: 'heidi', version: 3 }
const changed = (expected: number | null) =>
  Promise.resolve({ ...goat, version: (expected ?? 0) + 1 })

let app: App
beforeAll(async () => {
  app = await createApp({
    name: 'flock',
    title: 'Flock',
    log: pino({ level: 'silent' }),
    tokens: null,
    readiness: {},
  })
  const as = (operationId: string, response: object, body?: typeof Named) => ({
    operationId,
    response,
    ...(body !== undefined && { body }),
  })
  const config = { access: 'public' } as const
  app.post(
    '/v1/goats',
    { config: { ...config, once: true }, schema: as('addGoat', { 201: Goat }, Named) },
    (request, reply) => {
      void reply.code(201)
      return { name: idempotencyKeyOf(request), version: 1 }
    },
  )
  app.patch(
    '/v1/goats',
    { config: { ...config, versioned: true }, schema: as('changeGoat', { 200: Goat }) },
    (request) => atVersion(request, changed),
  )
  app.put(
    '/v1/goats',
    { config: { ...config, versioned: 'if-exists' }, schema: as('putGoat', { 200: Goat }) },
    (request) => atVersionIfAny(request, changed),
  )
  app.get('/v1/goats', { config, schema: as('readGoat', { 200: Goat }) }, () => goat)
  app.get('/v1/kids', { config, schema: as('readKid', { 200: Goat }) }, (_request, reply) =>
    reply.header('etag', '"0"').send(goat),
  )
  app.get(
    '/v1/programs',
    { config, schema: as('readProgram', { 200: Type.Object({ version: Type.String() }) }) },
    () => ({ version: '1.2' }),
  )
  app.post('/v1/undeclared', { config, schema: as('addUndeclared', {}) }, (request) =>
    idempotencyKeyOf(request),
  )
  app.patch('/v1/undeclared', { config, schema: as('changeUndeclared', {}) }, (request) =>
    atVersion(request, changed),
  )
  // What forgets to look at the header it declares.
  app.post(
    '/v1/careless',
    { config: { ...config, once: true }, schema: as('addCareless', {}) },
    () => 'made',
  )
  await app.ready()
})
afterAll(() => app.close())

interface Operation {
  readonly parameters?: readonly { readonly $ref: string }[]
  readonly responses: Record<string, { readonly $ref?: string; readonly headers?: object }>
  readonly 'x-problem-codes': readonly string[]
}

const documented = () =>
  openApiOf(app) as unknown as {
    paths: Record<string, Record<string, Operation>>
    components: Record<string, Record<string, Record<string, unknown>>>
  }

const headersOf = (path: string, method: string, status: string) =>
  Object.keys(documented().paths[path]?.[method]?.responses[status]?.headers ?? {})

test.each([
  ['/v1/goats', 'post', ['IdempotencyKey']],
  ['/v1/goats', 'patch', ['IfMatch']],
  ['/v1/goats', 'put', ['IfMatchIfExists']],
  ['/v1/goats', 'get', ['IfNoneMatch']],
  ['/v1/programs', 'get', []],
])('the header parameters of %s %s follow from what it declares', (path, method, names) => {
  const { parameters = [] } = documented().paths[path]?.[method] ?? {}
  expect(parameters).toEqual(names.map((name) => ({ $ref: `#/components/parameters/${name}` })))
})

test('the parameters say whether they must be sent, in which form, with an example', () => {
  expect(documented().components.parameters).toMatchObject({
    IdempotencyKey: {
      name: 'Idempotency-Key',
      in: 'header',
      required: true,
      schema: { minLength: 1, maxLength: 255 },
    },
    IfMatch: { name: 'If-Match', in: 'header', required: true, example: '"3"' },
    IfMatchIfExists: { name: 'If-Match', in: 'header', required: false },
    IfNoneMatch: { name: 'If-None-Match', in: 'header', required: false },
  })
})

test('answers name their headers', () => {
  const always = ['RateLimit', 'RateLimit-Policy', 'X-Request-Id']
  expect(headersOf('/v1/goats', 'post', '201')).toEqual(
    ['ETag', 'Idempotency-Replayed', 'Location', ...always].toSorted(),
  )
  expect(headersOf('/v1/goats', 'patch', '200')).toEqual(['ETag', ...always])
  expect(headersOf('/v1/programs', 'get', '200')).toEqual(always)
  const { paths, components } = documented()
  expect(paths['/v1/goats']?.get?.responses).toMatchObject({
    '304': { $ref: '#/components/responses/Unchanged' },
    '4XX': { $ref: '#/components/responses/Refusal' },
    '5XX': { $ref: '#/components/responses/Outage' },
  })
  expect(components.responses?.Refusal?.headers).toHaveProperty('Retry-After')
})

test('a problem has one of the known codes, and an operation lists those that follow from it', () => {
  const { paths, components } = documented()
  expect(components.schemas?.Problem?.properties).toMatchObject({
    code: { enum: Object.keys(problems).toSorted() },
  })
  const codesOf = (method: string) => paths['/v1/goats']?.[method]?.['x-problem-codes'] ?? []
  expect(codesOf('post')).toEqual(
    expect.arrayContaining(['idempotency-key-missing', 'idempotency-key-reused', 'unavailable']),
  )
  expect(codesOf('patch')).toEqual(
    expect.arrayContaining(['precondition-required', 'version-stale', 'media-type-unsupported']),
  )
  expect(codesOf('get')).not.toContain('version-stale')
  for (const code of codesOf('post')) expect(Object.keys(problems)).toContain(code)
})

test.each([
  ['POST', '/v1/careless', {}, 400, 'idempotency-key-missing'],
  ['POST', '/v1/careless', { 'idempotency-key': 'a b' }, 400, 'idempotency-key-missing'],
  ['PATCH', '/v1/goats', {}, 428, 'precondition-required'],
  ['PATCH', '/v1/goats', { 'if-match': 'W/"1"' }, 412, 'version-stale'],
  ['PUT', '/v1/goats', { 'if-match': 'W/"1"' }, 412, 'version-stale'],
] as const)('%s %s with %j is refused before it does anything', async (...given) => {
  const [method, url, headers, status, code] = given
  const answer = await app.inject({ method, url, headers })
  expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([status, code])
})

test('a body that does not fit is told of before a key that is missing', async () => {
  const answer = await app.inject({ method: 'POST', url: '/v1/goats', payload: { legs: 5 } })
  expect(answer.json()).toMatchObject({ code: 'validation-failed' })
})

test.each(['POST', 'PATCH'] as const)(
  'an operation that looks at a header it does not declare fails: %s',
  async (method) => {
    const headers = { 'idempotency-key': 'k', 'if-match': '"1"' }
    const answer = await app.inject({ method, url: '/v1/undeclared', headers })
    expect(answer.json()).toMatchObject({ code: 'internal-error' })
  },
)

test('what is answered with its version has it for an entity tag, unless the operation gave another', async () => {
  const tagOf = async (url: string) => (await app.inject(url)).headers.etag
  expect(await tagOf('/v1/goats')).toBe('"3"')
  expect(await tagOf('/v1/kids')).toBe('"0"')
  expect(await tagOf('/v1/programs')).toBeUndefined()
})

test('two quotes are a key like another, and quotes around a key are none of it', async () => {
  const keyOf = async (key: string) => {
    const headers = { 'idempotency-key': key }
    const payload = { name: 'x' }
    const answer = await app.inject({ method: 'POST', url: '/v1/goats', headers, payload })
    return answer.json<{ name: string }>().name
  }
  expect(await keyOf('""')).toBe('""')
  expect(await keyOf('"a"')).toBe('a')
})
