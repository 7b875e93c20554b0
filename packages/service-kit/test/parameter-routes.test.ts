import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import type { App } from '@erp-steward/service-kit/app'
import { setGuardedParameter } from '@erp-steward/service-kit/change-parameter'
import { decidersOf } from '@erp-steward/service-kit/measured-interest'
import { createApp } from '@erp-steward/service-kit/create-app'
import { parameterRoutes } from '@erp-steward/service-kit/parameter-routes'
import { proposalRoutes } from '@erp-steward/service-kit/proposal-routes'
import { parameters } from '@erp-steward/regulation/parameters'
import { testDatabase, type TestDatabase } from '@erp-steward/test-kit/test-database'
import { bearer, testKeys, type TestCaller } from '@erp-steward/test-kit/tokens'
import { pino } from 'pino'

const SERVICE = 'monitoring-ingest'
const START = new Date()
const FAR = Math.floor(START.getTime() / 1_000) + 400 * 86_400
const id = (last: string) => `0195f2a0-0000-7000-8000-0000000000${last}`
const [UNIT, OTHER_UNIT] = [id('b1'), id('b2')]
const [ANNA, BERT, CARL] = [id('c1'), id('c2'), id('c3')]
const CRITICAL = 'monitoring.threshold.cpu.critical'
const WARNING = 'monitoring.threshold.cpu.warning'

let database: TestDatabase
let app: App
let now = START

beforeAll(async () => {
  database = await testDatabase({ name: SERVICE, entities: [], migrations: [] })
  const { db } = database
  await db.query(`
    create table person (id uuid primary key, unit_id uuid not null, active boolean not null,
      department_id uuid, roles text[] not null default '{}',
      account_status text not null default 'active');
    create table person_past (person_id uuid not null, unit_id uuid not null, department_id uuid,
      roles text[] not null, until timestamptz not null)
  `)
  app = await createApp({
    name: SERVICE,
    title: 'Limits',
    log: pino({ level: 'silent' }),
    tokens: { keyFor: testKeys, clock: () => now, internalToken: null },
    readiness: {},
  })
  const deps = { service: SERVICE, db, clock: () => now } as const
  parameterRoutes(app, { ...deps, unitExists: () => Promise.resolve(true) })
  proposalRoutes(app, { ...deps, kinds: [setGuardedParameter(SERVICE)] })
  await app.ready()
})
afterAll(async () => {
  await app.close()
  await database.release()
})
beforeEach(async () => {
  now = START
  await database.db.query('truncate proposal, parameter_version, outbox, person, person_past')
  await database.db.query('insert into person values ($1, $3, true), ($2, $4, true)', [
    ...[ANNA, CARL, UNIT, OTHER_UNIT],
  ])
})

const as = (claims: TestCaller) => bearer({ exp: FAR, ...claims })
const bert = as({ roles: ['SECURITY_ADMIN'], person: BERT, sub: id('d2') })
const carl = as({ roles: ['AUDIT_ADMIN'], person: CARL, unit: OTHER_UNIT, sub: id('d3') })

const url = (key: string) => `/v1/parameters/${SERVICE}/${key}`
async function set(
  key: string,
  value: unknown,
  {
    unitId = null as string | null,
    caller = bert,
    validFrom = undefined as string | undefined,
  } = {},
) {
  const read = await app.inject({
    method: 'GET',
    url: `${url(key)}${unitId === null ? '' : `?unitId=${unitId}`}`,
    headers: bert,
  })
  return app.inject({
    method: 'PUT',
    url: url(key),
    headers: { ...caller, 'if-match': String(read.headers.etag) },
    payload: { unitId, value, validFrom, reason: 'A test.' },
  })
}
const approve = (location: unknown, caller = carl) =>
  app.inject({
    method: 'POST',
    url: `${String(location)}/approve`,
    headers: { ...caller, 'if-match': '"1"', 'content-type': 'application/json' },
    payload: 'null',
  })
