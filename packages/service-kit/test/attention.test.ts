import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { testDatabase } from '@erp-steward/test-kit/test-database'
import { Registry } from 'prom-client'
import {
  attentionGauges,
  readAttention,
  type AttentionQuery,
  type AttentionSource,
} from '../src/attention.ts'
import { platformAttention } from '../src/platform-attention.ts'

const NOW = new Date('2026-11-30T04:00:00Z')
const UNIT = randomUUID()
const ALL: AttentionQuery = {
  kinds: platformAttention.map(({ kind }) => kind),
  unitId: null,
  limit: 100,
}

let database: Awaited<ReturnType<typeof testDatabase>>

beforeAll(async () => {
  database = await testDatabase({ name: 'assessment', entities: [], migrations: [] })
})
beforeEach(async () => {
  await database.db.query('truncate dead_letter, wait_alarm, outbox, proposal')
})
afterAll(() => database.release())

const read = (query: Partial<AttentionQuery> = {}, sources = platformAttention) =>
  readAttention(database.db, sources, { ...ALL, ...query }, NOW)

async function park(parkedAt: string, state = 'parked'): Promise<string> {
  const id = randomUUID()
  await database.db.query(
    `insert into dead_letter (event_id, type, subject, envelope, reason, attempts, parked_at, state)
     values ($1, 'identity.account.ended.v1', 'a', '{}', 'why', 5, $2, $3)`,
    [id, parkedAt, state],
  )
  return id
}

async function alarm(kind: string, subject: string, what: string, unitIds: readonly string[] = []) {
  await database.db.query(
    'insert into wait_alarm (kind, subject, alarm, raised_at, unit_ids) values ($1, $2, $3, $4, $5)',
    [kind, subject, what, NOW, unitIds],
  )
}

async function queue(time: string) {
  await database.db.query(
    `insert into outbox (id, aggregatetype, aggregateid, type, payload)
     values ($1, 'topic', 'a', 'some.fact.v1', json_build_object('time', $2::text))`,
    [randomUUID(), time],
  )
}

test('what is parked is told of, the oldest first, and no more once it is handled', async () => {
  const younger = await park('2026-11-30T03:00:00Z')
  const older = await park('2026-11-30T01:00:00Z')
  await park('2026-11-30T00:00:00Z', 'replayed')
  const { counts, items } = await read()
  expect(items.map(({ subject }) => subject)).toEqual([older, younger])
  expect(counts).toEqual([
    { kind: 'dead-letter', severity: 'critical', count: 2, since: '2026-11-30T01:00:00+00:00' },
  ])
})

test('the counts are of all, however few items are asked for', async () => {
  for (const hour of [1, 2, 3]) await park(`2026-11-30T0${hour}:00:00Z`)
  const { counts, items } = await read({ limit: 1 })
  expect(items).toHaveLength(1)
  expect(counts).toEqual([expect.objectContaining({ count: 3 })])
})

test('a fact that waits for the bus is told of after five minutes and not at that instant', async () => {
  await queue('2026-11-30T03:55:00.000Z')
  expect((await read()).items).toEqual([])
  await database.db.query('truncate outbox')
  await queue('2026-11-30T03:54:59.999Z')
  expect((await read()).items).toEqual([
    expect.objectContaining({ kind: 'event-unsent', name: 'some.fact.v1', severity: 'critical' }),
  ])
})

test('what nobody can decide is told of once, though it ends soon too', async () => {
  await alarm('appeal.decide', 'x', 'undecidable')
  await alarm('appeal.decide', 'x', 'running-out')
  await alarm('appeal.decide', 'y', 'running-out')
  const { items } = await read()
  expect(items.map(({ kind, subject, mending }) => [kind, subject, mending])).toEqual([
    ['wait-undecidable', 'x', 'requestAccountChange'],
    ['wait-ending', 'y', 'list{Service}ProposalAlarms'],
  ])
})

test('a unit is told of what is about it, neither of another nor of the company', async () => {
  await park('2026-11-30T01:00:00Z')
  await alarm('appeal.decide', 'own', 'undecidable', [randomUUID(), UNIT])
  await alarm('appeal.decide', 'other', 'undecidable', [randomUUID()])
  await alarm('appeal.decide', 'company', 'undecidable')
  const { counts, items } = await read({ unitId: UNIT })
  expect(items.map(({ subject }) => subject)).toEqual(['own'])
  expect(counts).toHaveLength(1)
})

test('what was not asked for is not looked for', async () => {
  const failing: AttentionSource = { kind: 'control-broken', find: 'select from no_such_table' }
  await park('2026-11-30T01:00:00Z')
  const { items } = await read({ kinds: ['dead-letter'] }, [...platformAttention, failing])
  expect(items).toHaveLength(1)
})

test('a matter found by code stands in one order with the others, the grave before the light', async () => {
  const since = new Date('2026-11-30T02:00:00Z')
  const matter = {
    name: null,
    unitIds: [UNIT],
    since,
    mending: 'readControl',
    target: null,
  } as const
  const sources: AttentionSource[] = [
    ...platformAttention,
    {
      kind: 'control-stale',
      find: () =>
        Promise.resolve([
          { ...matter, subject: 'light', severity: null },
          { ...matter, subject: 'grave', severity: 'critical' as const },
        ]),
    },
  ]
  await alarm('appeal.decide', 'x', 'undecidable')
  const letter = await park('2026-11-30T03:00:00Z')
  const { items } = await read({ kinds: sources.map(({ kind }) => kind) }, sources)
  expect(items.map(({ subject }) => subject)).toEqual([letter, 'grave', 'x', 'light'])
  expect(items[1]).toMatchObject({ unitIds: [UNIT], since: '2026-11-30T02:00:00+00:00' })
})

test('the gauges show each kind, with zero where there is none, and nothing while it cannot be read', async () => {
  const registry = new Registry()
  let fails = false
  let readings = 0
  attentionGauges(registry, ['dead-letter'], () => {
    readings += 1
    return fails
      ? Promise.reject(new Error('the database is away'))
      : Promise.resolve([
          { kind: 'dead-letter', severity: 'critical', count: 2, since: '2026-11-30T00:00:00Z' },
        ])
  })
  const shown = await registry.metrics()
  expect(shown).toContain('attention_items{kind="dead-letter",severity="critical"} 2')
  expect(shown).toContain('attention_items{kind="dead-letter",severity="warning"} 0')
  expect(shown).toContain(
    'attention_oldest_timestamp_seconds{kind="dead-letter",severity="critical"} 1795996800',
  )
  expect(readings).toBe(1)
  fails = true
  expect(await registry.metrics()).not.toContain('attention_items{')
})
