import { fork } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { defineEvent } from '@erp-steward/contracts/event'
import { ServiceAlive } from '@erp-steward/contracts/platform-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { createConsumer, on } from '@erp-steward/messaging/consumer'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { App } from '@erp-steward/service-kit/app'
import { assertVersion, change, createOnce } from '@erp-steward/service-kit/commit'
import { createApp } from '@erp-steward/service-kit/create-app'
import { deadLetterRoutes, discardParked } from '@erp-steward/service-kit/dead-letter-routes'
import { freeJobsOfTheDead } from '@erp-steward/service-kit/jobs-of-the-dead'
import {
  defineTask,
  enqueue,
  enqueueAll,
  startJobs,
  type Task,
} from '@erp-steward/service-kit/jobs'
import { proposalRoutes } from '@erp-steward/service-kit/proposal-routes'
import { readParameter, readParameters, setParameter } from '@erp-steward/service-kit/parameters'
import { sayAlive, sayAliveCrontab } from '@erp-steward/service-kit/say-alive'
import { eventually } from '@erp-steward/test-kit/eventually'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import { testAct } from '@erp-steward/test-kit/test-act'
import { testDatabase, type TestDatabase } from '@erp-steward/test-kit/test-database'
import { bearer, testKeys } from '@erp-steward/test-kit/tokens'
import type pg from 'pg'
import { pino } from 'pino'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'

const SERVICE = 'incident-tiering'
const HOUR = 3_600_000
const START = new Date()
const UNIT = '0195f2a0-0000-7000-8000-0000000000b1'
const OTHER_UNIT = '0195f2a0-0000-7000-8000-0000000000b2'
const ANNA = '0195f2a0-0000-7000-8000-0000000000c1'
const BERT = '0195f2a0-0000-7000-8000-0000000000c2'

const SheepShorn = defineEvent({
  type: 'incident.sheep.shorn.v1',
  summary: 'A sheep was shorn.',
  clauses: [],
  payload: Type.Object({}),
})

let database: TestDatabase
let app: App
let now = START

beforeAll(async () => {
  database = await testDatabase({ name: SERVICE, entities: [], migrations: [] })
  const { db } = database
  await db.query(`
    create table sheep (name text primary key, version integer not null default 1);
    create table shorn (name text not null);
    create table person (id uuid primary key, unit_id uuid not null, active boolean not null,
      department_id uuid, roles text[] not null default '{}',
      account_status text not null default 'active');
    create table person_past (person_id uuid not null, unit_id uuid not null, department_id uuid,
      roles text[] not null, until timestamptz not null)`)
  app = await createApp({
    name: SERVICE,
    title: 'Flock',
    log: pino({ level: 'silent' }),
    tokens: { keyFor: testKeys, clock: () => now, internalToken: null },
    readiness: {},
  })
  const deps = { db, clock: () => now }
  const Named = Type.Object({ name: Type.String() }, { additionalProperties: false })
  app.post(
    '/v1/sheep',
    {
      config: { access: 'signed-in', once: true },
      schema: { operationId: 'addSheep', body: Named },
    },
    (request, reply) =>
      createOnce(deps, request, reply, async (tx) => {
        const { name } = request.body
        await tx.query('insert into sheep (name) values ($1)', [name])
        if (name.startsWith('refused'))
          throw new Problem('ticket-state', said('Not now.', '现在不行。'))
        if (name.startsWith('crash'))
          await tx.query('select pg_terminate_backend(pg_backend_pid())')
        if (name.startsWith('slow')) await tx.query('select pg_sleep(0.2)')
        return { body: { name }, location: `/v1/sheep/${name}`, version: 1 }
      }),
  )
  app.put(
    '/v1/sheep/:name',
    {
      config: { access: 'signed-in', versioned: true },
      schema: { operationId: 'changeSheep', params: Named },
    },
    (request, reply) =>
      change(deps, request, reply, async (tx, _act, expected) => {
        const rows: { version: number }[] = await tx.query(
          'select version from sheep where name = $1 for update',
          [request.params.name],
        )
        const [{ version } = { version: null }] = rows
        if (version === null)
          throw new Problem(
            'version-stale',
            said('There is nothing to change yet.', '尚无可更改的内容。'),
          )
        assertVersion(version, expected)
        await tx.query('update sheep set version = version + 1 where name = $1', [
          request.params.name,
        ])
        return { version: version + 1 }
      }),
  )
  const log = pino({ level: 'silent' })
  const consumer = createConsumer({
    ...deps,
    service: SERVICE,
    subscriptions: [
      on(SheepShorn, async (tx, { subject }) => {
        if (subject === 'away') await tx.query('select pg_terminate_backend(pg_backend_pid())')
        throw new Error('select * from a_table_of_ours')
      }),
    ],
    log,
  })
  deadLetterRoutes(app, { ...deps, service: SERVICE, consumer })
  proposalRoutes(app, { ...deps, service: SERVICE, kinds: [discardParked(SERVICE)] })
  await app.ready()
})
afterAll(async () => {
  await app.close()
  await database.release()
})
beforeEach(async () => {
  now = START
  await database.db.query('truncate sheep, shorn, idempotency_key, parameter_version, outbox')
})