async function read(key: string, unitId: string | null = null) {
  const answer = await app.inject({
    method: 'GET',
    url: `${url(key)}${unitId === null ? '' : `?unitId=${unitId}`}`,
    headers: bert,
  })
  return answer.json<{ value: unknown; version: number; history: object[] }>()
}
const codeOf = (answer: Awaited<ReturnType<typeof set>>) =>
  answer.statusCode < 300 ? answer.statusCode : answer.json<{ code: string }>().code

test('[A-3.2.2] a limit is tightened by one person and raised by two, who both stand in the history', async () => {
  expect(codeOf(await set(CRITICAL, 85))).toBe(200)
  const raised = await set(CRITICAL, 99)
  expect(raised.statusCode).toBe(202)
  expect(raised.json()).toMatchObject({ kind: 'parameter.set', body: { key: CRITICAL, value: 99 } })
  expect(await read(CRITICAL)).toMatchObject({ value: 85, version: 1 })
  expect(codeOf(await approve(raised.headers.location, bert))).toBe('permission-missing')
  expect(codeOf(await approve(raised.headers.location))).toBe(200)
  expect(await read(CRITICAL)).toMatchObject({
    ...{ value: 99, version: 2, guarded: true, stricter: 'lower', inEffect: true },
    history: [
      { version: 2, author: id('d2'), approvedBy: id('d3') },
      { version: 1, author: id('d2'), approvedBy: null },
    ],
  })
})

test('taking a value back asks for a second person where what answers then asks less', async () => {
  expect(codeOf(await set(CRITICAL, 85))).toBe(200)
  expect(codeOf(await set(CRITICAL, null))).toBe(202)
  expect(codeOf(await set(CRITICAL, 84, { unitId: UNIT }))).toBe(200)
  expect(codeOf(await set(CRITICAL, null, { unitId: UNIT }))).toBe(202)
  expect(codeOf(await set(CRITICAL, 84))).toBe(200)
})

test('a value for next month is compared with what holds then', async () => {
  const [soon, later] = [30, 60].map((days) =>
    new Date(START.getTime() + days * 86_400_000).toISOString(),
  )
  expect(codeOf(await set(CRITICAL, 82, { validFrom: soon }))).toBe(200)
  expect(codeOf(await set(CRITICAL, 85, { validFrom: later }))).toBe(202)
  expect(codeOf(await set(CRITICAL, 85))).toBe(200)
})

test('[A-3.2.2] a value is compared with what is decided for later too: of the unit, and of the company above it', async () => {
  const unitId = UNIT
  // Nine seconds on, the company asks more; a unit's value of today would stay below it.
  const soon = new Date(START.getTime() + 9_000).toISOString()
  expect(codeOf(await set(CRITICAL, 82, { validFrom: soon }))).toBe(200)
  expect(codeOf(await set(CRITICAL, 90, { unitId }))).toBe(202)
  expect(codeOf(await set(CRITICAL, 85, { unitId: OTHER_UNIT }))).toBe(202)
  expect(codeOf(await set(CRITICAL, 81, { unitId }))).toBe(200)
})

test('a value is compared from its own beginning on, with what begins after it', async () => {
  const inDays = (days: number) => new Date(START.getTime() + days * 86_400_000).toISOString()
  const unitId = UNIT
  expect(codeOf(await set(CRITICAL, 85, { unitId, validFrom: inDays(1) }))).toBe(200)
  expect(codeOf(await set(CRITICAL, 82, { unitId, validFrom: inDays(4) }))).toBe(200)
  expect(codeOf(await set(CRITICAL, 83, { validFrom: inDays(6) }))).toBe(200)
  // It is over when that of the fourth day begins.
  expect(codeOf(await set(CRITICAL, 84, { unitId, validFrom: inDays(3) }))).toBe(200)
  expect(codeOf(await set(CRITICAL, 83, { unitId, validFrom: inDays(5) }))).toBe(202)
})

