import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { defineEvent, type Envelope } from '@erp-steward/contracts/event'
import {
  createConsumer,
  on,
  onEvery,
  onMany,
  type Consumer,
  type Outcome,
} from '@erp-steward/messaging/consumer'
import {
  discardDeadLetter,
  listDeadLetters,
  replayDeadLetter,
} from '@erp-steward/messaging/dead-letters'
import { ask } from '@erp-steward/messaging/statement'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import { testAct } from '@erp-steward/test-kit/test-act'
import { testDatabase, type TestDatabase } from '@erp-steward/test-kit/test-database'
import { pino } from 'pino'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'

const AlarmRaised = defineEvent({
  type: 'test.alarm.raised.v1',
  summary: 'An alarm was raised.',
  clauses: [],
  payload: Type.Object({ level: Type.Integer() }),
})

const NOON = new Date('2026-11-23T12:00:00Z')

let database: TestDatabase
let failing: Consumer

beforeAll(async () => {
  database = await testDatabase({ name: 'identity', entities: [], migrations: [] })
  await database.db.query('create table effect (event_id uuid not null, what text not null)')
  failing = consumerOf([on(AlarmRaised, () => Promise.reject(new RangeError('no such host')))])
})
beforeEach(() => database.db.query('truncate outbox, inbox, dead_letter, effect'))
afterAll(() => database.release())

function alarm(level: unknown, overrides: Partial<Envelope> = {}): Envelope {
  return {
    specversion: '1.0',
    id: randomUUID(),
    source: '/monitoring-ingest',
    type: AlarmRaised.type,
    subject: 'host-1',
    time: NOON.toISOString(),
    datacontenttype: 'application/json',
    actor: 'service:monitoring-ingest',
    actingrole: 'SERVICE',
    clauseids: '',
    requestid: 'request-1',
    traceparent: testAct().traceparent,
    data: { level },
    ...overrides,
  }
}

const consumerOf = (subscriptions: Parameters<typeof createConsumer>[0]['subscriptions']) =>
  createConsumer({
    service: 'identity',
    db: database.db,
    subscriptions,
    clock: () => NOON,
    log: pino({ level: 'silent' }),
    attempts: 2,
    backoffMs: 1,
  })

const list = (after: string | null = null, limit = 10) =>
  listDeadLetters(database.db.manager, { state: 'parked', after, limit })

async function inbox(): Promise<string[]> {
  const rows: { id: string }[] = await database.db.query('select event_id as id from inbox')
  return rows.map(({ id }) => id)
}

test('a parked event keeps its envelope, the reason and the tries, and has no receipt', async () => {
  const event = alarm(3)
  expect(await failing.deliver(event)).toBe('parked')
  expect(await list()).toEqual([
    {
      eventId: event.id,
      type: AlarmRaised.type,
      subject: 'host-1',
      envelope: event,
      reason: 'RangeError: no such host',
      attempts: 2,
      parkedAt: NOON,
      state: 'parked',
      handledAt: null,
      handledBy: null,
      handlingReason: null,
    },
  ])
  expect(await inbox()).toEqual([])
})

test('a reason that PostgreSQL cannot keep does not stop the parking', async () => {
  const failing = consumerOf([on(AlarmRaised, () => Promise.reject(new Error('no host a\0b')))])
  expect(await failing.deliver(alarm(3))).toBe('parked')
  expect(await list()).toMatchObject([{ reason: 'Error: no host a\uFFFDb' }])
})

test('an outage of the database parks nothing: the bus delivers the event again', async () => {
  let away = true
  const consumer = consumerOf([
    on(AlarmRaised, async (tx) => {
      if (away) await tx.query('select pg_terminate_backend(pg_backend_pid())')
    }),
  ])
  const event = alarm(3)
  await expect(consumer.deliver(event)).rejects.toThrow('terminating connection')
  expect(await list()).toEqual([])
  away = false
  expect(await consumer.deliver(event)).toBe('handled')
})

test('an event that is parked twice stands in the list once', async () => {
  const event = alarm(3)
  await failing.deliver(event)
  await failing.deliver(event)
  expect(await list()).toHaveLength(1)
})