/** Valid for two days by every clock of the tests. */
const as = (sub: string) =>
  bearer({ roles: ['KEY_USER'], sub, exp: Math.floor(START.getTime() / 1_000) + 48 * 3_600 })

const add = (name: string, key: string | undefined, caller = ANNA) =>
  app.inject({
    method: 'POST',
    url: '/v1/sheep',
    headers: { ...as(caller), ...(key !== undefined && { 'idempotency-key': key }) },
    payload: { name },
  })

const names = async (): Promise<string[]> => {
  const rows: { name: string }[] = await database.db.query('select name from sheep order by name')
  return rows.map(({ name }) => name)
}

test('a creation repeated with its key has the same answer and one effect', async () => {
  const first = await add('dolly', 'key-1')
  expect(first.statusCode).toBe(201)
  const again = await add('dolly', 'key-1')
  expect(again.statusCode).toBe(201)
  expect(again.body).toBe(first.body)
  expect(again.headers).toMatchObject({
    location: '/v1/sheep/dolly',
    etag: '"1"',
    'idempotency-replayed': 'true',
  })
  expect(first.headers).not.toHaveProperty('idempotency-replayed')
  expect(await names()).toEqual(['dolly'])
})

test('quotes around a key, as the draft standard writes it, do not make it another key', async () => {
  await add('dolly', '"key-1"')
  expect((await add('dolly', 'key-1')).headers['idempotency-replayed']).toBe('true')
})

test('a key used for another body is refused and has no effect', async () => {
  await add('dolly', 'key-1')
  const other = await add('molly', 'key-1')
  expect(other.statusCode).toBe(422)
  expect(other.json()).toMatchObject({ code: 'idempotency-key-reused' })
  expect(await names()).toEqual(['dolly'])
})

test('a key belongs to its caller: another caller with the same key creates', async () => {
  await add('dolly', 'key-1', ANNA)
  expect((await add('molly', 'key-1', BERT)).statusCode).toBe(201)
  expect(await names()).toEqual(['dolly', 'molly'])
})

test.each([undefined, '', ' ', 'a b', 'é', 'k'.repeat(256)])(
  'a creation with the key %j is refused',
  async (key) => {
    const answer = await add('dolly', key)
    expect(answer.statusCode).toBe(400)
    expect(answer.json()).toMatchObject({ code: 'idempotency-key-missing' })
    expect(await names()).toEqual([])
  },
)

test('the same creation ten times at once has one effect and ten equal answers', async () => {
  const answers = await Promise.all(Array.from({ length: 10 }, () => add('slow', 'key-1')))
  expect(new Set(answers.map(({ statusCode, body }) => `${String(statusCode)} ${body}`))).toEqual(
    new Set(['201 {"name":"slow"}']),
  )
  expect(
    answers.filter(({ headers }) => headers['idempotency-replayed'] === undefined),
  ).toHaveLength(1)
  expect(await names()).toEqual(['slow'])
})

