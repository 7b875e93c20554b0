import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { Stage } from './stage.ts'

let stage: Stage
beforeAll(async () => {
  stage = await Stage.open()
})
afterAll(() => stage.release())

test('the migrations build exactly what the entities describe', async () => {
  const { upQueries } = await stage.service.db.driver.createSchemaBuilder().log()
  expect(upQueries.map(({ query }) => query)).toEqual([])
})

test('the migrations can be taken back', async () => {
  const { db } = stage.service
  await db.undoLastMigration()
  await db.undoLastMigration()
  await db.undoLastMigration()
  expect(
    await stage.count(`pg_tables where schemaname = 'monitoring_ingest' and tablename = 'sample'`),
  ).toBe(0)
  await db.runMigrations()
  expect(await stage.count('threshold_revision')).toBe(1)
})