test('the list is paged by the id of the last row, in the order of parking', async () => {
  const events = [alarm(1), alarm(2), alarm(3)].sort((a, b) => (a.id < b.id ? -1 : 1))
  for (const event of events) await failing.deliver(event)
  const first = await list(null, 2)
  expect(first.map(({ eventId }) => eventId)).toEqual([events[0]?.id, events[1]?.id])
  const second = await list(first[1]?.eventId ?? null, 2)
  expect(second.map(({ eventId }) => eventId)).toEqual([events[2]?.id])
})

test.each([
  ['replayed', 'host is known now'],
  ['discarded', 'host is gone'],
] as const)(
  'an event that was %s says who did it and why, and is announced as evidence',
  async (decision, reason) => {
    const event = alarm(3)
    await failing.deliver(event)
    const mended = consumerOf([on(AlarmRaised, () => Promise.resolve())])
    const act = testAct({ actor: 'operator-1' })
    const choice = { eventId: event.id, reason }
    await database.db.transaction((tx) =>
      decision === 'replayed'
        ? replayDeadLetter(tx, 'identity', mended, choice, act)
        : discardDeadLetter(tx, 'identity', choice, act),
    )
    expect(await list()).toEqual([])
    const [letter] = await listDeadLetters(database.db.manager, {
      state: decision,
      after: null,
      limit: 1,
    })
    expect(letter).toMatchObject({
      handledAt: act.now,
      handledBy: 'operator-1',
      handlingReason: reason,
    })
    expect((await queuedEvents(database.db)).map(({ type, data }) => ({ type, data }))).toEqual([
      {
        type: 'audit.access.dead-letter-handled.v1',
        data: {
          service: 'identity',
          eventId: event.id,
          eventType: AlarmRaised.type,
          decision,
          reason,
        },
      },
    ])
    expect(await inbox()).toEqual([event.id])
    expect(await mended.deliver(event)).toBe('duplicate')
  },
)

test('two operators who replay the same event at once: one does, the other is told', async () => {
  const event = alarm(3)
  await failing.deliver(event)
  const levels: number[] = []
  const mended = consumerOf([
    on(AlarmRaised, (_tx, { data }) => {
      levels.push(data.level)
      return Promise.resolve()
    }),
  ])
  const replay = () =>
    database.db.transaction((tx) =>
      replayDeadLetter(tx, 'identity', mended, { eventId: event.id, reason: 'again' }, testAct()),
    )
  const outcomes = await Promise.allSettled([replay(), replay()])
  expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
  expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({
    reason: { code: 'dead-letter-not-parked' },
  })
  expect(levels).toEqual([3])
})

test('an event that no subscription takes any more stays parked and is not said to be replayed', async () => {
  const event = alarm(3)
  expect(await failing.deliver(event)).toBe('parked')
  const choice = { eventId: event.id, reason: 'again' }
  await expect(
    database.db.transaction((tx) =>
      replayDeadLetter(tx, 'identity', consumerOf([]), choice, testAct()),
    ),
  ).rejects.toMatchObject({ code: 'dead-letter-not-taken' })
  const page = { state: 'parked', after: null, limit: 10 } as const
  expect(await listDeadLetters(database.db.manager, page)).toMatchObject([{ eventId: event.id }])
})

test('a replay or discard of an event that was never parked is not found', async () => {
  const choice = { eventId: randomUUID(), reason: 'why not' }
  await expect(
    replayDeadLetter(database.db.manager, 'identity', failing, choice, testAct()),
  ).rejects.toMatchObject({ code: 'not-found' })
  await expect(
    discardDeadLetter(database.db.manager, 'identity', choice, testAct()),
  ).rejects.toMatchObject({ code: 'not-found' })
})

test.each<[string, unknown, Outcome]>([
  ['of a type nobody asked for', alarm(1, { type: 'test.alarm.silenced.v1' }), 'ignored'],
  ['that is no envelope', { hello: 'world' }, 'ignored'],
  ['that is null', null, 'ignored'],
  ['whose id is no UUID', alarm(1, { id: '17' }), 'ignored'],
])('a delivery %s is dropped without a trace', async (_what, delivery, outcome) => {
  expect(await failing.deliver(delivery)).toBe(outcome)
  expect(await list()).toEqual([])
  expect(await inbox()).toEqual([])
})

test('members that the definition does not know are let through, for its next version', async () => {
  const lenient = consumerOf([on(AlarmRaised, () => Promise.resolve())])
  expect(await lenient.deliver({ ...alarm(1), data: { level: 1, colour: 'red' } })).toBe('handled')
})