test.each([
  ['refused by a rule', 'refused', 409],
  ['cut off by the end of its connection', 'crash', 503],
])('a creation %s keeps neither effect nor key', async (_what, name, status) => {
  expect((await add(name, 'key-1')).statusCode).toBe(status)
  expect(await names()).toEqual([])
  expect((await add('dolly', 'key-1')).statusCode).toBe(201)
})

test('an answer can be had again for 24 hours, to the millisecond', async () => {
  await add('dolly', 'key-1')
  now = new Date(START.getTime() + 24 * HOUR)
  expect((await add('dolly', 'key-1')).headers['idempotency-replayed']).toBe('true')
  now = new Date(START.getTime() + 24 * HOUR + 1)
  // The key is free again, for another body too.
  expect((await add('molly', 'key-1')).statusCode).toBe(201)
  expect((await add('molly', 'key-1')).headers['idempotency-replayed']).toBe('true')
  expect(await names()).toEqual(['dolly', 'molly'])
})

const put = (ifMatch: string | undefined) =>
  app.inject({
    method: 'PUT',
    url: '/v1/sheep/dolly',
    headers: { ...as(ANNA), ...(ifMatch !== undefined && { 'if-match': ifMatch }) },
  })

test.each([
  [undefined, 428, 'precondition-required'],
  ['W/"1"', 412, 'version-stale'],
  ['1', 412, 'version-stale'],
  ['"2", "3"', 412, 'version-stale'],
  ['"2", W/"1"', 412, 'version-stale'],
  ['"x", "a,b"', 412, 'version-stale'],
  ['"1" "2', 412, 'version-stale'],
  ['1, "1"', 412, 'version-stale'],
  ['*, "1"', 412, 'version-stale'],
  ['"*"', 412, 'version-stale'],
  ['"99999999999"', 412, 'version-stale'],
  ['"-1"', 412, 'version-stale'],
  ['"2"', 412, 'version-stale'],
])('a change with If-Match %s is answered with %i %s', async (ifMatch, status, code) => {
  await add('dolly', 'key-1')
  const answer = await put(ifMatch)
  expect(answer.statusCode).toBe(status)
  expect(answer.json()).toMatchObject({ code })
})

test.each(['*', ' * ', '"1"', '"1", "2"', '"7","1"', '"a,b" , ,W/"5", "1",', '"3", "2", "1"'])(
  'a change with If-Match %s is made where version 1 is current',
  async (ifMatch) => {
    await add('dolly', 'key-1')
    const answer = await put(ifMatch)
    expect([answer.statusCode, answer.headers.etag]).toEqual([200, '"2"'])
  },
)

test('of changes at once with If-Match * each is made, on top of the one before', async () => {
  await add('dolly', 'key-1')
  const answers = await Promise.all([put('*'), put('*'), put('*')])
  expect(answers.map(({ headers }) => headers.etag).toSorted()).toEqual(['"2"', '"3"', '"4"'])
})

test('what is not there has no current version for If-Match *', async () => {
  const answer = await put('*')
  expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([412, 'version-stale'])
})

test('of two changes of one version at once, one is made and one is stale', async () => {
  await add('dolly', 'key-1')
  const answers = await Promise.all([put('"1"'), put('"1"')])
  expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, 412])
  const [made] = answers.filter(({ statusCode }) => statusCode === 200)
  expect(made?.headers.etag).toBe('"2"')
  const [stale] = answers.filter(({ statusCode }) => statusCode === 412)
  expect(stale?.json()).toMatchObject({ currentVersion: 2 })
})

const KEY = 'incident.sla.p1.ack'
const target = (within: string) => ({ clock: 'continuous', within })
const NOON = new Date('2026-11-23T12:00:00Z')

