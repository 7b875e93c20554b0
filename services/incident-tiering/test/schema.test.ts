import { expect, test } from '@jest/globals'
import { schemaDrift } from '@erp-steward/test-kit/schema-drift'
import { testDatabase } from '@erp-steward/test-kit/test-database'
import { incidentTiering } from '../src/service.ts'

test('the migrations build exactly what the entities describe', async () => {
  const database = await testDatabase(incidentTiering)
  const drift = await schemaDrift(database.db)
  await database.release()
  expect(drift).toEqual([])
})