/** Writes down that an event was taken. */
const take = (tx: EntityManager, { id }: Envelope, what: string) =>
  tx.query('insert into effect (event_id, what) values ($1, $2)', [id, what])

/** Writes down in which transaction an event was taken. */
const takeIn = (tx: EntityManager, { id }: Envelope) =>
  tx.query('insert into effect (event_id, what) values ($1, pg_current_xact_id()::text)', [id])

const effects = (): Promise<unknown[]> =>
  database.db.query('select event_id as id, what from effect order by what')

test('a ledger that takes everything and a handler of one type share the receipt', async () => {
  const both = consumerOf([
    onEvery([AlarmRaised.topic], async (tx, deliveries) => {
      for (const { event } of deliveries) await take(tx, event, `ledger ${event.type}`)
    }),
    on(AlarmRaised, async (tx, event, act) => {
      await take(tx, event, `handler ${String(event.data.level)} ${act.actor}`)
    }),
  ])
  const event = alarm(4)
  expect(await both.deliver(event)).toBe('handled')
  expect(await both.deliver(event)).toBe('duplicate')
  expect(await effects()).toEqual([
    { id: event.id, what: 'handler 4 service:identity' },
    { id: event.id, what: 'ledger test.alarm.raised.v1' },
  ])
  expect(await inbox()).toEqual([event.id])
})

test('an event that comes several times at the same moment takes effect once', async () => {
  const consumer = consumerOf([
    on(AlarmRaised, async (tx, event) => {
      await take(tx, event, 'taken')
    }),
  ])
  const event = alarm(1)
  const outcomes = await Promise.all([1, 2, 3, 4, 5, 6].map(() => consumer.deliver(event)))
  expect(outcomes.toSorted()).toEqual([...Array<Outcome>(5).fill('duplicate'), 'handled'])
  expect(await effects()).toEqual([{ id: event.id, what: 'taken' }])
  expect(await list()).toEqual([])
})

test('a handler that fails on what it did before is not parked for a second delivery', async () => {
  const consumer = consumerOf([
    on(AlarmRaised, async (tx, event) => {
      // A question that goes ahead of the receipt, so that the handler fails before PostgreSQL does.
      const question = { name: 'has effect', text: 'select from effect', reads: ['effect'] }
      if ((await ask(tx, question, [])).length > 0) throw new RangeError('it is done already')
      await take(tx, event, 'taken')
    }),
  ])
  const event = alarm(1)
  expect(await consumer.deliver(event)).toBe('handled')
  expect(await consumer.deliver(event)).toBe('duplicate')
  expect(await list()).toEqual([])
  // Another event may well fail on it.
  expect(await consumer.deliver(alarm(2))).toBe('parked')
})

test('what a handler does to an event that is parked later leaves neither effect nor receipt', async () => {
  const consumer = consumerOf([
    on(AlarmRaised, async (tx, event) => {
      await take(tx, event, 'taken')
      throw new RangeError('no such host')
    }),
  ])
  expect(await consumer.deliver(alarm(1))).toBe('parked')
  expect([await effects(), await inbox()]).toEqual([[], []])
})

test('events that arrive at once share a transaction; the poison among them is parked and the others take effect once', async () => {
  const batches: unknown[][] = []
  const sharing = consumerOf([
    onMany([AlarmRaised], (_tx, deliveries) => {
      const levels = deliveries.map(({ event }) => (event.data as { level: number }).level)
      batches.push(levels)
      return levels.includes(2) ? Promise.reject(new RangeError('no 2')) : Promise.resolve()
    }),
  ])
  const [one, two, three, four] = [alarm(1), alarm(2), alarm(3), alarm(4)]
  const outcomes = await Promise.all([one, two, three].map((event) => sharing.deliver(event)))
  expect(outcomes).toEqual(['handled', 'parked', 'handled'])
  expect(batches.slice(0, 1)).toEqual([[1, 2, 3]])
  expect((await list()).map(({ eventId, attempts }) => [eventId, attempts])).toEqual([[two.id, 2]])
  batches.length = 0
  const again = await Promise.all([one, four, four, three].map((event) => sharing.deliver(event)))
  expect(again).toEqual(['duplicate', 'handled', 'duplicate', 'duplicate'])
  expect(batches).toEqual([[4]])
  expect((await inbox()).toSorted()).toEqual([one.id, three.id, four.id].toSorted())
})