const set = (unitId: string | null, within: string, expected: number, validFrom?: string) =>
  database.db.transaction((tx) =>
    setParameter(
      tx,
      SERVICE,
      {
        key: KEY,
        unitId,
        value: target(within),
        reason: 'A test.',
        ...(validFrom !== undefined && { validFrom }),
      },
      expected,
      testAct({ now: NOON }),
    ),
  )
const read = (unitId: string | null, at = NOON) =>
  readParameter(database.db.manager, KEY, unitId, at)

test('[A-4.1.2] the value of the unit goes before that of the company, and that before the shipped one', async () => {
  const shipped = await read(UNIT)
  expect(shipped).toMatchObject({ source: 'shipped', version: 0 })
  await set(null, 'PT11M', 0)
  expect(await read(UNIT)).toEqual({ source: 'company', version: 1, value: target('PT11M') })
  await set(UNIT, 'PT12M', 0)
  expect(await read(UNIT)).toEqual({ source: 'unit', version: 1, value: target('PT12M') })
  expect(await read(OTHER_UNIT)).toMatchObject({ source: 'company' })
  expect(await read(null)).toMatchObject({ source: 'company' })
})

test('[A-4.1.2] a value holds from its first instant on, and earlier decisions stay explicable', async () => {
  await set(null, 'PT11M', 0, '2026-12-01T00:00:00+08:00')
  await set(null, 'PT12M', 1, '2026-12-02T00:00:00+08:00')
  const at = async (instant: string) => (await read(null, new Date(instant))).version
  expect(await at('2026-11-30T15:59:59.999Z')).toBe(0)
  expect(await at('2026-11-30T16:00:00.000Z')).toBe(1)
  expect(await at('2026-12-01T15:59:59.999Z')).toBe(1)
  expect(await at('2026-12-01T16:00:00.000Z')).toBe(2)
  expect(await at('9999-12-31T23:59:59.999Z')).toBe(2)
})

test('[A-4.1.2] of two who set a parameter at once one is told that it is stale; one version, one fact', async () => {
  const outcomes = await Promise.allSettled([set(null, 'PT11M', 0), set(null, 'PT12M', 0)])
  const refusals = outcomes.filter((outcome) => outcome.status === 'rejected')
  expect(refusals.map(({ reason }) => (reason as Problem).code)).toEqual(['version-stale'])
  expect((await read(null)).version).toBe(1)
  expect(await queuedEvents(database.db)).toHaveLength(1)
})

test('[A-4.1.2] a value that does not fit is refused by its pointer and leaves nothing', async () => {
  await expect(set(null, 'ten minutes', 0)).rejects.toMatchObject({
    code: 'parameter-refused',
    extras: { errors: [{ pointer: '#/value' }] },
  })
  expect((await read(null)).version).toBe(0)
  expect(await queuedEvents(database.db)).toEqual([])
})

test('[A-4.1.2] several parameters are read at once as each is read alone, every one with its own version', async () => {
  const other = 'incident.sla.p1.restore'
  await set(null, 'PT11M', 0)
  await set(UNIT, 'PT12M', 0)
  await set(OTHER_UNIT, 'PT13M', 0)
  await set(null, 'PT14M', 1, '2099-01-01T00:00:00Z')
  for (const unitId of [UNIT, OTHER_UNIT, null]) {
    const both = await readParameters(database.db.manager, [KEY, other, KEY], unitId, NOON)
    expect(both).toEqual({
      [KEY]: await read(unitId),
      [other]: await readParameter(database.db.manager, other, unitId, NOON),
    })
    expect(both[other]).toMatchObject({ source: 'shipped', version: 0 })
  }
  expect(await readParameters(database.db.manager, [], UNIT, NOON)).toEqual({})
})

const DEAD_LETTERS = `/v1/dead-letters/${SERVICE}`
const administrator = bearer({ roles: ['SYSTEM_ADMIN'] })

