import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { nullable, Uuid } from '@erp-steward/contracts/values'
import { operation } from '@erp-steward/service-kit/measured-interest'
import { defineProposal, type Proposal } from '@erp-steward/service-kit/proposal'
import { expireProposals, proposalWaits, propose } from '@erp-steward/service-kit/proposals'
import { proposalById } from '@erp-steward/service-kit/stored-proposal'
import { watchWaits, type Wait } from '@erp-steward/service-kit/waits'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import { testAct } from '@erp-steward/test-kit/test-act'
import { testDatabase, type TestDatabase } from '@erp-steward/test-kit/test-database'
import { Type } from 'typebox'

const SERVICE = 'incident-tiering'
const START = new Date('2026-03-09T02:00:00Z')
const HOUR = 3_600_000
const id = (last: string) => `0195f2a0-0000-7000-8000-0000000000${last}`
const [UNIT, OTHER_UNIT] = [id('b1'), id('b2')]
/** Asks; the authority of another unit; a leader; the system administrator. */
const [ANNA, CARL, LENA, SARA] = [id('c1'), id('c3'), id('c4'), id('c5')]

let database: TestDatabase
let now = START
/** What waits besides proposals. */
let others: Wait[] = []

const kind = defineProposal({
  kind: 'gate.open',
  title: { en: 'Open the gate', 'zh-CN': '打开闸门' },
  body: Type.Object({ unitId: nullable(Uuid), personIds: Type.Array(Uuid) }),
  decide: 'parameter.decide',
  subject: () => 'gate',
  concerns: (_tx, { unitId, personIds }) =>
    Promise.resolve({ personIds, unitIds: unitId === null ? [] : [unitId] }),
  apply: () => Promise.resolve(),
})

beforeAll(async () => {
  database = await testDatabase({ name: SERVICE, entities: [], migrations: [] })
  await database.db.query(`
    create table person (id uuid primary key, unit_id uuid not null, active boolean not null,
                         account_status text not null, roles text[] not null,
                         department_id uuid);
    create table person_past (person_id uuid not null, unit_id uuid not null, department_id uuid,
                              roles text[] not null, until timestamptz not null)`)
})
afterAll(() => database.release())
beforeEach(async () => {
  now = START
  others = []
  await database.db.query('truncate proposal, wait_alarm, outbox, person')
  await person(ANNA, ['SECURITY_ADMIN'])
  await person(CARL, ['OM_AUTHORITY'], OTHER_UNIT)
})

const person = (personId: string, roles: string[], unit = UNIT, status = 'active', active = true) =>
  database.db.query(
    `insert into person (id, unit_id, active, account_status, roles) values ($1, $2, $3, $4, $5) on conflict (id) do update
       set unit_id = excluded.unit_id, active = excluded.active, account_status = excluded.account_status,
           roles = excluded.roles`,
    [personId, unit, active, status, roles],
  )
const ask = (
  {
    unitId = null,
    personIds = [],
    by = ANNA,
  }: { unitId?: string | null; personIds?: string[]; by?: string } = {},
  of = kind,
): Promise<Proposal> =>
  database.db.transaction((tx) =>
    propose(
      tx,
      SERVICE,
      of,
      { body: { unitId, personIds }, reason: 'A test.' },
      testAct({ now, personId: by, actor: by, controllers: [] }),
    ),
  )
const watch = () =>
  database.db.transaction((tx) =>
    watchWaits(SERVICE, [proposalWaits(SERVICE, [kind]), () => Promise.resolve(others)]).run(
      tx,
      {},
      testAct({ now, actor: `service:${SERVICE}`, personId: null }),
    ),
  )
/** What was said of things that wait, oldest first: the last word of the type, and the payload. */
const said = async () =>
  (await queuedEvents(database.db))
    .filter(({ type }) => type.startsWith('audit.wait.'))
    .map(({ type, data }) => [String(type.split('.')[2]), data as Record<string, unknown>] as const)
const words = async () => (await said()).map(([word]) => word)
const since = async ({ id: proposalId }: Proposal) =>
  (await proposalById(database.db.manager, proposalId)).undecidableSince

test('an alarm says whose it is, so that callers of a unit are told of theirs', async () => {
  await person(CARL, ['OM_AUTHORITY'], UNIT)
  await ask({ unitId: UNIT })
  await watch()
  expect(await database.db.query('select alarm, unit_ids as "unitIds" from wait_alarm')).toEqual([
    { alarm: 'undecidable', unitIds: [UNIT] },
  ])
})

test('a proposal that somebody can decide is no alarm', async () => {
  const proposal = await ask({ unitId: UNIT })
  await watch()
  expect(await words()).toEqual([])
  expect(proposal.undecidableSince).toBeNull()
})