test('a value that would hold from yesterday is refused, and so is one that waited past its day', async () => {
  const yesterday = new Date(START.getTime() - 86_400_000).toISOString()
  const refused = await set(CRITICAL, 85, { validFrom: yesterday })
  expect(refused.json()).toMatchObject({
    code: 'parameter-refused',
    errors: [{ pointer: '#/validFrom' }],
  })
  const tomorrow = new Date(START.getTime() + 86_400_000).toISOString()
  const raised = await set(CRITICAL, 95, { validFrom: tomorrow })
  now = new Date(START.getTime() + 2 * 86_400_000)
  expect(codeOf(await approve(raised.headers.location))).toBe(200)
  const { history } = await read(CRITICAL)
  expect(history).toMatchObject([{ validFrom: now.toISOString() }])
})

test('why a value is refused is told in Chinese to whoever prefers it', async () => {
  const caller = { ...bert, 'accept-language': 'zh-CN' }
  const refused = await set(CRITICAL, 1_000, { caller })
  expect(refused.headers['content-language']).toBe('zh-CN')
  expect(refused.json()).toMatchObject({
    code: 'parameter-refused',
    detail: expect.stringMatching(/^monitoring\S+ 必须为 [\d.]+ 至 [\d.]+ %。$/),
    errors: [{ pointer: '#/value', detail: expect.stringMatching(/^必须为 [\d.]+ 至 [\d.]+ %$/) }],
  })
  const shown = await app.inject({ url: url(CRITICAL), headers: caller })
  expect(shown.json()).toMatchObject({ unit: '%', title: expect.stringMatching(/\p{Script=Han}/u) })
})

test('nobody sets or approves a value of the own unit, whatever the account says', async () => {
  const own = as({ roles: ['SECURITY_ADMIN'], person: ANNA })
  const client = as({ roles: ['SECURITY_ADMIN'], kind: 'client', controllers: [ANNA] })
  const byUnit = as({ roles: ['SECURITY_ADMIN'], person: id('c7'), unit: UNIT })
  for (const caller of [own, client, byUnit]) {
    expect(codeOf(await set(CRITICAL, 99, { unitId: UNIT, caller }))).toBe('concerned')
    expect(codeOf(await set(CRITICAL, 85, { unitId: UNIT, caller }))).toBe('concerned')
  }
  const raised = await set(CRITICAL, 99, { unitId: UNIT })
  const colleague = as({ roles: ['SYSTEM_ADMIN'], person: id('c8'), unit: UNIT })
  const moved = as({ roles: ['SYSTEM_ADMIN'], person: ANNA, unit: OTHER_UNIT })
  expect(codeOf(await approve(raised.headers.location, colleague))).toBe('concerned')
  expect(codeOf(await approve(raised.headers.location, moved))).toBe('concerned')
  expect((await read(CRITICAL, UNIT)).value).toBe(90)
  expect(codeOf(await approve(raised.headers.location))).toBe(200)
  expect((await read(CRITICAL, UNIT)).value).toBe(99)
})

const [OPERATIONS, AUDIT] = [id('e1'), id('e2')]
/** Somebody in the directory, and what that person was a while ago. */
async function known(
  person: string,
  {
    unit = OTHER_UNIT,
    department = AUDIT,
    roles = [] as string[],
    before = null as { department?: string; roles?: string[]; days: number } | null,
  },
) {
  await database.db.query(
    `insert into person values ($1, $2, true, $3, $4) on conflict (id) do update
       set unit_id = excluded.unit_id, department_id = excluded.department_id, roles = excluded.roles`,
    [person, unit, department, roles],
  )
  if (before !== null)
    await database.db.query('insert into person_past values ($1, $2, $3, $4, $5)', [
      ...[person, unit, before.department ?? department, before.roles ?? roles],
      new Date(START.getTime() - before.days * 86_400_000),
    ])
}