test('a parked event is given up by two persons, and stays parked until then', async () => {
  const eventId = '0195f2a0-0000-7000-8000-0000000000e1'
  await database.db.query(
    `insert into dead_letter (event_id, type, subject, envelope, reason, attempts, parked_at)
     values ($1, $2, 'dolly', '{}', 'broken', 5, $3)`,
    [eventId, SheepShorn.type, START],
  )
  const discard = (headers: Record<string, string>) =>
    app.inject({
      method: 'POST',
      url: `${DEAD_LETTERS}/${eventId}/discard`,
      headers,
      payload: { reason: 'Nonsense.' },
    })
  const stateOf = async () => {
    const rows: unknown[] = await database.db.query('select state from dead_letter')
    return rows
  }
  const system = bearer({ roles: ['SYSTEM_ADMIN'], person: ANNA })
  const proposed = await discard(system)
  expect(proposed.statusCode).toBe(202)
  expect(await stateOf()).toEqual([{ state: 'parked' }])
  const decide = (headers: Record<string, string>) =>
    app.inject({
      method: 'POST',
      url: `${String(proposed.headers.location)}/approve`,
      headers: { ...headers, 'if-match': '"1"', 'content-type': 'application/json' },
      payload: 'null',
    })
  const sameHand = bearer({ roles: ['SECURITY_ADMIN'], person: ANNA })
  expect((await decide(sameHand)).json()).toMatchObject({ code: 'same-person' })
  expect((await decide(bearer({ roles: ['SECURITY_ADMIN'], person: BERT }))).statusCode).toBe(200)
  expect(await stateOf()).toEqual([{ state: 'discarded' }])
  expect((await discard(system)).json()).toMatchObject({ code: 'dead-letter-not-parked' })
})

test.each([
  ['["x"]', 400, 'cursor-unusable'],
  ['[1]', 400, 'cursor-unusable'],
  ['[null]', 422, 'validation-failed'],
  ['{}', 422, 'validation-failed'],
  ['["\\u0000"]', 400, 'cursor-unusable'],
  [`["${ANNA.toUpperCase()}"]`, 400, 'cursor-unusable'],
])(
  'the list of dead letters refuses the forged cursor %s with %i %s',
  async (key, status, code) => {
    const cursor = Buffer.from(key).toString('base64url')
    const answer = await app.inject({
      url: `${DEAD_LETTERS}?cursor=${cursor}`,
      headers: administrator,
    })
    expect(answer.statusCode).toBe(status)
    expect(answer.json()).toMatchObject({ code, errors: [{ parameter: 'cursor' }] })
  },
)

test.each([
  ['fails again', 'dolly', 409, 'dead-letter-failed-again'],
  ['finds the database away', 'away', 503, 'unavailable'],
])(
  'a dead letter that %s stays parked, and the cause stays in the log',
  async (_what, subject, status, code) => {
    const { db } = database
    const id = await appendEvent(db.manager, SERVICE, SheepShorn, subject, {}, testAct())
    const [envelope] = await queuedEvents(db)
    await db.query(
      `insert into dead_letter (event_id, type, subject, envelope, reason, attempts, parked_at)
       values ($1, $2, $3, $4, 'Error', 5, now())`,
      [id, SheepShorn.type, subject, JSON.stringify(envelope)],
    )
    const answer = await app.inject({
      method: 'POST',
      url: `${DEAD_LETTERS}/${id}/replay`,
      headers: administrator,
      payload: { reason: 'Once more.' },
    })
    expect(answer.statusCode).toBe(status)
    expect(answer.json()).toMatchObject({ code })
    expect(answer.body).not.toContain('a_table_of_ours')
    const left: unknown[] = await db.query('select state from dead_letter where event_id = $1', [
      id,
    ])
    expect(left).toEqual([{ state: 'parked' }])
  },
)

const shear = defineTask('shear', Type.Object({ name: Type.String() }), async (tx, { name }) => {
  await tx.query('insert into shorn (name) values ($1)', [name])
})

const work = (tasks: readonly Task[] = [shear], crontab = '') =>
  startJobs({
    service: SERVICE,
    db: database.db,
    tasks,
    crontab,
    clock: () => new Date(),
    log: pino({ level: 'silent' }),
  })

