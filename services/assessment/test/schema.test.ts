import { expect, test } from '@jest/globals'
import { testDatabase } from '@erp-steward/test-kit/test-database'
import { assessment } from '../src/service.ts'

test('the migrations build exactly what the entities describe', async () => {
  const database = await testDatabase(assessment)
  const { upQueries } = await database.db.driver.createSchemaBuilder().log()
  await database.release()
  expect(upQueries.map(({ query }) => query)).toEqual([])
})