test.each([
  ['sits in the unit concerned', () => person(CARL, ['OM_AUTHORITY'], UNIT), { unitId: UNIT }],
  ['is the person concerned', () => Promise.resolve(), { personIds: [CARL] }],
  ['proposed it', () => Promise.resolve(), { by: CARL }],
  ['has left', () => person(CARL, ['OM_AUTHORITY'], OTHER_UNIT, 'active', false), {}],
  ['is frozen', () => person(CARL, ['OM_AUTHORITY'], OTHER_UNIT, 'frozen'), {}],
  ['has another role', () => person(CARL, ['OM_PROVIDER'], OTHER_UNIT), {}],
  ['has a range of one unit', () => person(CARL, ['BUSINESS_OWNER'], OTHER_UNIT), {}],
])(
  'a proposal whose only decider %s is an alarm when it is made, once, and is read so',
  async (_, change, asked) => {
    await change()
    const proposal = await ask(asked)
    expect(proposal.undecidableSince).toEqual(START)
    await watch()
    await watch()
    expect(await said()).toMatchObject([
      [
        'undecidable',
        {
          ...{ service: SERVICE, kind: 'gate.open', subject: proposal.id },
          permission: 'parameter.decide',
          expiresAt: proposal.expiresAt.toISOString(),
          foundAt: START.toISOString(),
        },
      ],
    ])
    expect(await since(proposal)).toEqual(START)
    await person(SARA, ['SYSTEM_ADMIN'], OTHER_UNIT)
    await watch()
    expect((await said())[1]).toMatchObject(['decidable', { because: 'somebody-can' }])
    expect(await since(proposal)).toBeNull()
  },
)

test('it is an alarm when it becomes so, and again when it does anew', async () => {
  const proposal = await ask()
  const later = new Date(START.getTime() + HOUR)
  now = later
  await person(CARL, ['OM_AUTHORITY'], OTHER_UNIT, 'frozen')
  await watch()
  expect(await words()).toEqual(['undecidable'])
  expect(await since(proposal)).toEqual(later)
  await person(CARL, ['OM_AUTHORITY'], OTHER_UNIT)
  await watch()
  await person(CARL, [], OTHER_UNIT)
  await watch()
  expect(await words()).toEqual(['undecidable', 'decidable', 'undecidable'])
})

test('a proposal that measures the only deciders, or whose department it is, is an alarm, unless they may agree', async () => {
  await person(SARA, ['SYSTEM_ADMIN'], UNIT)
  await person(ANNA, ['SECURITY_ADMIN'], id('b3'))
  const measuring = { ...kind, measures: () => operation }
  // Carl is the authority; Sara sits beside one in the same department.
  await person(LENA, ['OM_PROVIDER'], UNIT)
  expect((await ask({}, measuring)).undecidableSince).toEqual(START)
  await database.db.query('truncate proposal, wait_alarm')
  expect((await ask({}, { ...measuring, measuredMayAgree: true })).undecidableSince).toBeNull()
  await database.db.query('truncate proposal, wait_alarm')
  await person(LENA, ['OM_PROVIDER'], OTHER_UNIT)
  expect((await ask({}, measuring)).undecidableSince).toBeNull()
})

test('whoever was of the unit when it was proposed, and moved away since, does not count', async () => {
  await person(CARL, ['OM_AUTHORITY'], UNIT)
  await ask({ unitId: UNIT })
  await person(CARL, ['OM_AUTHORITY'], OTHER_UNIT)
  await watch()
  expect(await words()).toEqual(['undecidable'])
})

test('a day before it ends undecided it is said once more, whether anybody can decide it or not', async () => {
  const { expiresAt } = await ask()
  now = new Date(expiresAt.getTime() - 24 * HOUR - 1)
  await watch()
  expect(await words()).toEqual([])
  now = new Date(expiresAt.getTime() - 24 * HOUR)
  await watch()
  await watch()
  expect(await said()).toMatchObject([
    ['running-out', { isDecidable: true, expiresAt: expiresAt.toISOString() }],
  ])
})

test('what ended is no alarm any more', async () => {
  const { expiresAt } = await ask({ by: CARL })
  now = expiresAt
  await database.db.transaction((tx) => expireProposals(SERVICE).run(tx, {}, testAct({ now })))
  await watch()
  expect(await said()).toMatchObject([
    ['undecidable', {}],
    ['decidable', { because: 'over' }],
  ])
  expect(await database.db.query('select from wait_alarm')).toEqual([])
})

test('other things that wait are watched in the same way; a short wait is warned of in its last quarter', async () => {
  const wait: Wait = {
    ...{ kind: 'appeal.decide', subject: LENA, permission: 'appeal.decide', unitIds: [UNIT] },
    ...{ since: START, expiresAt: new Date(START.getTime() + 4 * HOUR), isDecidable: false },
  }
  others = [wait]
  await watch()
  now = new Date(START.getTime() + 3 * HOUR)
  await watch()
  others = []
  await watch()
  expect(await said()).toMatchObject([
    ['undecidable', { kind: 'appeal.decide', unitIds: [UNIT] }],
    ['running-out', { isDecidable: false }],
    ['decidable', { because: 'over' }],
  ])
})
