import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import type { Envelope, EventDefinition } from '@erp-steward/contracts/event'
import {
  DepartmentChanged,
  ModuleChanged,
  PersonChanged,
  StandingChanged,
  UnitChanged,
} from '@erp-steward/contracts/directory-events'
import {
  activeModule,
  activePerson,
  activeUnit,
  DepartmentEntity,
  directoryEntities,
  mayDo,
  ModuleEntity,
  PersonEntity,
  unitExists,
  UnitEntity,
} from '@erp-steward/directory/directory'
import { CreateDirectory1785000000000 } from '@erp-steward/directory/create-directory'
import { RememberStanding1785000000004 } from '@erp-steward/directory/remember-standing'
import { StandingDirectory1785000000002 } from '@erp-steward/directory/standing-directory'
import { SealDirectory1785000000003 } from '@erp-steward/directory/seal-directory'
import { VersionDirectory1785000000001 } from '@erp-steward/directory/version-directory'
import { directorySubscriptions } from '@erp-steward/directory/on-directory-changed'
import { createConsumer, type Consumer } from '@erp-steward/messaging/consumer'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { eventually } from '@erp-steward/test-kit/eventually'
import { schemaDrift } from '@erp-steward/test-kit/schema-drift'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import { sealedPerson } from '@erp-steward/test-kit/personal-data'
import { testAct } from '@erp-steward/test-kit/test-act'
import { testDatabase, type TestDatabase } from '@erp-steward/test-kit/test-database'
import { pino } from 'pino'
import type { Static } from 'typebox'
import type { DataSource, ObjectLiteral } from 'typeorm'