test.each<[string, Parameters<typeof known>[1], TestCaller]>([
  ['who holds the role now', {}, { roles: ['OM_AUTHORITY'] }],
  ['who holds it by another account', { roles: ['OM_AUTHORITY'] }, { roles: ['SYSTEM_ADMIN'] }],
  ['who carries the work out', { roles: ['OM_PROVIDER'] }, { roles: ['AUDIT_ADMIN'] }],
  ['a colleague of the department', { department: OPERATIONS }, { roles: ['SYSTEM_ADMIN'] }],
  [
    'a colleague who moved away last month',
    { before: { department: OPERATIONS, days: 30 } },
    { roles: ['AUDIT_ADMIN'] },
  ],
  [
    'who gave the role back last month',
    { before: { roles: ['OM_AUTHORITY'], days: 30 } },
    { roles: ['AUDIT_ADMIN'] },
  ],
])(
  '[A-3.2.2][A-5.2.3] a limit for the company that measures the authority is not loosened by %s',
  async (_who, state, caller) => {
    await known(ANNA, { department: OPERATIONS, roles: ['OM_AUTHORITY'] })
    await known(CARL, state)
    const raised = await set(CRITICAL, 99)
    const decider = as({ person: CARL, unit: OTHER_UNIT, ...caller })
    expect(codeOf(await approve(raised.headers.location, decider))).toBe('concerned')
    expect((await read(CRITICAL)).value).toBe(90)
  },
)

test('[A-3.2.2] of another interest is who was of the department a quarter ago, or works in another one', async () => {
  await known(ANNA, { department: OPERATIONS, roles: ['OM_AUTHORITY'] })
  await known(CARL, { before: { department: OPERATIONS, roles: ['OM_AUTHORITY'], days: 93 } })
  const raised = await set(CRITICAL, 99)
  expect(codeOf(await approve(raised.headers.location))).toBe(200)
})

test('[A-2.2.5] what binds the administrators is decided by none of them', async () => {
  const list = await app.inject({ method: 'GET', url: `/v1/parameters/${SERVICE}`, headers: bert })
  const { items } = list.json<{ items: { key: string; deciders: string[] }[] }>()
  expect(new Set(items.map(({ deciders }) => deciders.join()))).toEqual(
    new Set(['SYSTEM_ADMIN,AUDIT_ADMIN']),
  )
  expect(decidersOf('identity.password.admin_min_length')).toEqual(['OM_AUTHORITY'])
  expect(decidersOf('gateway.session.admin_idle')).toEqual(['OM_AUTHORITY'])
  expect(decidersOf('backup.rpo')).toEqual(['AUDIT_ADMIN'])
  expect(decidersOf('identity.password.min_length')).toHaveLength(3)
  for (const { key } of parameters) expect(decidersOf(key)).not.toEqual([])
})

test('an approval does not change what was set meanwhile', async () => {
  const raised = await set(CRITICAL, 99)
  expect(codeOf(await set(CRITICAL, 85))).toBe(200)
  expect(codeOf(await approve(raised.headers.location))).toBe('proposal-stale')
  expect((await read(CRITICAL)).value).toBe(85)
})

test('a warning stays below the critical limit, for the company and for a unit of its own', async () => {
  expect(codeOf(await set(CRITICAL, 80))).toBe('parameter-refused')
  expect(codeOf(await set(CRITICAL, 81))).toBe(200)
  expect(codeOf(await set(WARNING, 81))).toBe('parameter-refused')
  expect(codeOf(await set(WARNING, 60, { unitId: UNIT }))).toBe(200)
  expect(codeOf(await set(WARNING, 50))).toBe(200)
  expect(codeOf(await set(CRITICAL, 55))).toBe('parameter-refused')
  const raised = await set(WARNING, 79)
  expect(codeOf(await set(CRITICAL, 70))).toBe(200)
  expect(codeOf(await approve(raised.headers.location))).toBe('parameter-refused')
})

test('what no code reads says so where it is listed, read and set', async () => {
  const key = 'monitoring.vuln.scan'
  expect(await read(key)).toMatchObject({ inEffect: false })
  const answer = await set(key, 'P1W')
  expect([answer.statusCode, answer.json<unknown>()]).toEqual([
    200,
    expect.objectContaining({ inEffect: false, approvedBy: null }),
  ])
  const list = await app.inject({ method: 'GET', url: `/v1/parameters/${SERVICE}`, headers: bert })
  const { items } = list.json<{ items: { key: string; inEffect: boolean }[] }>()
  expect(items.find((each) => each.key === key)).toMatchObject({ inEffect: false })
  expect(items.find((each) => each.key === CRITICAL)).toMatchObject({ inEffect: true })
})
