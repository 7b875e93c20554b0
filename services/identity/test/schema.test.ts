import { expect, test } from '@jest/globals'
import { schemaDrift } from '@erp-steward/test-kit/schema-drift'
import { testDatabase } from '@erp-steward/test-kit/test-database'
import { migrations } from '../src/migrations/all.ts'
import { identity } from '../src/service.ts'

test('the migrations build exactly what the entities describe', async () => {
  const database = await testDatabase(identity)
  const { db } = database
  const drift = await schemaDrift(db)
  await database.release()
  expect(drift).toEqual([])
})

test('every migration can be taken back and made again', async () => {
  const database = await testDatabase(identity)
  const { db } = database
  for (const _each of migrations) await db.undoLastMigration()
  const left: { name: string }[] = await db.query(
    `select table_name as name from information_schema.tables where table_schema = 'identity'
      order by table_name`,
  )
  await db.runMigrations()
  await database.release()
  expect(left.map(({ name }) => name)).toEqual([
    'dead_letter',
    'idempotency_key',
    'inbox',
    'migration',
    'outbox',
    'parameter_version',
    'proposal',
    'wait_alarm',
  ])
})