let database: TestDatabase
let db: DataSource
let consumer: Consumer
beforeAll(async () => {
  database = await testDatabase({
    name: 'monitoring-ingest',
    entities: directoryEntities,
    migrations: [
      CreateDirectory1785000000000,
      VersionDirectory1785000000001,
      StandingDirectory1785000000002,
      SealDirectory1785000000003,
      RememberStanding1785000000004,
    ],
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
beforeEach(() => db.query('truncate unit, department, module, person, person_past, inbox, outbox'))
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
  version: 1,
  ...members,
})

const department = (
  departmentId: string,
  members: Partial<Static<typeof DepartmentChanged.payload>> = {},
) => ({
  departmentId,
  unitId: randomUUID(),
  code: 'FIN',
  name: 'Finance',
  active: true,
  version: 1,
  ...members,
})

const person = (personId: string, members: Partial<Static<typeof PersonChanged.payload>> = {}) => ({
  personId,
  ...sealedPerson(personId, { name: 'Li Na' }),
  unitId: randomUUID(),
  departmentId: randomUUID(),
  positionId: randomUUID(),
  active: true,
  leftOn: null,
  version: 1,
  ...members,
})

test('the migration builds exactly what the entities describe', async () => {
  const drift = await schemaDrift(db)
  expect(drift).toEqual([])
})

test('the migrations can be taken back and made again', async () => {
  await db.undoLastMigration()
  await db.undoLastMigration()
  await db.undoLastMigration()
  await db.undoLastMigration()
  expect(await db.query(`select to_regclass('department') as department`)).toEqual([
    { department: null },
  ])
  await db.undoLastMigration()
  expect(await db.query(`select to_regclass('unit') as unit`)).toEqual([{ unit: null }])
  await db.runMigrations()
  expect(await db.query('select from unit, department')).toEqual([])
})

test('a row that was copied before versions were stated is older than every event', async () => {
  const id = randomUUID()
  await db.undoLastMigration()
  await db.undoLastMigration()
  await db.undoLastMigration()
  await db.undoLastMigration()
  await db.query(`insert into person (id, name, unit_id, active) values ($1, 'Li', $1, true)`, [id])
  await db.runMigrations()
  const before = await db.manager.findOneByOrFail(PersonEntity, { id })
  expect(before).toMatchObject({ version: 0, departmentId: null })
  const now = person(id)
  await tell(PersonChanged, id, now)
  const { unitId, departmentId } = now
  expect(await db.manager.findOneBy(PersonEntity, { id })).toEqual({
    ...{ id, unitId, departmentId, email: null, active: true, version: 1 },
    ...{ accountStatus: 'none', roles: [], standingVersion: 0 },
  })
})

test('[A-4.3.1] the copy forgets names and addresses that lay in it in clear, and takes none', async () => {
  const id = randomUUID()
  await db.undoLastMigration()
  await db.undoLastMigration()
  await db.query(
    `insert into person (id, name, unit_id, email, active, version)
     values ($1, 'Li Na', $1, 'li.na@example.test', true, 1)`,
    [id],
  )
  await db.runMigrations()
  const [copied]: object[] = await db.query('select * from person where id = $1', [id])
  expect(JSON.stringify(copied)).not.toMatch(/li.na/i)
  await expect(
    db.query(`update person set email = 'li.na@example.test' where id = $1`, [id]),
  ).rejects.toThrow('person_email_sealed_check')
  const { email } = sealedPerson(id, { name: 'Li Na', email: 'li.na@example.test' })
  await tell(PersonChanged, id, person(id, { email, version: 2 }))
  expect(await db.manager.findOneByOrFail(PersonEntity, { id })).toMatchObject({ email })
})

test('[A-4.3.1] a name in clear does not become an event', async () => {
  const id = randomUUID()
  await expect(tell(PersonChanged, id, person(id, { name: 'Li Na' }))).rejects.toThrow('/name')
})

test('a unit is copied, changed and closed as its events say', async () => {
  const id = randomUUID()
  await expect(activeUnit(db.manager, id)).rejects.toMatchObject({ code: 'unit-unknown' })
  expect(await unitExists(db.manager, id)).toBe(false)
  await tell(UnitChanged, id, unit(id))
  await tell(UnitChanged, id, unit(id, { name: 'Plant one', version: 2 }))
  expect(await activeUnit(db.manager, id)).toEqual({
    id,
    code: 'U1',
    name: 'Plant one',
    usesErp: true,
    active: true,
    version: 2,
  })
  await tell(UnitChanged, id, unit(id, { active: false, version: 3 }))
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
  const gl = { code: 'GL', name: 'General ledger', active: true, version: 1 }
  await expect(activeModule(db.manager, 'GL')).rejects.toMatchObject({ code: 'module-unknown' })
  await tell(ModuleChanged, randomUUID(), gl)
  expect(await activeModule(db.manager, 'GL')).toEqual(gl)
  await tell(ModuleChanged, randomUUID(), { ...gl, active: false, version: 2 })
  await expect(activeModule(db.manager, 'GL')).rejects.toMatchObject({ code: 'module-unknown' })
})

test('a delivery that is repeated after a newer event does not bring the older state back', async () => {
  const id = randomUUID()
  const joined = await tell(PersonChanged, id, person(id))
  await tell(PersonChanged, id, person(id, { active: false, leftOn: '2026-11-22', version: 2 }))
  expect(await consumer.deliver(joined)).toBe('duplicate')
  await expect(db.transaction((tx) => activePerson(tx, id))).rejects.toMatchObject({
    code: 'person-unknown',
  })
})

test('a department is copied with its unit, changed and closed as its events say', async () => {
  const id = randomUUID()
  const unitId = randomUUID()
  await tell(DepartmentChanged, id, department(id, { unitId }))
  await tell(DepartmentChanged, id, department(id, { unitId, name: 'Accounts', version: 2 }))
  await tell(DepartmentChanged, id, department(id, { unitId, active: false, version: 3 }))
  expect(await db.manager.find(DepartmentEntity)).toEqual([
    { id, unitId, code: 'FIN', name: 'Finance', active: false, version: 3 },
  ])
})

describe('an event that comes again', () => {
  const id = randomUUID()
  const gl = { code: 'GL', name: 'General ledger', active: true }
  const kinds = [
    {
      kind: 'unit',
      entity: UnitEntity,
      tell: (version: number, name: string) =>
        tell(UnitChanged, id, unit(id, { name, version, active: version > 2 })),
    },
    {
      kind: 'department',
      entity: DepartmentEntity,
      tell: (version: number, name: string) =>
        tell(DepartmentChanged, id, department(id, { name, version, active: version > 2 })),
    },
    {
      kind: 'module',
      entity: ModuleEntity,
      tell: (version: number, name: string) =>
        tell(ModuleChanged, id, { ...gl, name, version, active: version > 2 }),
    },
    {
      kind: 'person',
      entity: PersonEntity,
      tell: (version: number, name: string) => {
        const { email } = sealedPerson(id, { name: 'Li Na', email: `${name}@example.test` })
        return tell(PersonChanged, id, person(id, { email, version, active: version > 2 }))
      },
    },
  ]

  test.each(kinds)('with an older version leaves the $kind as it is', async ({ entity, tell }) => {
    await tell(3, 'new')
    const [now] = await db.manager.find<ObjectLiteral>(entity)
    expect(now).toMatchObject({ active: true, version: 3 })
    if (entity !== PersonEntity) expect(now).toMatchObject({ name: 'new' })
    await tell(2, 'old')
    expect(await db.manager.find<ObjectLiteral>(entity)).toEqual([now])
  })

  test.each(kinds)('with the same version leaves the $kind as it is', async ({ entity, tell }) => {
    await tell(3, 'new')
    const [now] = await db.manager.find<ObjectLiteral>(entity)
    await tell(3, 'stated twice')
    expect(await db.manager.find<ObjectLiteral>(entity)).toEqual([now])
  })
})

test('whoever gets a duty cannot leave before it is committed', async () => {
  const id = randomUUID()
  await tell(PersonChanged, id, person(id))
  let leaving: Promise<unknown> = Promise.resolve()
  await db.transaction(async (tx) => {
    await activePerson(tx, id)
    leaving = tell(PersonChanged, id, person(id, { active: false, version: 2 }))
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

test('[A-6.1.1] the department and the roles that somebody had are remembered, each state once', async () => {
  const id = randomUUID()
  const { unitId } = person(id)
  const [before, after] = [randomUUID(), randomUUID()]
  const state = (members: object) => person(id, { unitId, departmentId: before, ...members })
  const standing = (version: number, roles: string[]) =>
    tell(StandingChanged, id, {
      ...{ personId: id, accountId: id, accountStatus: 'active' as const },
      ...{ roles, version },
    })
  const past = async (): Promise<object[]> =>
    db.query(
      `select department_id, roles, until from person_past order by version, standing_version`,
    )
  await tell(PersonChanged, id, state({}))
  await standing(1, ['OM_AUTHORITY'])
  await tell(PersonChanged, id, state({ email: null, version: 2 }))
  expect(await past()).toEqual([])
  await tell(PersonChanged, id, state({ departmentId: after, version: 3 }))
  await tell(PersonChanged, id, state({ version: 2 }))
  await standing(2, [])
  await standing(1, ['KEY_USER'])
  const until = new Date('2026-11-23T12:00:00Z')
  expect(await past()).toEqual([
    { department_id: before, roles: ['OM_AUTHORITY'], until },
    { department_id: after, roles: ['OM_AUTHORITY'], until },
  ])
})

describe('what a person may do', () => {
  const standing = (
    personId: string,
    members: Partial<Static<typeof StandingChanged.payload>>,
  ) => ({
    personId,
    accountId: randomUUID(),
    accountStatus: 'active' as const,
    roles: ['KEY_USER'],
    version: 1,
    ...members,
  })
  const may = async (id: string, permission: 'ticket.work' | 'backup.plan' = 'ticket.work') =>
    mayDo(await db.manager.findOneByOrFail(PersonEntity, { id }), permission)

  test('is nothing before identity has said so', async () => {
    const id = randomUUID()
    await tell(PersonChanged, id, person(id))
    expect(await may(id)).toBe(false)
  })

  test('is what the roles allow while the account is active, and ends with either', async () => {
    const id = randomUUID()
    await tell(PersonChanged, id, person(id))
    await tell(StandingChanged, id, standing(id, {}))
    expect(await may(id)).toBe(true)
    expect(await may(id, 'backup.plan')).toBe(false)
    await tell(StandingChanged, id, standing(id, { accountStatus: 'frozen', version: 2 }))
    expect(await may(id)).toBe(false)
    await tell(StandingChanged, id, standing(id, { version: 3 }))
    expect(await may(id)).toBe(true)
    await tell(StandingChanged, id, standing(id, { roles: ['END_USER'], version: 4 }))
    expect(await may(id)).toBe(false)
  })

  test('ends when the person leaves, whatever was stated about the account', async () => {
    const id = randomUUID()
    await tell(PersonChanged, id, person(id))
    await tell(StandingChanged, id, standing(id, {}))
    await tell(PersonChanged, id, person(id, { active: false, version: 2 }))
    expect(await may(id)).toBe(false)
  })

  test('does not come back by an older statement', async () => {
    const id = randomUUID()
    await tell(PersonChanged, id, person(id))
    await tell(StandingChanged, id, standing(id, { accountStatus: 'disabled', version: 2 }))
    await tell(StandingChanged, id, standing(id, { version: 1 }))
    expect(await may(id)).toBe(false)
  })
})
