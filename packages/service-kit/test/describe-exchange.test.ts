import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { problems } from '@erp-steward/contracts/problems'
import type { App } from '@erp-steward/service-kit/app'
import { createApp } from '@erp-steward/service-kit/create-app'
import { openApiOf } from '@erp-steward/service-kit/open-api'
import { atVersion, atVersionIfAny, idempotencyKeyOf } from '@erp-steward/service-kit/preconditions'
import { pino } from 'pino'
import { Type, type TSchema } from 'typebox'

const Goat = Type.Object({ name: Type.String(), version: Type.Integer() })
const Named = Type.Object({ name: Type.String() }, { additionalProperties: false })
const Shearing = Type.Object({
  sheep: Type.Integer({ maximum: 2_147_483_647 }),
  hairs: Type.Integer({ maximum: 2_147_483_648 }),
  days: Type.Integer(),
  of: Type.String(),
})
const goat = { name: 'heidi', version: 3 }
const changed = (expected: number | null) =>
  Promise.resolve({ ...goat, version: (expected ?? 0) + 1 })

let app: App
/** Lines of the log. */
const noted: unknown[] = []
beforeAll(async () => {
  app = await createApp({
    name: 'flock',
    title: 'Flock',
    log: pino({ level: 'warn' }, { write: (line) => noted.push(JSON.parse(line)) }),
    tokens: null,
    readiness: {},
  })
  const as = (operationId: string, response: object, body?: TSchema) => ({
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
  app.get(
    '/v1/goats',
    {
      config,
      schema: {
        ...as('readGoat', { 200: Goat }),
        problems: ['person-twin'],
      },
    },
    ({ headers }) => {
      if (headers.from === 'wolf') throw new Problem('ticket-state', said('Not now.', '现在不行。'))
      return goat
    },
  )
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
  app.post(
    '/v1/shearings',
    { config, schema: as('shear', { 200: Shearing }, Type.Union([Named, Type.Null()])) },
    ({ body }) => ({ sheep: 1, hairs: 2, days: 3, of: body === undefined ? 'all' : 'one' }),
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

interface Answer {
  readonly $ref?: string
  readonly headers?: object
  readonly content?: Readonly<Record<string, { readonly schema: { readonly $ref: string } }>>
}

interface Operation {
  readonly requestBody?: { readonly required?: boolean }
  readonly parameters?: readonly { readonly $ref: string }[]
  readonly responses: Record<string, Answer>
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
    '5XX': { $ref: '#/components/responses/Outage' },
  })
  expect(headersOf('/v1/goats', 'get', '4XX')).toContain('Retry-After')
  expect(components.responses?.Outage?.headers).toHaveProperty('Retry-After')
})

/** What refuses an operation: its codes, and the members that come with them. */
function refusalOf(method: string) {
  const { paths, components } = documented()
  const answer = paths['/v1/goats']?.[method]?.responses['4XX']?.content ?? {}
  const name = answer['application/problem+json']?.schema.$ref.split('/').at(-1) ?? ''
  const schema = components.schemas?.[name] as
    { readonly allOf: readonly [object, { properties: { code: { enum: string[] } } }] } | undefined
  const { code, ...members } = schema?.allOf[1].properties ?? { code: { enum: [] } }
  return { name, codes: code.enum, members: Object.keys(members) }
}

test('a problem has one of the known codes, and an operation lists those that follow from it', () => {
  const { components } = documented()
  expect(components.schemas?.Problem?.properties).toMatchObject({
    code: { enum: Object.keys(problems).toSorted() },
  })
  const codesOf = (method: string) => refusalOf(method).codes
  expect(codesOf('post')).toEqual(
    expect.arrayContaining(['idempotency-key-missing', 'idempotency-key-reused']),
  )
  expect(codesOf('patch')).toEqual(
    expect.arrayContaining(['precondition-required', 'version-stale', 'media-type-unsupported']),
  )
  expect(codesOf('get')).not.toContain('version-stale')
  for (const code of codesOf('post')) expect(Object.keys(problems)).toContain(code)
})

test('an operation lists the problems of its rules, with the members that they come with', () => {
  expect(refusalOf('get')).toMatchObject({
    name: 'ReadGoatProblem',
    codes: expect.arrayContaining(['person-twin', 'malformed-request']),
    members: ['twinId', 'violated-policies'],
  })
  expect(refusalOf('patch').codes).not.toContain('person-twin')
  expect(refusalOf('patch').members).toContain('currentVersion')
})

test('a problem that an operation does not declare is answered all the same, and noted', async () => {
  const answer = await app.inject({ url: '/v1/goats', headers: { from: 'wolf' } })
  expect(answer.json()).toMatchObject({ status: 409, code: 'ticket-state' })
  expect(noted).toContainEqual(expect.objectContaining({ code: 'ticket-state' }))
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

test('a body may stay away where it may be null, and nowhere else', async () => {
  const bodyOf = (path: string) => documented().paths[path]?.post?.requestBody
  expect([bodyOf('/v1/shearings')?.required, bodyOf('/v1/goats')?.required]).toEqual([false, true])
  const answer = await app.inject({ method: 'POST', url: '/v1/shearings' })
  expect(answer.json()).toMatchObject({ of: 'all' })
  const refused = await app.inject({
    ...{ method: 'POST', url: '/v1/goats', headers: { 'idempotency-key': 'none' } },
  })
  expect(refused.json()).toMatchObject({ code: 'validation-failed' })
})

test('a whole number says how wide it is, so that no client cuts it', () => {
  const { paths } = openApiOf(app) as { paths: Record<string, Record<string, object>> }
  expect(paths['/v1/shearings']?.post).toMatchObject({
    responses: {
      200: {
        content: {
          'application/json': {
            schema: {
              properties: {
                sheep: { type: 'integer', maximum: 2_147_483_647, format: 'int32' },
                hairs: { type: 'integer', maximum: 2_147_483_648, format: 'int64' },
                days: { type: 'integer', format: 'int64' },
              },
            },
          },
        },
      },
    },
  })
})

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