test('events of one handler that arrive at once share a transaction and are handled one after the other', async () => {
  let isBusy = false
  const consumer = consumerOf([
    on(AlarmRaised, async (tx, event) => {
      if (isBusy) throw new RangeError('two at once')
      isBusy = true
      await takeIn(tx, event)
      isBusy = false
    }),
  ])
  const events = [1, 2, 3, 4, 5].map((level) => alarm(level))
  const outcomes = await Promise.all(events.map((event) => consumer.deliver(event)))
  expect(outcomes).toEqual(Array<Outcome>(5).fill('handled'))
  const taken = (await effects()) as { what: string }[]
  expect(taken).toHaveLength(5)
  expect(new Set(taken.map(({ what }) => what)).size).toBe(1)
  // Some of them again, among one that is new.
  const sixth = alarm(6)
  const again = await Promise.all(
    [events[1], sixth, sixth, events[4]].map((event) => consumer.deliver(event)),
  )
  expect(again).toEqual(['duplicate', 'handled', 'duplicate', 'duplicate'])
  expect(await effects()).toHaveLength(6)
})

test('of events that share a transaction the one that fails is parked, and the others take effect once', async () => {
  const consumer = consumerOf([
    on(AlarmRaised, async (tx, event) => {
      await takeIn(tx, event)
      if (event.data.level === 2) throw new RangeError('no 2')
      // A statement that PostgreSQL refuses, whatever the handler makes of it.
      if (event.data.level === 4) await tx.query('select 1 / 0').catch(() => undefined)
    }),
  ])
  const events = [1, 2, 3, 4, 5].map((level) => alarm(level))
  const outcomes = await Promise.all(events.map((event) => consumer.deliver(event)))
  expect(outcomes).toEqual(['handled', 'parked', 'handled', 'parked', 'handled'])
  const good = [0, 2, 4].map((at) => events[at]?.id)
  expect((await inbox()).toSorted()).toEqual(good.toSorted())
  const taken = (await effects()) as { id: string; what: string }[]
  expect(taken.map(({ id }) => id).toSorted()).toEqual(good.toSorted())
  // Each by itself in the end, so that no second failure can undo them.
  expect(new Set(taken.map(({ what }) => what)).size).toBe(3)
})

test('a request that waits for a row of a shared transaction, which waits for one of the request, is kept', async () => {
  const { db } = database
  await db.query(`insert into effect (event_id, what) values ($1, 'first'), ($1, 'second')`, [
    randomUUID(),
  ])
  const lock = (tx: EntityManager, what: string): Promise<unknown> =>
    tx.query('update effect set event_id = gen_random_uuid() where what = $1', [what])
  const { promise: bothAreWanted, resolve } = Promise.withResolvers<undefined>()
  const consumer = consumerOf([
    on(AlarmRaised, async (tx, { data }) => {
      if (data.level === 2) resolve(undefined)
      await lock(tx, data.level === 1 ? 'first' : 'second')
    }),
  ])
  let delivered: Promise<Outcome[]> | undefined
  await db.transaction(async (tx) => {
    await lock(tx, 'second')
    delivered = Promise.all([alarm(1), alarm(2)].map((event) => consumer.deliver(event)))
    await bothAreWanted
    await lock(tx, 'first')
  })
  expect(await delivered).toEqual(['handled', 'handled'])
})

test('an event with a faulty payload parks alone, though it came with others', async () => {
  const sharing = consumerOf([onMany([AlarmRaised], () => Promise.resolve())])
  const events = [alarm(1), alarm('high'), alarm(3)]
  const outcomes = await Promise.all(events.map((event) => sharing.deliver(event)))
  expect(outcomes).toEqual(['handled', 'parked', 'handled'])
})

test('the act of a handler carries on the trace and the request of the event', async () => {
  const { promise, resolve } = Promise.withResolvers<unknown>()
  const observing = consumerOf([
    on(AlarmRaised, (_tx, _event, act) => {
      resolve(act)
      return Promise.resolve()
    }),
  ])
  await observing.deliver(alarm(1))
  expect(await promise).toEqual({
    actor: 'service:identity',
    personId: null,
    controllers: [],
    role: 'SERVICE',
    unitId: null,
    requestId: 'request-1',

    traceparent: expect.stringMatching(/^00-4bf92f3577b34da6a3ce929d0e0e4736-[0-9a-f]{16}-01$/),
    now: NOON,
  })
})