const shorn = async (): Promise<string[]> => {
  const rows: { name: string }[] = await database.db.query('select name from shorn order by name')
  return rows.map(({ name }) => name)
}

test('a job is queued with the change that calls for it: rolled back it does not run', async () => {
  const queue = (name: string, fails: boolean) =>
    database.db.transaction(async (tx) => {
      await enqueue(tx, SERVICE, 'shear', { name }, testAct())
      if (fails) throw new Error('rolled back')
    })
  await expect(queue('never', true)).rejects.toThrow('rolled back')
  await queue('dolly', false)
  const jobs = await work()
  try {
    await eventually(async () => {
      expect(await shorn()).toEqual(['dolly'])
    })
    // A worker forgets a job after its effect.
    await eventually(async () => {
      const left: unknown[] = await database.db.query(
        'select from incident_tiering_jobs._private_jobs',
      )
      expect(left).toEqual([])
    })
  } finally {
    await jobs.stop()
  }
})

test('a later job with the same key takes the place of the earlier one', async () => {
  const { manager } = database.db
  await enqueue(manager, SERVICE, 'shear', { name: 'early' }, testAct(), {
    key: 'one',
    runAt: new Date(Date.now() + HOUR),
  })
  await enqueue(manager, SERVICE, 'shear', { name: 'late' }, testAct(), { key: 'one' })
  const jobs = await work()
  try {
    await eventually(async () => {
      expect(await shorn()).toEqual(['late'])
    })
  } finally {
    await jobs.stop()
  }
})

test('several jobs are queued in one statement, each with its own time, key and payload', async () => {
  const { manager } = database.db
  const later = new Date(Date.now() + HOUR)
  await enqueueAll(manager, SERVICE, 'shear', [], testAct())
  await enqueueAll(
    manager,
    SERVICE,
    'shear',
    [
      { payload: { name: 'put off' }, key: 'two' },
      { payload: { name: 'at "once"\\ \u2028 员工' } },
      { payload: { name: 'tomorrow' }, runAt: later, key: 'three' },
    ],
    testAct(),
  )
  // A key puts off what is queued, in a statement with jobs that are new.
  await enqueueAll(
    manager,
    SERVICE,
    'shear',
    [{ payload: { name: 'put off' }, runAt: later, key: 'two' }, { payload: { name: 'new' } }],
    testAct({ requestId: 'req-of-both' }),
  )
  const queued: unknown[] = await database.db.query(
    `select key, payload -> 'data' ->> 'name' as name, payload ->> 'requestId' as request, run_at > now() as waits
       from incident_tiering_jobs._private_jobs order by name`,
  )
  expect(queued).toMatchObject([
    { key: null, name: 'at "once"\\ \u2028 员工', waits: false },
    { key: null, name: 'new', request: 'req-of-both', waits: false },
    { key: 'two', name: 'put off', request: 'req-of-both', waits: true },
    { key: 'three', name: 'tomorrow', waits: true },
  ])
  const jobs = await work()
  try {
    await eventually(async () => {
      expect(await shorn()).toEqual(['at "once"\\ \u2028 员工', 'new'])
    })
  } finally {
    await jobs.stop()
    await database.db.query('delete from incident_tiering_jobs._private_jobs')
  }
})

const queuedJobs = (): Promise<unknown[]> =>
  database.db.query(
    `select key, payload -> 'data' ->> 'name' as name, queue_name as queue, j.locked_by as worker
       from incident_tiering_jobs._private_jobs j
       left join incident_tiering_jobs._private_job_queues q on q.id = j.job_queue_id order by j.id`,
  )

