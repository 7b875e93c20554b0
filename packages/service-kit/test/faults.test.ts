import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { LocalDate, nullable, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { createApp } from '@erp-steward/service-kit/create-app'
import { pino } from 'pino'
import { Type } from 'typebox'

const strict = { additionalProperties: false }
const Order = Type.Object(
  {
    name: Type.String({ minLength: 2, maxLength: 20, pattern: '^[A-Z]+$' }),
    password: Type.Optional(Type.String({ minLength: 12, maxLength: 80 })),
    priority: Type.Optional(Type.Enum(['P1', 'P2'])),
    copies: Type.Optional(Type.Integer({ minimum: 1, maximum: 9 })),
    unitId: Type.Optional(nullable(Uuid)),
    dueOn: Type.Optional(LocalDate),
    bornOn: Type.Optional(Type.String({ format: 'date', pattern: '^(19|20)' })),
    lines: Type.Optional(Type.Array(Type.Integer())),
    act: Type.Optional(
      Type.Union([
        Type.Object({ kind: Type.Literal('open'), gate: Type.String() }, strict),
        Type.Object({ kind: Type.Literal('shut'), reason: Type.String() }, strict),
      ]),
    ),
  },
  strict,
)

let app: App
beforeAll(async () => {
  app = await createApp({
    name: 'orders',
    title: 'Orders',
    log: pino({ level: 'silent' }),
    tokens: null,
    readiness: {},
  })
  const config = { access: 'public' } as const
  app.post(
    '/v1/orders',
    { config, bodyLimit: 4_000_000, schema: { operationId: 'order', body: Order } },
    () => ({}),
  )
  const querystring = Type.Object({ dryRun: Type.Boolean({ default: false }) })
  app.post('/v1/imports', { config, schema: { operationId: 'load', querystring } }, () => ({}))
  app.get('/v1/orders', { config, schema: { operationId: 'orders' } }, () => ({}))
})
afterAll(() => app.close())

interface Refusal {
  readonly detail: string
  readonly errors: readonly { pointer?: string; parameter?: string; detail: string }[]
}

async function refused(body: unknown, language = 'en'): Promise<Refusal> {
  const headers = { 'content-type': 'application/json', 'accept-language': language }
  const answer = await app.inject({
    method: 'POST',
    url: '/v1/orders',
    headers,
    payload: JSON.stringify(body),
  })
  expect(answer.statusCode).toBe(422)
  return answer.json()
}

test('all faults of a request are told at once, with what is allowed and what was sent', async () => {
  const { errors, detail } = await refused({
    name: 'A',
    priority: 'P7',
    copies: 12,
    unitId: 'none',
    dueOn: '2026-02-30',
    colour: 'red',
  })
  expect(errors).toEqual([
    {
      pointer: '#/colour',
      detail:
        '/colour is not known; known are: name, password, priority, copies, unitId, dueOn, bornOn, lines, act.',
    },
    { pointer: '#/name', detail: '/name must have at least 2 characters.' },
    { pointer: '#/priority', detail: '/priority must be one of "P1", "P2"; it is "P7".' },
    { pointer: '#/copies', detail: '/copies must be at most 9; it is 12.' },
    { pointer: '#/dueOn', detail: '/dueOn must be a date like 2026-11-30; it is "2026-02-30".' },
    { pointer: '#/unitId', detail: '/unitId must be a UUID in small letters; it is "none".' },
  ])
  expect(detail).toBe(errors.map((error) => error.detail).join(' '))
})

test('they are told in Chinese to whoever prefers it', async () => {
  const { errors, detail: whole } = await refused(
    { priority: 'P7', copies: 'two', unitId: 5 },
    'zh-CN,en;q=0.5',
  )
  expect(errors.map(({ detail }) => detail)).toEqual([
    '/name 缺失。',
    '/priority 必须是下列之一："P1", "P2"；现为 "P7"。',
    '/copies 必须是整数，不能是文本。',
    '/unitId 必须是文本或 null，不能是数字。',
  ])
  expect(whole).toBe(errors.map(({ detail }) => detail).join(''))
})

test.each([
  [{ kind: 'open' }, '#/act/gate', '/act/gate is missing.'],
  [
    { kind: 'open', gate: 'A', reason: 'why' },
    '#/act/reason',
    '/act/reason is not known; known are: kind, gate.',
  ],
  [{ kind: 'burn' }, '#/act/kind', '/act/kind must be one of "open", "shut"; it is "burn".'],
  [7, '#/act', '/act must be an object, not a number.'],
])('of a tagged union only the meant branch speaks: %j', async (act, pointer, detail) => {
  expect((await refused({ name: 'AB', act })).errors).toEqual([{ pointer, detail }])
})

test.each([
  ['1.1.1990', '/bornOn must be a date like 2026-11-30; it is "1.1.1990".'],
  ['1899-01-01', '/bornOn must fit the pattern ^(19|20).'],
])('a pattern beside a format speaks only where the format is kept: %s', async (bornOn, detail) => {
  expect((await refused({ name: 'AB', bornOn })).errors).toEqual([{ pointer: '#/bornOn', detail }])
})

test('a secret is never repeated', async () => {
  expect(JSON.stringify(await refused({ name: 'AB', password: 'short-one' }))).not.toContain(
    'short-one',
  )
})

test('of a large request the first fault is told, and of a small one twenty at most', async () => {
  const lines = (count: number) => Array.from({ length: count }, () => 'x')
  expect((await refused({ name: 'AB', lines: lines(50_000) })).errors).toHaveLength(1)
  expect((await refused({ name: 'AB', lines: lines(50) })).errors).toHaveLength(20)
})

test.each([
  ['POST', '/v1/imports?dryrun=true', 'dryrun is not known; known are: dryRun.'],
  ['GET', '/v1/orders?unit=A', 'unit is not known; none is taken here.'],
] as const)(
  '%s %s is refused, for the parameter would change nothing',
  async (method, url, detail) => {
    const answer = await app.inject({ method, url })
    expect(answer.statusCode).toBe(422)
    const [parameter] = detail.split(' ')
    expect(answer.json()).toMatchObject({ errors: [{ parameter, detail }] })
  },
)
