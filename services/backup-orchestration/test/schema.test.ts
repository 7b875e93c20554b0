import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { schemaDrift } from '@erp-steward/test-kit/schema-drift'
import { testDatabase, type TestDatabase } from '@erp-steward/test-kit/test-database'
import { migrations } from '../src/migrations/all.ts'
import { backupOrchestration } from '../src/service.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase(backupOrchestration)
})
afterAll(() => database.release())

test('the migrations build exactly what the entities describe', async () => {
  expect(await schemaDrift(database.db)).toEqual([])
})

test('systems of before belong to the unit of their oldest target and serve it alone', async () => {
  const { db } = database
  const later = migrations.filter(({ name }) => Number(name.slice(-13)) >= 1_790_000_080_000)
  for (const _ of later) await db.undoLastMigration()
  const [first, second] = [randomUUID(), randomUUID()]
  for (const [code, system, unit, day] of [
    ['A', 'ERP', second, '2026-03-02'],
    ['B', 'ERP', first, '2026-03-01'],
    ['C', 'CRM', second, '2026-03-03'],
  ])
    await db.query(
      `insert into backup_target (id, code, name, system_code, unit_id, agent_id, source, key_id, object_kind,
         required_before_change, active, policy_version, created_at, version)
       values ($1, $2, 'x', $3, $4, 'a', '{}', 'K', 'apps', true, true, 0, $5, 1)`,
      [randomUUID(), code, system, unit, day],
    )
  await db.runMigrations()
  expect(await db.query('select code, unit_id, serves from backup_system order by code')).toEqual([
    { code: 'CRM', unit_id: second, serves: 'unit' },
    { code: 'ERP', unit_id: first, serves: 'unit' },
  ])
  expect(await schemaDrift(db)).toEqual([])
})