test('a job whose key is at work already does not take its place but follows it', async () => {
  const { db } = database
  await enqueue(db.manager, SERVICE, 'shear', { name: 'running' }, testAct(), { key: 'four' })
  await db.query(
    `update incident_tiering_jobs._private_jobs set locked_at = now(), locked_by = 'worker'`,
  )
  const both = [{ payload: { name: 'next' }, key: 'four' }, { payload: { name: 'beside' } }]
  await enqueueAll(db.manager, SERVICE, 'shear', both, testAct())
  expect(await queuedJobs()).toMatchObject([
    { key: null, name: 'running', worker: 'worker' },
    { key: 'four', name: 'next', worker: null },
    { key: null, name: 'beside', worker: null },
  ])
  await db.query('delete from incident_tiering_jobs._private_jobs')
})

test('jobs of a queue and of a task that nobody has named before are there once each', async () => {
  const { db } = database
  const both = [{ payload: { name: 'in line' }, queue: 'bridge' }, { payload: { name: 'free' } }]
  for (const task of ['shear', 'spin'])
    await db.transaction((tx) => enqueueAll(tx, SERVICE, task, both, testAct()))
  expect(await queuedJobs()).toMatchObject([
    { name: 'in line', queue: 'bridge' },
    { name: 'free', queue: null },
    { name: 'in line', queue: 'bridge' },
    { name: 'free', queue: null },
  ])
  await db.query('delete from incident_tiering_jobs._private_jobs')
})

test('of two transactions that queue one key at once the later has its way', async () => {
  const { db } = database
  const first = db.createQueryRunner()
  const queue = (tx: EntityManager, name: string) =>
    enqueue(tx, SERVICE, 'shear', { name }, testAct(), { key: 'five' })
  try {
    await first.startTransaction()
    await queue(first.manager, 'earlier')
    await first.query('select')
    const second = db.transaction((tx) => queue(tx, 'later'))
    await eventually(async () => {
      const waiting: unknown[] = await db.query(
        `select from pg_stat_activity where datname = current_database() and wait_event = 'transactionid'`,
      )
      expect(waiting).toHaveLength(1)
    })
    await first.commitTransaction()
    await second
    expect(await queuedJobs()).toMatchObject([{ key: 'five', name: 'later' }])
  } finally {
    await first.release()
    await db.query('delete from incident_tiering_jobs._private_jobs')
  }
})

test('workers are woken for what is due, and not for what waits', async () => {
  const { db } = database
  const runner = db.createQueryRunner()
  const heard: unknown[] = []
  try {
    const connection = (await runner.connect()) as pg.Client
    connection.on('notification', ({ payload = '' }) => heard.push(JSON.parse(payload)))
    await runner.query('listen "jobs:insert"')
    const later = { payload: {}, runAt: new Date(Date.now() + HOUR) }
    await enqueueAll(db.manager, SERVICE, 'shear', [later, later], testAct())
    await enqueueAll(db.manager, SERVICE, 'shear', [later, { payload: {} }], testAct())
    await eventually(() => {
      expect(heard).toMatchObject([{ count: 1 }])
    })
  } finally {
    await runner.query('unlisten *')
    await runner.release()
    await db.query('delete from incident_tiering_jobs._private_jobs')
  }
})

test('jobs that are rolled back with their change are not there', async () => {
  const failing = database.db.transaction(async (tx) => {
    await enqueueAll(tx, SERVICE, 'shear', [{ payload: {} }, { payload: {} }], testAct())
    throw new Error('rolled back')
  })
  await expect(failing).rejects.toThrow('rolled back')
  expect(await database.db.query('select from incident_tiering_jobs._private_jobs')).toEqual([])
})

test('queueing a job reads by index, also on a plan made while the table was empty', async () => {
  const runner = database.db.createQueryRunner()
  const queue = async (first: number, count: number) => {
    for (let at = first; at < first + count; at += 1)
      await enqueue(runner.manager, SERVICE, 'shear', {}, testAct(), { key: `key ${String(at)}` })
  }
  try {
    await runner.query('vacuum analyze incident_tiering_jobs._private_jobs')
    await queue(0, 10)
    const many = Array.from({ length: 5_000 }, () => ({ payload: {} }))
    await enqueueAll(runner.manager, SERVICE, 'shear', many, testAct())
    await runner.startTransaction()
    await queue(10, 10)
    const stats: { read: number }[] = await runner.manager.query(
      `select seq_tup_read::int as read from pg_stat_xact_all_tables
        where relid = 'incident_tiering_jobs._private_jobs'::regclass`,
    )
    await runner.rollbackTransaction()
    // One look through the whole table would read more.
    expect(stats[0]?.read).toBeLessThan(5_000)
  } finally {
    await runner.query('delete from incident_tiering_jobs._private_jobs')
    await runner.release()
  }
})

