import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { prunePlatform } from '@erp-steward/service-kit/prune'
import { ThinIndexes1780000000006 } from '@erp-steward/service-kit/thin-indexes'
import { testAct } from '@erp-steward/test-kit/test-act'
import { testDatabase, type TestDatabase } from '@erp-steward/test-kit/test-database'

const DAY = 86_400_000

let database: TestDatabase

beforeAll(async () => {
  database = await testDatabase({ name: 'identity', entities: [], migrations: [] })
})
afterAll(() => database.release())

test('what has served its purpose is removed by its age, and nothing younger', async () => {
  const { db } = database
  const act = testAct()
  const ago = (days: number) => new Date(act.now.getTime() - days * DAY)
  for (const days of [44, 46])
    await db.query('insert into inbox (event_id, received_at) values ($1, $2)', [
      randomUUID(),
      ago(days),
    ])
  for (const published of [ago(6), ago(8), null])
    await db.query(
      `insert into outbox (id, aggregatetype, aggregateid, type, payload, published_at)
       values ($1, 'a', 'a', 'a', '{}', $2)`,
      [randomUUID(), published],
    )
  for (const days of [0.9, 1.1])
    await db.query(
      `insert into idempotency_key (caller, route, key, request_hash, created_at)
       values ('anna', 'POST /v1/sheep', $1, '', $2)`,
      [randomUUID(), ago(days)],
    )
  await db.transaction((tx) => prunePlatform.run(tx, {}, act))
  expect(await db.query('select received_at as at from inbox')).toEqual([{ at: ago(44) }])
  expect(await db.query('select published_at as at from outbox order by seq')).toEqual([
    { at: ago(6) },
    { at: null },
  ])
  expect(await db.query('select created_at as at from idempotency_key')).toEqual([{ at: ago(0.9) }])
})

test('the thinner indexes can be taken back', async () => {
  const { db } = database
  const indexes = (): Promise<unknown[]> =>
    db.query(
      `select indexname as name, indexdef as text from pg_indexes
        where tablename in ('inbox', 'outbox', 'idempotency_key') order by 1`,
    )
  const thin = await indexes()
  const migration = new ThinIndexes1780000000006()
  const runner = db.createQueryRunner()
  await migration.down(runner)
  expect(await indexes()).toHaveLength(thin.length + 1)
  await migration.up(runner)
  await runner.release()
  expect(await indexes()).toEqual(thin)
})
