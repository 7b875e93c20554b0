import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { defineEvent } from '@erp-steward/contracts/event'
import { appendEvent, appendEvents } from '@erp-steward/messaging/outbox'
import { relayOutbox } from '@erp-steward/messaging/relay'
import { createLocalBus } from '@erp-steward/messaging/local-bus'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import { testAct } from '@erp-steward/test-kit/test-act'
import { testDatabase, type TestDatabase } from '@erp-steward/test-kit/test-database'
import pg from 'pg'
import { Type } from 'typebox'

const UNIT = '0195f2a0-0000-7000-8000-0000000000b1'

const AccountFrozen = defineEvent({
  type: 'identity.account.frozen.v1',
  summary: 'An account was frozen.',
  clauses: ['A-2.1.4', 'B-4.1.1'],
  payload: Type.Object({ reason: Type.String(), tries: Type.Integer({ minimum: 1 }) }),
})

let database: TestDatabase

beforeAll(async () => {
  database = await testDatabase({ name: 'identity', entities: [], migrations: [] })
})
beforeEach(() => database.db.query('truncate outbox, inbox'))
afterAll(() => database.release())

const append = (data: unknown, act = testAct()) =>
  // The tests hand in what the compiler would refuse.
  appendEvent(
    database.db.manager,
    'identity',
    AccountFrozen,
    'account-1',
    data as { reason: string; tries: number },
    act,
  )

test.each([
  ['a missing member', { reason: 'locked' }, '/ must have required properties tries'],
  ['a value below its minimum', { reason: 'locked', tries: 0 }, '/tries must be >= 1'],
  ['a number sent as text', { reason: 'locked', tries: '2' }, '/tries must be integer'],
  ['no object at all', null, '/ must be object'],
])('a payload with %s is refused by name and queues nothing', async (_what, data, fault) => {
  await expect(append(data)).rejects.toThrow(new TypeError(`identity.account.frozen.v1: ${fault}`))
  expect(await queuedEvents(database.db)).toEqual([])
})

test('the envelope states who did what as whom, and follows CloudEvents 1.0', async () => {
  const id = await append({ reason: 'locked', tries: 5 }, testAct({ unitId: UNIT }))
  const [envelope] = await queuedEvents(database.db)
  expect(envelope).toEqual({
    specversion: '1.0',
    id,
    source: '/identity',
    type: 'identity.account.frozen.v1',
    subject: 'account-1',
    time: '2026-11-23T12:00:00.000Z',
    datacontenttype: 'application/json',
    actor: testAct().actor,
    actingrole: 'SECURITY_ADMIN',
    unit: UNIT,
    clauseids: 'A-2.1.4,B-4.1.1',
    requestid: testAct().requestId,
    traceparent: testAct().traceparent,
    data: { reason: 'locked', tries: 5 },
  })
  for (const [name, value] of Object.entries(envelope ?? {})) {
    // Source: CloudEvents 1.0.2, "Naming Attributes" and "Type System".
    expect(name).toMatch(/^[a-z0-9]{1,20}$/)
    if (name !== 'data') expect(typeof value).toBe('string')
  }
})

test('an act without a unit leaves the attribute out instead of writing null', async () => {
  await append({ reason: 'locked', tries: 1 })
  const [envelope] = await queuedEvents(database.db)
  expect(envelope).not.toHaveProperty('unit')
})

test("the outbox row has the columns of Debezium's outbox event router", async () => {
  const id = await append({ reason: 'locked', tries: 1 })
  const [envelope] = await queuedEvents(database.db)
  const rows: unknown[] = await database.db.query(
    'select id, aggregatetype, aggregateid, type, payload, published_at from outbox',
  )
  expect(rows).toEqual([
    {
      id,
      aggregatetype: 'identity.account.v1',
      aggregateid: 'account-1',
      type: 'identity.account.frozen.v1',
      payload: envelope,
      published_at: null,
    },
  ])
})

test('the relay publishes as many as it is told, oldest first, and none twice', async () => {
  const ids = []
  for (let tries = 1; tries <= 5; tries += 1) ids.push(await append({ reason: 'locked', tries }))
  const client = new pg.Client({
    connectionString: database.url,
    options: '-c search_path=identity',
  })
  await client.connect()
  const published: string[] = []
  const bus = createLocalBus()
  await bus.subscribe({
    group: 'reader',
    topics: [AccountFrozen.topic],
    handle: (envelope) => {
      published.push((envelope as { id: string }).id)
      return Promise.resolve()
    },
  })
  expect(await relayOutbox(client, bus, 3)).toBe(3)
  expect(published).toEqual(ids.slice(0, 3))
  expect(await relayOutbox(client, bus, 3)).toBe(2)
  expect(await relayOutbox(client, bus, 3)).toBe(0)
  expect(published).toEqual(ids)
  await client.end()
})

test('several facts are queued in their order, or none when one does not fit', async () => {
  const { manager } = database.db
  const queue = (tries: readonly number[]) =>
    appendEvents(
      manager,
      'identity',
      AccountFrozen,
      'account-1',
      tries.map((count) => ({ reason: 'locked', tries: count })),
      testAct(),
    )
  await queue([3, 1, 2])
  await queue([])
  await expect(queue([4, 0])).rejects.toThrow(TypeError)
  const events = await queuedEvents(database.db)
  expect(events.map(({ data }) => (data as { tries: number }).tries)).toEqual([3, 1, 2])
})
