import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { said as bilingual } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { closed, InstantOut, LocalDate, nullable, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { assertReaches, unitInRange } from '@erp-steward/service-kit/authentication'
import { assertVersion } from '@erp-steward/service-kit/commit'
import { createApp } from '@erp-steward/service-kit/create-app'
import { columnsOf, entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import { openApiOf } from '@erp-steward/service-kit/open-api'
import { byInstant, listOf } from '@erp-steward/service-kit/paging'
import {
  changeRoute,
  createRoute,
  listRoute,
  readRoute,
} from '@erp-steward/service-kit/route-shapes'
import { schemaDrift } from '@erp-steward/test-kit/schema-drift'
import { testDatabase, type TestDatabase } from '@erp-steward/test-kit/test-database'
import { bearer, testKeys } from '@erp-steward/test-kit/tokens'
import { pino } from 'pino'
import { Type } from 'typebox'

const NOW = new Date()
const SHEPHERD = '0195f2a0-0000-7000-8000-0000000000a1'
const UNIT = '0195f2a0-0000-7000-8000-0000000000b1'
const OTHER_UNIT = '0195f2a0-0000-7000-8000-0000000000b2'

const SheepView = Type.Object(
  {
    id: Uuid,
    name: Type.String(),
    unitId: Uuid,
    legs: Type.Integer(),
    woolKilograms: nullable(Type.Number()),
    bornOn: nullable(LocalDate),
    bornAt: InstantOut,
    tame: Type.Boolean(),
    friendIds: Type.Array(Uuid),
    nicknames: nullable(Type.Array(Type.String())),
    marks: Type.Array(Type.Object({ colour: Type.String() })),
    coat: Type.Enum(['white', 'black']),
    old: Type.Boolean(),
    version: Type.Integer(),
  },
  { title: 'Sheep' },
)

const SheepEntity = entityOf(SheepView, {
  table: 'sheep',
  derived: ['old'],
  kept: { shepherd: nullable(Type.String()), earTag: Type.Unsafe<Buffer>({}) },
  columns: { earTag: { type: 'bytea' }, legs: { type: 'smallint' } },
  checks: [{ name: 'sheep_legs_check', expression: 'legs >= 0' }],
  uniques: [{ name: 'sheep_name_key', columns: ['unitId', 'name'] }],
})
type Sheep = RowOf<typeof SheepEntity>

let database: TestDatabase
let app: App

beforeAll(async () => {
  database = await testDatabase({
    name: 'incident-tiering',
    entities: [SheepEntity],
    migrations: [],
  })
  const { db } = database
  await db.query(`
    create table sheep (id uuid constraint sheep_pkey primary key, name text not null, unit_id uuid not null,
      legs smallint not null constraint sheep_legs_check check (legs >= 0), wool_kilograms double precision, born_on date,
      born_at timestamptz not null, tame boolean not null, friend_ids uuid[] not null, nicknames text[],
      marks jsonb not null, coat text not null, version integer not null, shepherd text, ear_tag bytea not null,
      constraint sheep_name_key unique (unit_id, name))`)
  app = await createApp({
    name: 'incident-tiering',
    title: 'Flock',
    log: pino({ level: 'silent' }),
    tokens: { keyFor: testKeys, clock: () => NOW, internalToken: null },
    readiness: {},
  })
  const deps = { db, clock: () => NOW }
  const said = { tags: ['sheep'], access: 'ticket.read' } as const
  const view = (sheep: Sheep) => ({ ...sheep, old: sheep.bornAt.getTime() < 0 })

  createRoute(app, deps, '/v1/sheep', {
    ...said,
    operationId: 'addSheep',
    summary: 'A sheep joins the flock.',
    clauses: ['A-1.2'],
    body: closed({
      name: Type.String(),
      unitId: Uuid,
      bornAt: Type.String({ format: 'date-time' }),
      tame: Type.Boolean({ default: true }),
    }),
    answer: SheepView,
    admit: ({ request, body }) => {
      assertReaches(request, body.unitId)
    },
    create: async (tx, { body, act }) => {
      const sheep: Sheep = {
        ...{ id: randomUUID(), ...body, bornAt: new Date(body.bornAt), legs: 4 },
        ...{ woolKilograms: null, bornOn: null, friendIds: [], nicknames: null },
        ...{ marks: [{ colour: 'red' }], coat: 'black', version: 1 },
        ...{ shepherd: act.actor, earTag: Buffer.from([7]) },
      }
      await tx.insert(SheepEntity, sheep)
      return view(sheep)
    },
  })
  listRoute(app, '/v1/sheep', {
    ...said,
    operationId: 'listSheep',
    summary: 'The flock, the youngest first.',
    query: { coat: Type.Optional(Type.Enum(['white', 'black'])) },
    row: SheepView,
    sorting: byInstant('bornAt'),
    list: async ({ query, request, limit, after: [at, id] }) => {
      const rows: Sheep[] = await db.query(
        `select ${columnsOf(SheepEntity, 's')} from sheep s
          where ($1::text is null or coat = $1) and ($2::uuid is null or unit_id = $2)
            and ($3::timestamptz is null or (born_at, id) < ($3, $4::uuid))
          order by born_at desc, id desc limit $5`,
        [query.coat ?? null, unitInRange(request), at, id, limit],
      )
      return rows.map(view)
    },
  })
  readRoute(app, '/v1/sheep/:id', {
    ...said,
    operationId: 'readSheep',
    summary: 'One sheep.',
    answer: SheepView,
    read: async ({ request, params: { id } }) => {
      const sheep = await db.manager.findOneBy(SheepEntity, { id })
      if (sheep === null)
        throw new Problem('ticket-not-found', bilingual('There is no such sheep.', '没有这只羊。'))
      assertReaches(request, sheep.unitId)
      return view(sheep)
    },
  })
  readRoute(app, '/v1/sheep/:id/friends/:name', {
    ...said,
    operationId: 'readFriends',
    summary: 'Friends of one name.',
    params: { name: Type.String({ maxLength: 5 }) },
    answer: listOf(SheepView),
    read: () => Promise.resolve({ items: [] }),
  })
  changeRoute(app, deps, 'PATCH', '/v1/sheep/:id', {
    ...said,
    approves: true,
    operationId: 'renameSheep',
    summary: 'Renames a sheep.',
    body: closed({ name: Type.String() }),
    answer: SheepView,
    admit: ({ body }) => {
      if (body.name === 'wolf')
        throw new Problem('ticket-state', bilingual('A wolf is no sheep.', '狼不是羊。'))
    },
    apply: async (tx, { params: { id }, body: { name }, expected }) => {
      const sheep = await tx.findOneByOrFail(SheepEntity, { id })
      assertVersion(sheep.version, expected)
      const changes = { name, version: expected + 1 }
      await tx.update(SheepEntity, { id }, changes)
      return view({ ...sheep, ...changes })
    },
  })
  await app.ready()
})

afterAll(async () => {
  await app.close()
  await database.release()
})

async function call(
  method: 'GET' | 'POST' | 'PATCH',
  url: string,
  { payload, headers = {}, unit }: { payload?: object; headers?: object; unit?: string } = {},
) {
  const token = bearer({
    sub: SHEPHERD,
    roles: ['OM_AUTHORITY'],
    unit: unit ?? null,
    range: unit === undefined ? 'company' : 'unit',
  })
  const sent = { 'idempotency-key': randomUUID(), ...token, ...headers }
  const answer = await app.inject({ method, url, headers: sent, ...(payload && { payload }) })
  return { status: answer.statusCode, headers: answer.headers, json: answer.json<Answer>() }
}
interface Answer {
  readonly id: string
  readonly code?: string
  readonly items: readonly { readonly name: string }[]
  readonly next: string | null
}

const lamb = (name: string, bornAt = '2026-11-01T00:00:00Z', unitId = UNIT) => ({
  payload: { name, unitId, bornAt },
})

test('the table is what the schema says, and the columns that differ are those that are named', async () => {
  expect(await schemaDrift(database.db)).toEqual([])
})

test('what is created is answered with its version and its place, where it can be read', async () => {
  const made = await call('POST', '/v1/sheep', lamb('dolly'))
  expect(made).toMatchObject({
    status: 201,
    headers: { etag: '"1"', location: `/v1/sheep/${made.json.id}` },
    json: { name: 'dolly', tame: true, coat: 'black', marks: [{ colour: 'red' }], old: false },
  })
  const read = await call('GET', `/v1/sheep/${made.json.id}`)
  expect(read).toMatchObject({ status: 200, headers: { etag: '"1"' }, json: made.json })
  expect(read.json).not.toHaveProperty('shepherd')
  expect(read.json).not.toHaveProperty('earTag')
})

test('a creation needs its key and takes effect once', async () => {
  const bare = await call('POST', '/v1/sheep', {
    ...lamb('once'),
    headers: { 'idempotency-key': '' },
  })
  expect(bare.json.code).toBe('idempotency-key-missing')
  const headers = { 'idempotency-key': 'same' }
  const first = await call('POST', '/v1/sheep', { ...lamb('once'), headers })
  const second = await call('POST', '/v1/sheep', { ...lamb('once'), headers })
  expect(second).toMatchObject({ json: { id: first.json.id } })
  expect(second.headers['idempotency-replayed']).toBe('true')
})

test('what is not admitted is refused before anything is kept, its key too', async () => {
  const headers = { 'idempotency-key': 'refused' }
  const refused = await call('POST', '/v1/sheep', { ...lamb('far'), headers, unit: OTHER_UNIT })
  expect(refused.json.code).toBe('outside-unit')
  const rows: unknown[] = await database.db.query(
    `select from idempotency_key where key = 'refused'`,
  )
  expect(rows).toEqual([])
})

test('a list goes through all rows once, page by page, and shows nothing of another unit', async () => {
  const elsewhere = '0195f2a0-0000-7000-8000-0000000000b3'
  for (const [name, born] of [
    ['a', '2026-10-03T00:00:00Z'],
    ['b', '2026-10-02T00:00:00Z'],
    ['c', '2026-10-02T00:00:00Z'],
  ] as const)
    await call('POST', '/v1/sheep', lamb(name, born, elsewhere))
  const seen: string[] = []
  let next: string | null = ''
  while (next !== null) {
    const cursor: string = next === '' ? '' : `&cursor=${next}`
    const page = await call('GET', `/v1/sheep?limit=1${cursor}`, { unit: elsewhere })
    expect(page.json.items.length).toBeLessThanOrEqual(1)
    seen.push(...page.json.items.map(({ name }) => name))
    next = page.json.next
  }
  expect(seen.toSorted()).toEqual(['a', 'b', 'c'])
  expect(seen[0]).toBe('a')
  const none = await call('GET', '/v1/sheep?coat=white', { unit: elsewhere })
  expect(none.json).toEqual({ items: [], next: null })
})

test.each([
  ['/v1/sheep?coat=green', 'validation-failed'],
  ['/v1/sheep?colour=black', 'validation-failed'],
  ['/v1/sheep?cursor=x', 'validation-failed'],
  ['/v1/sheep?cursor=WyJ4Il0', 'cursor-unusable'],
  ['/v1/sheep/7', 'validation-failed'],
  [`/v1/sheep/${UNIT}/friends/too-long`, 'validation-failed'],
  [`/v1/sheep/${UNIT}`, 'ticket-not-found'],
])('GET %s is refused: %s', async (url, code) => {
  expect((await call('GET', url)).json.code).toBe(code)
})

test('a change needs the version that is there, and one that is not admitted changes nothing', async () => {
  const { json: sheep } = await call('POST', '/v1/sheep', lamb('shaun'))
  const rename = (name: string, tag?: string) =>
    call('PATCH', `/v1/sheep/${sheep.id}`, {
      payload: { name },
      ...(tag !== undefined && { headers: { 'if-match': tag } }),
    })
  expect((await rename('timmy')).json.code).toBe('precondition-required')
  expect((await rename('timmy', '"2"')).json.code).toBe('version-stale')
  expect((await rename('wolf', '"1"')).json.code).toBe('ticket-state')
  expect(await rename('timmy', '"1"')).toMatchObject({
    status: 200,
    headers: { etag: '"2"' },
    json: { name: 'timmy', version: 2 },
  })
})

test('the document says the resource once, by its name, wherever it stands', () => {
  const { paths, components } = openApiOf(app) as {
    paths: Record<string, Record<string, object>>
    components: { schemas: Record<string, object> }
  }
  const resources = Object.keys(components.schemas).filter((name) => !name.endsWith('Problem'))
  expect(resources).toEqual(['Sheep', 'SheepList', 'SheepPage'])
  const answer = (name: string) => ({
    content: { 'application/json': { schema: { $ref: `#/components/schemas/${name}` } } },
  })
  expect(paths['/v1/sheep']).toMatchObject({
    post: { responses: { 201: answer('Sheep') } },
    get: { responses: { 200: answer('SheepPage') } },
  })
  expect(components.schemas.SheepPage).toMatchObject({
    properties: { items: { items: { $ref: '#/components/schemas/Sheep' } } },
  })
  expect(paths['/v1/sheep/{id}/friends/{name}']?.get).toMatchObject({
    'x-permission': 'ticket.read',
    responses: { 200: answer('SheepList') },
  })
  expect(paths['/v1/sheep']?.post).toMatchObject({
    'x-regulation-clauses': ['A-1.2'],
    requestBody: {
      content: { 'application/json': { schema: { required: ['name', 'unitId', 'bornAt'] } } },
    },
  })
})
