import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { migrations } from '../src/migrations/all.ts'
import { schemaDrift } from '@erp-steward/test-kit/schema-drift'
import { Stage } from './stage.ts'

/** The first migration that is the service's own. */
const CREATED = 1_790_000_000_000

let stage: Stage
beforeAll(async () => {
  stage = await Stage.open()
})
afterAll(() => stage.release())

test('the migrations build exactly what the entities describe', async () => {
  const drift = await schemaDrift(stage.service.db)
  expect(drift).toEqual([])
})

test('the migrations can be taken back', async () => {
  const { db } = stage.service
  for (const _ of migrations.filter(({ name }) => Number(name.slice(-13)) >= CREATED))
    await db.undoLastMigration()
  expect(
    await stage.count(`pg_tables where schemaname = 'monitoring_ingest' and tablename = 'sample'`),
  ).toBe(0)
  await db.runMigrations()
  expect(await stage.count('threshold_revision')).toBe(1)
})