test('a service that was away says at once that it is back, one that was not says nothing more', async () => {
  const { db } = database
  const told = async () => (await queuedEvents(db)).filter(({ type }) => type === ServiceAlive.type)
  const start = async () => work([shear, sayAlive(SERVICE)], sayAliveCrontab)
  await (await start()).stop()
  expect(await told()).toEqual([])
  await db.query(
    `update incident_tiering_jobs._private_known_crontabs
        set known_since = now() - interval '1 day', last_execution = now() - interval '5 hours'`,
  )
  const back = await start()
  try {
    await eventually(async () => {
      expect(await told()).toMatchObject([{ subject: SERVICE, data: { service: SERVICE } }])
    })
  } finally {
    await back.stop()
  }
  await (await start()).stop()
  expect(await told()).toHaveLength(1)
})

test('a job that outlasts the looks for dead workers stays with the living one that has it', async () => {
  const atWork = Promise.withResolvers<undefined>()
  const over = Promise.withResolvers<undefined>()
  let runs = 0
  const long = defineTask('long', Type.Object({}), async () => {
    runs += 1
    atWork.resolve(undefined)
    await over.promise
  })
  const heldBy = async (): Promise<unknown> =>
    database.db.query(
      `select attempts, locked_by is not null as held from incident_tiering_jobs._private_jobs`,
    )
  const jobs = await work([long])
  try {
    await enqueue(database.db.manager, SERVICE, 'long', {}, testAct())
    await atWork.promise
    // As another process looks, which knows of this one by the lock alone.
    const look = () =>
      freeJobsOfTheDead(database.db, 'incident_tiering_jobs', new Set(), pino({ level: 'silent' }))
    await look()
    expect(await heldBy()).toEqual([{ attempts: 1, held: true }])
    // The lock falls with the connection that listens; the next one takes it again.
    const listening = `from pg_stat_activity where datname = current_database() and query like 'LISTEN "jobs:insert"%'`
    const [before]: { pid: number }[] = await database.db.query(`select pid ${listening}`)
    await database.db.query(`select pg_terminate_backend(pid) ${listening}`)
    await eventually(async () => {
      const locks: { pid: number }[] = await database.db.query(
        `select l.pid from incident_tiering_jobs._private_jobs
           join pg_locks l on l.locktype = 'advisory' and l.classid = 7411
            and l.objid = (hashtext(locked_by)::bigint & 4294967295)::oid`,
      )
      expect(locks).toHaveLength(1)
      expect(locks).not.toEqual([before])
    })
    await look()
    expect(await heldBy()).toEqual([{ attempts: 1, held: true }])
    expect(runs).toBe(1)
  } finally {
    over.resolve(undefined)
    await jobs.stop()
  }
})

test('the job of a worker that was killed is freed and runs, once in effect', async () => {
  const child = fork(new URL('doomed-worker.ts', import.meta.url), [database.url], {
    env: { ...process.env, NODE_OPTIONS: '' },
    execArgv: ['--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  try {
    await once(child, 'message')
    await enqueue(database.db.manager, SERVICE, 'shear', { name: 'dolly' }, testAct())
    expect(await once(child, 'message')).toContain('in the task')
  } finally {
    child.kill('SIGKILL')
  }
  await once(child, 'exit')
  expect(await shorn()).toEqual([])
  const jobs = await work()
  try {
    await eventually(async () => {
      expect(await shorn()).toEqual(['dolly'])
    })
  } finally {
    await jobs.stop()
  }
})
