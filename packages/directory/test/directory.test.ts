import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import type { Envelope, EventDefinition } from '@erp-steward/contracts/event'
import { ModuleChanged, PersonChanged, UnitChanged } from '@erp-steward/contracts/identity-events'
import {
  activeModule,
  activePerson,
  activeUnit,
  directoryEntities,
  PersonEntity,
  unitExists,
} from '@erp-steward/directory/directory'
import { CreateDirectory1785000000000 } from '@erp-steward/directory/create-directory'
import { directorySubscriptions } from '@erp-steward/directory/on-directory-changed'
import { createConsumer, type Consumer } from '@erp-steward/messaging/consumer'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { eventually } from '@erp-steward/test-kit/eventually'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import { testAct } from '@erp-steward/test-kit/test-act'
import { testDatabase, type TestDatabase } from '@erp-steward/test-kit/test-database'
import { pino } from 'pino'
import type { Static } from 'typebox'
import type { DataSource } from 'typeorm'

let database: TestDatabase
let db: DataSource
let consumer: Consumer
beforeAll(async () => {
  database = await testDatabase({
    name: 'monitoring-ingest',
    entities: directoryEntities,
    migrations: [CreateDirectory1785000000000],
  })
  db = database.db
  consumer = createConsumer({
    service: 'monitoring-ingest',
    db,
    subscriptions: directorySubscriptions,
    clock: () => new Date('2026-11-23T12:00:00Z'),
    log: pino({ level: 'silent' }),
  })
})
beforeEach(() => db.query('truncate unit, module, person, inbox, outbox'))
afterAll(() => database.release())

/** Delivers a fact as identity states it. */
async function tell<Definition extends EventDefinition>(
  definition: Definition,
  subject: string,
  data: Static<Definition['payload']>,
): Promise<Envelope> {
  const id = await appendEvent(db.manager, 'identity', definition, subject, data, testAct())
  const event = (await queuedEvents(db)).find((each) => each.id === id)
  if (event === undefined) throw new Error('the event was not queued')
  expect(await consumer.deliver(event)).toBe('handled')
  return event
}

const unit = (unitId: string, members: Partial<Static<typeof UnitChanged.payload>> = {}) => ({
  unitId,
  code: 'U1',
  name: 'First plant',
  kind: 'USER_UNIT' as const,
  active: true,
  ...members,
})

const person = (personId: string, members: Partial<Static<typeof PersonChanged.payload>> = {}) => ({
  personId,
  employeeNumber: '1001',
  name: 'Li Na',
  unitId: randomUUID(),
  departmentId: randomUUID(),
  positionId: randomUUID(),
  email: null,
  active: true,
  leftOn: null,
  ...members,
})

test('the migration builds exactly what the entities describe', async () => {
  const { upQueries } = await db.driver.createSchemaBuilder().log()
  expect(upQueries.map(({ query }) => query)).toEqual([])
})

test('the migration can be taken back and made again', async () => {
  await db.undoLastMigration()
  expect(await db.query(`select to_regclass('unit') as unit`)).toEqual([{ unit: null }])
  await db.runMigrations()
  expect(await db.query('select from unit')).toEqual([])
})

test('a unit is copied, changed and closed as its events say', async () => {
  const id = randomUUID()
  await expect(activeUnit(db.manager, id)).rejects.toMatchObject({ code: 'unit-unknown' })
  expect(await unitExists(db.manager, id)).toBe(false)
  await tell(UnitChanged, id, unit(id))
  await tell(UnitChanged, id, unit(id, { name: 'Plant one' }))
  expect(await activeUnit(db.manager, id)).toEqual({
    id,
    code: 'U1',
    name: 'Plant one',
    usesErp: true,
    active: true,
  })
  await tell(UnitChanged, id, unit(id, { active: false }))
  await expect(activeUnit(db.manager, id)).rejects.toMatchObject({ code: 'unit-unknown' })
  expect(await unitExists(db.manager, id)).toBe(false)
})

test.each([
  ['HEADQUARTERS', true],
  ['USER_UNIT', true],
  ['OM_PROVIDER', false],
  ['INFORMATION_COMPANY', false],
  ['SUPPLIER', false],
] as const)('a unit of the kind %s uses the ERP: %s', async (kind, usesErp) => {
  const id = randomUUID()
  await tell(UnitChanged, id, unit(id, { kind }))
  expect(await activeUnit(db.manager, id)).toMatchObject({ usesErp })
})

test('a module is known by its code until it is withdrawn', async () => {
  const gl = { code: 'GL', name: 'General ledger', active: true }
  await expect(activeModule(db.manager, 'GL')).rejects.toMatchObject({ code: 'module-unknown' })
  await tell(ModuleChanged, randomUUID(), gl)
  expect(await activeModule(db.manager, 'GL')).toEqual(gl)
  await tell(ModuleChanged, randomUUID(), { ...gl, active: false })
  await expect(activeModule(db.manager, 'GL')).rejects.toMatchObject({ code: 'module-unknown' })
})

test('a delivery that is repeated after a newer event does not bring the older state back', async () => {
  const id = randomUUID()
  const joined = await tell(PersonChanged, id, person(id))
  await tell(PersonChanged, id, person(id, { active: false, leftOn: '2026-11-22' }))
  expect(await consumer.deliver(joined)).toBe('duplicate')
  await expect(db.transaction((tx) => activePerson(tx, id))).rejects.toMatchObject({
    code: 'person-unknown',
  })
})

test('whoever gets a duty cannot leave before it is committed', async () => {
  const id = randomUUID()
  await tell(PersonChanged, id, person(id))
  let leaving: Promise<unknown> = Promise.resolve()
  await db.transaction(async (tx) => {
    await activePerson(tx, id)
    leaving = tell(PersonChanged, id, person(id, { active: false }))
    await eventually(async () => {
      const waiting: unknown[] = await db.query(
        `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      )
      expect(waiting).toHaveLength(1)
    })
    expect(await db.manager.findOneBy(PersonEntity, { id })).toMatchObject({ active: true })
  })
  await leaving
  expect(await db.manager.findOneBy(PersonEntity, { id })).toMatchObject({ active: false })
})
