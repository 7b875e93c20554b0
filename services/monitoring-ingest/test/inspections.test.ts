import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import type { Envelope } from '@erp-steward/contracts/event'
import type { TestCaller } from '@erp-steward/test-kit/tokens'
import { dailyTemplate } from '../src/inspections/rules/daily-template.ts'
import { NOON, Stage } from './stage.ts'

let stage: Stage
let unitId: string
const inspector = randomUUID()
const deputy = randomUUID()
const colleague = randomUUID()
beforeAll(async () => {
  stage = await Stage.open()
  for (const id of [inspector, deputy, colleague]) await stage.person(id, ['OM_PROVIDER'])
  // The units of the stage sleep; each test has one of its own.
  await stage.service.db.query('update unit set active = false')
})
beforeEach(async () => {
  stage.service.now = NOON
  unitId = randomUUID()
  await stage.service.db.query('update unit set active = false')
  await stage.service.db.query(
    `insert into unit values ($1::uuid, $1::uuid::text, 'Works', true, true, 1)`,
    [unitId],
  )
  await stage.service.db.query(`insert into inspection_roster values ($1, $2, $3, 'test', $4, 1)`, [
    unitId,
    inspector,
    deputy,
    NOON,
  ])
  // Nobody's standing outlives the test that changed it.
  await stage.service.db.query(
    `update person set active = true, account_status = 'active', roles = '{OM_PROVIDER}'`,
  )
})
afterAll(() => stage.release())

const authority: TestCaller = { roles: ['OM_AUTHORITY'], person: randomUUID() }
const by = (person: string): TestCaller => ({ roles: ['OM_PROVIDER'], person })
const provider = (): TestCaller => ({ roles: ['OM_PROVIDER'], person: inspector })
const TODAY = '2026-11-22'
/** Personal data as it travels; nobody here opens it. */
const SEALED = `00000000.${'A'.repeat(16)}.${'A'.repeat(22)}.AAAA`

interface Item {
  readonly code: string
  readonly value: string | null
  readonly verdict: string | null
  readonly level: string | null
  readonly type: 'number' | 'choice' | 'text'
  readonly unit: string | null
  readonly options: { readonly value: string; readonly level: string | null }[]
  readonly version: number
}
interface Round {
  readonly id: string
  readonly version: number
  readonly items: Item[]
  readonly [member: string]: unknown
}

async function newRound(): Promise<Round> {
  await stage.run('generate-inspection-rounds')
  const [row]: { id: string }[] = await stage.service.db.query(
    'select id from inspection_round where unit_id = $1 order by date desc',
    [unitId],
  )
  return read(row?.id ?? '')
}

async function read(id: string): Promise<Round> {
  return (await stage.call('GET', `/v1/inspections/rounds/${id}`, { as: provider() })).json<Round>()
}

async function itemOf(id: string, code: string): Promise<Item> {
  const item = (await read(id)).items.find((each) => each.code === code)
  if (item === undefined) throw new Error(`no item ${code}`)
  return item
}

async function record(id: string, code: string, body: object, as: TestCaller = provider()) {
  const { version } = await itemOf(id, code)
  return stage.call('PUT', `/v1/inspections/rounds/${id}/items/${code}`, {
    as,
    headers: { 'if-match': `"${String(version)}"` },
    body: { value: null, note: null, ...body },
  })
}

async function sign(id: string, as: TestCaller = provider()) {
  const { version } = await read(id)
  return stage.call('POST', `/v1/inspections/rounds/${id}/sign-off`, {
    as,
    headers: { 'if-match': `"${String(version)}"` },
  })
}

async function overrule(id: string, code: string, reason: string, as: TestCaller) {
  const { version } = await itemOf(id, code)
  return stage.call('POST', `/v1/inspections/rounds/${id}/items/${code}/overrule`, {
    as,
    headers: { 'if-match': `"${String(version)}"` },
    body: { reason },
  })
}

/** A good answer to an item, another one for each `seed`. */
function goodAnswer({ type, unit, options }: Item, seed: number): string {
  if (type === 'choice') return options.find(({ level }) => level === null)?.value ?? ''
  if (type === 'text') return `nothing stuck, look number ${String(seed)}`
  return unit === 'up' ? '1' : `0.${String(seed)}`
}

/** Records every item that still lacks a verdict as normal. */
async function complete(id: string, seed = 1): Promise<void> {
  for (const item of (await read(id)).items)
    if (item.verdict === null) {
      const body = { value: goodAnswer(item, seed), verdict: 'normal' }
      expect((await record(id, item.code, body)).statusCode).toBe(200)
    }
}

async function measure(values: Record<string, number>, labels: Record<string, string> = {}) {
  await stage.service.db.query(
    `insert into source (id, name, unit_id, state, silent_after_seconds, created_at, version)
     values ($1::uuid, $1::uuid::text, $1::uuid, 'active', 180, now(), 1) on conflict do nothing`,
    [unitId],
  )
  const issued: { version: number }[] = await stage.service.db.query(
    'select version from source where id = $1',
    [unitId],
  )
  const token = (
    await stage.call('POST', `/v1/sources/${unitId}/token`, {
      as: { roles: ['SYSTEM_ADMIN'] },
      headers: { 'if-match': `"${String(issued[0]?.version)}"` },
    })
  ).json<{ token: string }>().token
  const answer = await stage.write(
    token,
    Object.entries(values).map(([metric, value]) => ({
      labels: { __name__: metric, ...labels },
      samples: [[stage.service.now.getTime(), value]] as const,
    })),
  )
  expect(answer.statusCode).toBe(204)
}

const about = async (id: string): Promise<[string, unknown][]> => {
  const rows: { payload: Envelope }[] = await stage.service.db.query(
    `select payload from outbox where aggregateid = $1 order by seq`,
    [id],
  )
  return rows.map(({ payload }) => [payload.type.split('.')[2] ?? '', payload.data])
}

test('[A-3.1.1] each day every active unit gets one round, due at the times of the parameters in China', async () => {
  await stage.service.db.query(`insert into unit values ($1, 'S', 'Supplier', false, true, 1)`, [
    randomUUID(),
  ])
  stage.service.now = new Date('2026-11-21T10:00:00Z')
  const set = await stage.call(
    'PUT',
    '/v1/parameters/monitoring-ingest/monitoring.inspection.daily_due',
    {
      as: { roles: ['SECURITY_ADMIN'] },
      headers: { 'if-match': '"0"' },
      body: { unitId, value: '08:45', reason: 'Early shift.' },
    },
  )
  expect(set.statusCode).toBe(200)
  stage.service.now = new Date('2026-11-21T16:05:00Z')
  const round = await newRound()
  await stage.run('generate-inspection-rounds')
  expect(round).toMatchObject({
    unitId,
    date: TODAY,
    state: 'open',
    dueAt: '2026-11-22T00:45:00.000Z',
    deputyDueAt: '2026-11-22T02:30:00.000Z',
  })
  expect(await stage.count('inspection_round where unit_id = $1', [unitId])).toBe(1)
  expect((await about(round.id)).map(([type]) => type)).toEqual(['generated'])
  expect(
    await stage.count('inspection_round r join unit u on u.id = r.unit_id where not u.uses_erp'),
  ).toBe(0)
  const jobs: { task: string; run_at: Date }[] = await stage.service.db.query(
    `select t.identifier as task, j.run_at from monitoring_ingest_jobs._private_jobs j
       join monitoring_ingest_jobs._private_tasks t on t.id = j.task_id
      where j.payload->'data'->>'roundId' = $1 order by j.run_at`,
    [round.id],
  )
  expect(jobs).toEqual([
    { task: 'inspection-due', run_at: new Date('2026-11-22T00:45:00Z') },
    { task: 'inspection-deputy-due', run_at: new Date('2026-11-22T02:30:00Z') },
  ])
})

test('[A-3.1.2] measured items are filled from the newest samples, the worst of the unit decides', async () => {
  await measure(
    { erp_cpu_used_percent: 50, erp_db_up: 1, erp_link_loss_percent: 6 },
    { instance: 'a' },
  )
  await measure({ erp_cpu_used_percent: 85 }, { instance: 'b' })
  await measure({ erp_page_seconds: 6 }, { page: 'login' })
  const round = await newRound()
  const items = new Map(round.items.map((item) => [item.code, item]))
  expect(round.items.map(({ code }) => code)).toEqual(dailyTemplate.map(({ code }) => code))
  expect(items.get('os.cpu')).toMatchObject({
    origin: 'measured',
    value: '85',
    verdict: 'abnormal',
    level: 'warning',
  })
  expect(items.get('db.instance')).toMatchObject({ value: '1', verdict: 'normal', level: null })
  expect(items.get('net.link_loss')).toMatchObject({ verdict: 'abnormal', level: 'critical' })
  expect(items.get('ebs.login_page')).toMatchObject({ value: '6', level: 'warning' })
  expect(items.get('ebs.forms')).toMatchObject({ value: null, verdict: null })
  expect(items.get('os.memory')).toMatchObject({ origin: null, verdict: null })
  expect(items.get('db.sessions')).toMatchObject({ metric: null, verdict: null })
})

test('[A-3.1.2] filling again takes newer values, but a breach stays until a person has spoken', async () => {
  await measure({ erp_cpu_used_percent: 50, erp_memory_used_percent: 96 })
  const { id } = await newRound()
  stage.pass(60)
  await measure({ erp_cpu_used_percent: 91, erp_memory_used_percent: 10 })
  const filled = await stage.call('POST', `/v1/inspections/rounds/${id}/fill`, { as: provider() })
  expect(filled.statusCode).toBe(200)
  expect(await itemOf(id, 'os.cpu')).toMatchObject({ value: '91', level: 'critical' })
  expect(await itemOf(id, 'os.memory')).toMatchObject({ value: '96', level: 'critical' })
  stage.pass(3_601)
  const other = await newRound()
  expect(other.id).toBe(id)
})

test('[A-3.1.2] samples older than an hour say nothing', async () => {
  await measure({ erp_cpu_used_percent: 50 })
  stage.pass(3_600)
  const { id } = await newRound()
  expect(await itemOf(id, 'os.cpu')).toMatchObject({ value: null, verdict: null })
})

test('[A-3.1.3] an abnormal item demands a note, raises one finding and cannot be talked away', async () => {
  await measure({ erp_disk_used_percent: 92 })
  const { id } = await newRound()
  expect((await record(id, 'os.disk', { verdict: 'normal' })).json()).toMatchObject({
    code: 'inspection-verdict',
  })
  expect((await record(id, 'os.disk', { verdict: 'abnormal' })).json()).toMatchObject({
    code: 'inspection-note-required',
  })
  expect((await record(id, 'db.sessions', { verdict: 'normal' })).json()).toMatchObject({
    code: 'inspection-value-required',
  })
  expect((await record(id, 'os.disk', { value: '12', verdict: 'normal' })).json()).toMatchObject({
    code: 'inspection-measured',
  })
  const found = await record(id, 'os.disk', {
    verdict: 'abnormal',
    note: 'Archive logs pile up.',
    severity: 'complex',
  })
  expect(found.json()).toMatchObject({
    value: '92',
    level: 'critical',
    recordedByPersonId: inspector,
  })
  await record(id, 'os.disk', { verdict: 'abnormal', note: 'Cleared by noon.' })
  const byHand = await record(id, 'db.alert_log', {
    value: 'grave',
    verdict: 'abnormal',
    note: 'ORA-00600 twice, sent to the vendor.',
  })
  expect(byHand.statusCode).toBe(200)
  expect(
    (await record(id, 'db.alert_log', { value: 'none', verdict: 'normal' })).json(),
  ).toMatchObject({ code: 'inspection-verdict' })
  const findings = (await about(id))
    .filter(([type]) => type === 'finding-raised')
    .map(([, data]) => data)
  expect(findings).toMatchObject([
    {
      roundId: id,
      unitId,
      item: 'os.disk',
      severity: 'complex',
      level: 'critical',
      note: 'Archive logs pile up.',
      value: '92',
    },
    { item: 'db.alert_log', severity: 'simple', level: 'critical', value: 'grave' },
  ])
  expect(findings).toHaveLength(2)
})

test('[A-3.1.1][A-3.1.2] a round is signed by a named person once every item has its verdict', async () => {
  const { id } = await newRound()
  const early = await sign(id)
  expect(early.json()).toMatchObject({ code: 'inspection-incomplete' })
  expect(early.json<{ items: string[] }>().items).toHaveLength(dailyTemplate.length)
  await complete(id)
  await record(id, 'os.swap', { value: '40', verdict: 'abnormal', note: 'Growing since Friday.' })
  const machine = await sign(id, { roles: ['OM_PROVIDER'], kind: 'client' })
  expect(machine.json()).toMatchObject({ code: 'not-inspector' })
  const signed = await sign(id)
  expect(signed.json()).toMatchObject({
    state: 'signed',
    signedByPersonId: inspector,
    signedAt: NOON.toISOString(),
  })
  expect((await about(id)).at(-1)).toMatchObject([
    'done',
    { signedByPersonId: inspector, withinTarget: false, abnormalItems: 1 },
  ])
  expect((await record(id, 'os.swap', { value: '1', verdict: 'normal' })).json()).toMatchObject({
    code: 'inspection-signed',
  })
  expect((await sign(id)).json()).toMatchObject({ code: 'inspection-signed' })
})

test('signing looks at the newest samples first: a breach since the last look stops it', async () => {
  await measure({ erp_cpu_used_percent: 10 })
  const { id } = await newRound()
  await complete(id)
  stage.pass(60)
  await measure({ erp_cpu_used_percent: 99 })
  expect((await sign(id)).json()).toMatchObject({
    code: 'inspection-incomplete',
    items: ['os.cpu'],
  })
})

test('[A-3.1.1] only the inspector or the deputy of the roster signs', async () => {
  const { id } = await newRound()
  const set = await stage.call('PUT', `/v1/inspections/rosters/${unitId}`, {
    as: authority,
    headers: { 'if-match': '"1"' },
    body: { inspectorPersonId: inspector, deputyPersonId: deputy },
  })
  expect(set.statusCode).toBe(200)
  expect(await read(id)).toMatchObject({
    inspectorPersonId: inspector,
    deputyPersonId: deputy,
    version: 2,
  })
  await complete(id)
  const stranger = await sign(id, { roles: ['OM_PROVIDER'], person: randomUUID() })
  expect(stranger.json()).toMatchObject({ code: 'not-inspector' })
  expect((await sign(id, { roles: ['OM_PROVIDER'], person: deputy })).statusCode).toBe(200)
})

test('a roster names two different people who are there, and only the authority sets it', async () => {
  const put = (body: object, as = authority, version = 1) =>
    stage.call('PUT', `/v1/inspections/rosters/${unitId}`, {
      as,
      headers: { 'if-match': `"${String(version)}"` },
      body,
    })
  expect(
    (await put({ inspectorPersonId: inspector, deputyPersonId: inspector })).json(),
  ).toMatchObject({ code: 'same-person' })
  expect(
    (await put({ inspectorPersonId: randomUUID(), deputyPersonId: null })).json(),
  ).toMatchObject({ code: 'person-unknown' })
  expect(
    (await put({ inspectorPersonId: inspector, deputyPersonId: null }, provider())).statusCode,
  ).toBe(403)
  const twice = await Promise.all(
    [1, 2].map(() => put({ inspectorPersonId: inspector, deputyPersonId: null })),
  )
  expect(twice.map(({ statusCode }) => statusCode).sort()).toEqual([200, 412])
})

test('[A-3.1.1] a round not signed in time is reported once and goes to the deputy once', async () => {
  stage.service.now = new Date('2026-11-21T16:05:00Z')
  const { id } = await newRound()
  const due = () => stage.run('inspection-due', { roundId: id })
  const handOver = () => stage.run('inspection-deputy-due', { roundId: id })
  await due()
  stage.service.now = new Date('2026-11-22T01:29:59Z')
  await due()
  expect((await about(id)).map(([type]) => type)).toEqual(['generated'])
  stage.service.now = new Date('2026-11-22T01:30:00Z')
  await due()
  await due()
  await handOver()
  expect((await about(id)).map(([type]) => type)).toEqual(['generated', 'overdue'])
  stage.service.now = new Date('2026-11-22T02:30:00Z')
  await handOver()
  await handOver()
  expect((await about(id)).map(([type]) => type)).toEqual(['generated', 'overdue', 'handed-over'])
  const overdue = await stage.call('GET', `/v1/inspections/rounds?overdue=true&unitId=${unitId}`, {
    as: authority,
  })
  expect(overdue.json()).toMatchObject({ items: [{ id, date: TODAY }], next: null })
})

test('a round signed in time is never overdue', async () => {
  stage.service.now = new Date('2026-11-22T01:00:00Z')
  const { id } = await newRound()
  await complete(id)
  await sign(id)
  stage.service.now = NOON
  await stage.run('inspection-due', { roundId: id })
  await stage.run('inspection-deputy-due', { roundId: id })
  expect((await about(id)).map(([type]) => type)).toEqual(['generated', 'done'])
  expect((await about(id)).at(-1)).toMatchObject(['done', { withinTarget: true, onDay: true }])
})

test('by hand a round is drawn up once per unit and day, not for any day', async () => {
  const post = (date: string, as = authority) =>
    stage.call('POST', '/v1/inspections/rounds', { as, body: { unitId, date } })
  const made = await Promise.all([1, 2, 3].map(() => post(TODAY)))
  expect(made.map(({ statusCode }) => statusCode).sort()).toEqual([201, 409, 409])
  expect((await post('2026-11-24')).json()).toMatchObject({ code: 'inspection-date' })
  expect((await post('2026-11-14')).json()).toMatchObject({ code: 'inspection-date' })
  expect((await post('2026-02-30')).json()).toMatchObject({ code: 'validation-failed' })
  expect((await post('2026-11-15')).statusCode).toBe(201)
  expect((await post(TODAY, provider())).statusCode).toBe(403)
})

test('another unit sees nothing of a round and cannot work on it', async () => {
  const { id } = await newRound()
  const foreign: TestCaller = {
    roles: ['KEY_USER'],
    person: inspector,
    range: 'unit',
    unit: randomUUID(),
  }
  expect(
    (await stage.call('GET', `/v1/inspections/rounds/${id}`, { as: foreign })).json(),
  ).toMatchObject({ code: 'outside-unit' })
  expect(
    (await record(id, 'os.cpu', { value: '1', verdict: 'normal' }, foreign)).json(),
  ).toMatchObject({ code: 'outside-unit' })
  expect(
    (await stage.call('POST', `/v1/inspections/rounds/${id}/fill`, { as: foreign })).json(),
  ).toMatchObject({ code: 'outside-unit' })
  expect((await stage.call('GET', '/v1/inspections/rounds', { as: foreign })).json()).toEqual({
    items: [],
    next: null,
  })
})

test('two people who record one item at once do not overwrite each other', async () => {
  const { id } = await newRound()
  const { version } = await itemOf(id, 'db.sessions')
  const answers = await Promise.all(
    ['3', '4'].map((value) =>
      stage.call('PUT', `/v1/inspections/rounds/${id}/items/db.sessions`, {
        as: provider(),
        headers: { 'if-match': `"${String(version)}"` },
        body: { value, verdict: 'normal', note: null },
      }),
    ),
  )
  expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, 412])
})

test('[A-3.1.1] the round of a day that has not begun is a plan: nothing is recorded, overruled or signed', async () => {
  stage.service.now = new Date('2026-11-22T15:59:59Z')
  const made = await stage.call('POST', '/v1/inspections/rounds', {
    as: authority,
    body: { unitId, date: '2026-11-23' },
  })
  expect(made.statusCode).toBe(201)
  const { id } = made.json<{ id: string }>()
  await measure({ erp_cpu_used_percent: 99 })
  const early = { code: 'inspection-not-open' }
  expect((await record(id, 'os.swap', { value: '1', verdict: 'normal' })).json()).toMatchObject(
    early,
  )
  expect((await overrule(id, 'os.cpu', 'It is fine.', by(deputy))).json()).toMatchObject(early)
  expect(
    (await stage.call('POST', `/v1/inspections/rounds/${id}/fill`, { as: provider() })).json(),
  ).toMatchObject(early)
  expect((await sign(id)).json()).toMatchObject(early)
  // Midnight in China; the round that was planned is filled, not drawn up again.
  stage.pass(1)
  await stage.run('generate-inspection-rounds')
  expect(await itemOf(id, 'os.cpu')).toMatchObject({ value: '99', level: 'critical' })
  expect((await record(id, 'os.swap', { value: '1', verdict: 'normal' })).statusCode).toBe(200)
})

test('[A-3.1.1] a round signed after its time says late, and one signed after its day does not count for the day', async () => {
  stage.service.now = new Date('2026-11-21T16:05:00Z')
  const inTime = await newRound()
  await complete(inTime.id)
  expect((await sign(inTime.id)).json()).toMatchObject({ late: false, suspicions: [] })
  stage.service.now = new Date('2026-11-22T16:05:00Z')
  const late = await newRound()
  await complete(late.id, 2)
  stage.service.now = new Date('2026-11-23T01:30:01Z')
  await stage.run('inspection-due', { roundId: late.id })
  expect(await read(late.id)).toMatchObject({ late: true, state: 'open' })
  stage.service.now = new Date('2026-11-23T16:00:00Z')
  expect((await sign(late.id)).json()).toMatchObject({ late: true, state: 'signed' })
  expect((await about(late.id)).at(-1)).toMatchObject([
    'done',
    { withinTarget: false, onDay: false },
  ])
})

test('[A-3.1.1] without a roster nobody signs, whatever the role', async () => {
  await stage.service.db.query('delete from inspection_roster where unit_id = $1', [unitId])
  const { id } = await newRound()
  await complete(id)
  for (const as of [provider(), by(colleague), authority])
    expect((await sign(id, as)).json()).toMatchObject({ code: 'not-inspector' })
})

test('[A-3.1.1] the deputy signs once it is the deputy’s turn, not before', async () => {
  stage.service.now = new Date('2026-11-22T02:29:59Z')
  const { id } = await newRound()
  await complete(id)
  expect((await sign(id, by(deputy))).json()).toMatchObject({ code: 'not-inspector' })
  stage.pass(1)
  expect((await sign(id, by(deputy))).statusCode).toBe(200)
})

test.each<[string, string, string[]]>([
  ['is frozen', 'frozen', ['OM_PROVIDER']],
  ['lost the role', 'active', ['END_USER']],
  ['is key user of another unit now', 'active', ['KEY_USER']],
])(
  '[A-3.1.1] an inspector who %s signs nothing, and the round goes to the deputy the same minute',
  async (_what, status, roles) => {
    stage.service.now = new Date('2026-11-22T00:00:00Z')
    const { id } = await newRound()
    await complete(id)
    await stage.standing(inspector, status, roles)
    expect((await about(id)).at(-1)).toMatchObject([
      'handed-over',
      { inspectorPersonId: inspector, deputyPersonId: deputy },
    ])
    expect((await sign(id)).json()).toMatchObject({ code: 'inspector-unable' })
    expect((await sign(id, by(deputy))).statusCode).toBe(200)
  },
)

test('[A-3.1.1] a roster that names nobody able is stated the same minute, and when it is good again', async () => {
  const told = async () =>
    (await about(unitId)).map(([type, data]) => [type, (data as { reason?: string }).reason])
  await stage.run('check-inspection-cover')
  expect(await told()).toEqual([])
  await stage.standing(inspector, 'disabled', ['OM_PROVIDER'])
  expect(await told()).toEqual([])
  await stage.standing(deputy, 'active', ['END_USER'])
  await stage.run('check-inspection-cover')
  expect(await told()).toEqual([['uncovered', 'nobody-able']])
  const roster = await stage.call('GET', `/v1/inspections/rosters/${unitId}`, { as: authority })
  expect(roster.json()).toMatchObject({ uncoveredSince: NOON.toISOString() })
  stage.pass(60)
  await stage.standing(deputy, 'active', ['OM_AUTHORITY'])
  expect(await told()).toEqual([
    ['uncovered', 'nobody-able'],
    ['covered', undefined],
  ])
})

test('[A-3.1.1] a unit without a roster is stated before its first round is due', async () => {
  const id = randomUUID()
  const unit = { unitId: id, code: 'W9', name: 'W', kind: 'USER_UNIT', active: true, version: 1 }
  await stage.tell('identity.directory.unit-changed.v1', id, unit)
  expect(await about(id)).toMatchObject([['uncovered', { reason: 'no-roster' }]])
  await stage.tell('identity.directory.unit-changed.v1', id, { ...unit, active: false, version: 2 })
  expect(await stage.count('inspection_gap where unit_id = $1', [id])).toBe(0)
})

test('[A-3.1.1] nobody puts himself on or off duty, and nobody is named who is not able', async () => {
  const put = async (body: object, as: TestCaller) => {
    const roster = await stage.call('GET', `/v1/inspections/rosters/${unitId}`, { as: authority })
    return stage.call('PUT', `/v1/inspections/rosters/${unitId}`, {
      as,
      headers: { 'if-match': String(roster.headers.etag) },
      body,
    })
  }
  const own: TestCaller = { roles: ['OM_AUTHORITY'], person: colleague }
  const client: TestCaller = {
    roles: ['OM_AUTHORITY'],
    kind: 'client',
    controllers: [colleague],
  }
  const onDuty = { inspectorPersonId: colleague, deputyPersonId: deputy }
  for (const as of [own, client])
    expect((await put(onDuty, as)).json()).toMatchObject({ code: 'same-person' })
  expect((await put(onDuty, authority)).statusCode).toBe(200)
  expect(
    (await put({ inspectorPersonId: inspector, deputyPersonId: deputy }, own)).json(),
  ).toMatchObject({ code: 'same-person' })
  // Neither does he by trading places with the deputy; what stays as it is, is not his.
  expect(
    (await put({ inspectorPersonId: deputy, deputyPersonId: colleague }, own)).json(),
  ).toMatchObject({ code: 'same-person' })
  expect(
    (await put({ inspectorPersonId: colleague, deputyPersonId: inspector }, own)).statusCode,
  ).toBe(200)
  const stranger = randomUUID()
  await stage.person(stranger, ['KEY_USER'], stage.otherUnitId)
  expect(
    (await put({ inspectorPersonId: stranger, deputyPersonId: deputy }, authority)).json(),
  ).toMatchObject({ code: 'inspector-unable' })
  await stage.service.db.query('update person set unit_id = $2 where id = $1', [stranger, unitId])
  await stage.standing(stranger, 'active', ['KEY_USER'])
  expect(
    (await put({ inspectorPersonId: stranger, deputyPersonId: deputy }, authority)).statusCode,
  ).toBe(200)
})

test.each<[string, string, string, string]>([
  ['a share of 99.9 typed in', 'db.tablespace', '99.9', 'inspection-verdict'],
  ['the limit itself', 'db.tablespace', '85', 'inspection-verdict'],
  ['an ORA error', 'db.alert_log', 'other', 'inspection-verdict'],
  ['a dot for a number', 'db.tablespace', '.', 'inspection-value-unfit'],
  ['a number with its unit', 'db.tablespace', '50 %', 'inspection-value-unfit'],
  ['more than the whole', 'os.swap', '101', 'inspection-value-unfit'],
  ['a dot for words', 'ebs.workflow_background', '.', 'inspection-value-unfit'],
  ['a key held down', 'ebs.workflow_background', 'xxxxxx', 'inspection-value-unfit'],
  ['an option that there is not', 'db.alert_log', 'fine', 'inspection-value-unfit'],
  ['blanks', 'os.swap', '  ', 'inspection-value-required'],
])('[A-3.1.2] %s is not recorded as normal', async (_what, code, value, problem) => {
  const { id } = await newRound()
  expect((await record(id, code, { value, verdict: 'normal' })).json()).toMatchObject({
    code: problem,
  })
})

test('[A-3.1.2][A-3.1.3] a value beyond its limit is a finding unless a second person says why not', async () => {
  const { id } = await newRound()
  const entered = await record(id, 'db.tablespace', { value: '99.9', verdict: null })
  expect(entered.json()).toMatchObject({
    verdict: 'abnormal',
    level: 'critical',
    unit: 'percent',
    limits: { comparison: 'above', warning: 85, critical: 97 },
  })
  // Typing again is no way out, nor is one's own word, nor another's empty one.
  expect(
    (await record(id, 'db.tablespace', { value: '9.9', verdict: 'normal' })).json(),
  ).toMatchObject({ code: 'inspection-verdict' })
  const why = 'The reading was of the tablespace that is being moved.'
  expect((await overrule(id, 'db.tablespace', why, provider())).json()).toMatchObject({
    code: 'same-person',
  })
  const client: TestCaller = { roles: ['OM_PROVIDER'], kind: 'client', controllers: [inspector] }
  expect((await overrule(id, 'db.tablespace', why, client)).json()).toMatchObject({
    code: 'not-inspector',
  })
  expect((await overrule(id, 'db.tablespace', '.', by(deputy))).json()).toMatchObject({
    code: 'inspection-note-required',
  })
  const keyUser: TestCaller = {
    roles: ['KEY_USER'],
    person: colleague,
    range: 'unit',
    unit: unitId,
  }
  await stage.standing(colleague, 'frozen', ['KEY_USER'])
  expect((await overrule(id, 'db.tablespace', why, keyUser)).json()).toMatchObject({
    code: 'inspector-unable',
  })
  await complete(id)
  expect((await sign(id)).json()).toMatchObject({
    code: 'inspection-incomplete',
    items: ['db.tablespace'],
  })
  const overruled = await overrule(id, 'db.tablespace', why, by(deputy))
  expect(overruled.json()).toMatchObject({
    verdict: 'normal',
    level: null,
    overruledLevel: 'critical',
    overruledByPersonId: deputy,
    overruleReason: why,
  })
  expect((await about(id)).at(-1)).toMatchObject([
    'item-overruled',
    { item: 'db.tablespace', recordedByPersonId: inspector, overruledByPersonId: deputy },
  ])
  expect((await sign(id, by(deputy))).json()).toMatchObject({ code: 'same-person' })
  expect((await sign(id)).statusCode).toBe(200)
})

test('[A-3.1.2] a measured breach is overruled by another than the one who signs, and a graver one opens it again', async () => {
  await measure({ erp_cpu_used_percent: 85 })
  const { id } = await newRound()
  expect((await overrule(id, 'os.memory', 'Nothing there.', by(deputy))).json()).toMatchObject({
    code: 'inspection-verdict',
  })
  expect((await overrule(id, 'os.cpu', 'Month end.', provider())).statusCode).toBe(200)
  await complete(id)
  expect((await sign(id)).json()).toMatchObject({ code: 'same-person' })
  stage.pass(60)
  await measure({ erp_cpu_used_percent: 86 })
  expect((await sign(id)).json()).toMatchObject({ code: 'same-person' })
  await measure({ erp_cpu_used_percent: 95 }, { instance: 'b' })
  expect((await sign(id, by(deputy))).json()).toMatchObject({
    code: 'inspection-incomplete',
    items: ['os.cpu'],
  })
})

test('[A-3.1.2] what was typed while nothing was measured gives way to a measured breach, not to a good value', async () => {
  const { id } = await newRound()
  await complete(id)
  await measure({
    erp_cpu_used_percent: 12,
    erp_memory_used_percent: 99,
    erp_disk_used_percent: 300,
  })
  await stage.call('POST', `/v1/inspections/rounds/${id}/fill`, { as: provider() })
  expect(await itemOf(id, 'os.cpu')).toMatchObject({ value: '0.1', verdict: 'normal' })
  expect(await itemOf(id, 'os.memory')).toMatchObject({ value: '99', level: 'critical' })
  expect(await itemOf(id, 'os.disk')).toMatchObject({ value: '0.1', verdict: 'normal' })
})

test('[A-3.1.2] samples that came meanwhile are not typed over', async () => {
  const { id } = await newRound()
  const { version } = await itemOf(id, 'os.cpu')
  await measure({ erp_cpu_used_percent: 93 })
  const put = (value: string | null, at: number) =>
    stage.call('PUT', `/v1/inspections/rounds/${id}/items/os.cpu`, {
      as: provider(),
      headers: { 'if-match': `"${String(at)}"` },
      body: { value, verdict: null, note: null },
    })
  expect((await put('12', version)).json()).toMatchObject({ code: 'inspection-measured' })
  expect((await put(null, version)).json()).toMatchObject({ code: 'inspection-measured' })
  await stage.call('POST', `/v1/inspections/rounds/${id}/fill`, { as: provider() })
  expect((await put('12', version)).json()).toMatchObject({ code: 'version-stale' })
  expect((await put('12', version + 1)).json()).toMatchObject({ code: 'inspection-measured' })
})

test('[A-3.1.2] a measured good value is refused or noted under the version that was read, however fresh the samples', async () => {
  await measure({ erp_cpu_used_percent: 20 })
  const { id } = await newRound()
  const { version } = await itemOf(id, 'os.cpu')
  const put = (body: object, at = version) =>
    stage.call('PUT', `/v1/inspections/rounds/${id}/items/os.cpu`, {
      as: provider(),
      headers: { 'if-match': `"${String(at)}"` },
      body: { value: null, verdict: null, note: null, ...body },
    })
  stage.pass(60)
  await measure({ erp_cpu_used_percent: 21 })
  expect((await put({ value: '12' })).json()).toMatchObject({ code: 'inspection-measured' })
  expect((await put({ verdict: 'abnormal' })).json()).toMatchObject({
    code: 'inspection-note-required',
  })
  const noted = await put({ verdict: 'normal', note: 'Quiet night.' })
  expect(noted.json()).toMatchObject({ value: '21', verdict: 'normal', note: 'Quiet night.' })
  expect((await put({ verdict: 'normal' })).json()).toMatchObject({ code: 'version-stale' })
})

test('[A-3.1.2] answers that are the same for days, or the same everywhere, are signed and flagged', async () => {
  const day = async (ahead: number, seed: number) => {
    stage.service.now = new Date(Date.parse('2026-11-22T00:00:00Z') + ahead * 86_400_000)
    const { id } = await newRound()
    await complete(id, seed)
    return { id, answer: await sign(id) }
  }
  await day(0, 1)
  expect((await day(1, 1)).answer.json()).toMatchObject({ suspicions: [] })
  const third = await day(2, 1)
  expect(third.answer.json()).toMatchObject({ suspicions: ['same-as-before'] })
  expect((await about(third.id)).slice(-2)).toMatchObject([
    ['done', { suspicious: true }],
    ['suspicious', { reasons: ['same-as-before'], signedByPersonId: inspector }],
  ])
  expect((await day(3, 2)).answer.json()).toMatchObject({ suspicions: [] })
})

test('units, modules and persons come from the directory by event', async () => {
  const id = randomUUID()
  const deliver = (type: string, data: object) => stage.tell(type, id, data)
  const unit = {
    unitId: id,
    code: 'W1',
    name: 'Works',
    kind: 'USER_UNIT',
    active: true,
    version: 1,
  }
  await deliver('identity.directory.unit-changed.v1', unit)
  const supplier = { ...unit, kind: 'SUPPLIER', version: 2 }
  await deliver('identity.directory.unit-changed.v1', supplier)
  expect(await stage.count('unit where id = $1 and not uses_erp', [id])).toBe(1)
  await deliver('identity.directory.module-changed.v1', {
    code: 'AR',
    name: 'Receivables',
    active: true,
    version: 1,
  })
  expect(await stage.count(`module where code = 'AR'`)).toBe(1)
  const person = {
    personId: id,
    employeeNumber: SEALED,
    name: SEALED,
    unitId: id,
    departmentId: id,
    positionId: id,
    email: null,
    active: false,
    leftOn: '2026-01-01',
    version: 1,
  }
  await deliver('identity.directory.person-changed.v1', person)
  expect(await stage.count('person where id = $1 and not active', [id])).toBe(1)
})

/** A source of the unit, registered and its token issued by callers; then its sample of a CPU at rest. */
async function ownMeasure(registrar: TestCaller, ...issuers: TestCaller[]): Promise<string> {
  const created = await stage.call('POST', '/v1/sources', {
    as: registrar,
    body: { name: randomUUID(), unitId, moduleCode: null },
  })
  const { id } = created.json<{ id: string }>()
  for (const [index, as] of issuers.entries()) {
    const issued = await stage.call('POST', `/v1/sources/${id}/token`, {
      as,
      headers: { 'if-match': `"${String(index + 1)}"` },
    })
    // The first to be handed one writes with it; those after it void it.
    if (index > 0) continue
    const answer = await stage.write(issued.json<{ token: string }>().token, [
      {
        labels: { __name__: 'erp_cpu_used_percent' },
        samples: [[stage.service.now.getTime(), 10]],
      },
    ])
    expect(answer.statusCode).toBe(204)
  }
  return id
}

const admin = (person: string | null = randomUUID()): TestCaller => ({
  roles: ['SYSTEM_ADMIN'],
  person,
})
const machine = (controller: string): TestCaller => ({
  roles: ['SYSTEM_ADMIN'],
  kind: 'client',
  controllers: [controller],
})

test.each<[string, () => Promise<string>]>([
  ['registered and holds the token of', () => ownMeasure(admin(inspector), admin(inspector))],
  ['registered', () => ownMeasure(admin(inspector), admin())],
  ['held the token of', () => ownMeasure(admin(), admin(inspector))],
  [
    'held the token of until a colleague took it over',
    () => ownMeasure(admin(), admin(inspector), admin()),
  ],
  ['registered through a client', () => ownMeasure(machine(inspector), admin())],
  ['held the token of through a client', () => ownMeasure(admin(), machine(inspector))],
])('[A-3.1.2] nobody signs what was measured by a source that he %s', async (_what, measured) => {
  const sourceId = await measured()
  const { id } = await newRound()
  expect(await itemOf(id, 'os.cpu')).toMatchObject({ origin: 'measured', value: '10' })
  await complete(id)
  expect((await sign(id)).json()).toMatchObject({ status: 409, code: 'same-person' })
  // To record a verdict on it once samples are old, or to end the source, hides nothing.
  stage.pass(3_601)
  const spoken = await record(id, 'os.cpu', { verdict: 'normal' })
  expect(spoken.statusCode).toBe(200)
  await stage.service.db.query(`update source set state = 'disabled' where id = $1`, [sourceId])
  expect((await sign(id)).json()).toMatchObject({ code: 'same-person' })
  stage.service.now = new Date('2026-11-22T06:00:00Z')
  expect((await sign(id, by(deputy))).statusCode).toBe(200)
})

test('[A-3.1.2] the deputy does not sign what his own source measured either, the inspector does', async () => {
  await ownMeasure(admin(deputy), admin(deputy))
  const { id } = await newRound()
  await complete(id)
  expect((await sign(id, by(deputy))).json()).toMatchObject({ code: 'same-person' })
  expect((await sign(id)).statusCode).toBe(200)
})

test('[A-3.1.2] a sample written between the last look and the signature counts', async () => {
  const { id } = await newRound()
  await complete(id)
  await stage.service.db.query(
    `update inspection_item set origin = null, value = null, verdict = null, recorded_at = null,
            recorded_by_person_id = null where round_id = $1 and code = 'os.cpu'`,
    [id],
  )
  await ownMeasure(admin(inspector), admin(inspector))
  expect((await sign(id)).json()).toMatchObject({ code: 'same-person' })
})

test('[A-3.1.2] a source that gave no value of the round, or whose people nobody noted, stops nobody', async () => {
  await measure({ erp_cpu_used_percent: 50 })
  // The worst of the unit decides, so the 10 of his own fill nothing.
  await ownMeasure(admin(inspector), admin(inspector))
  const { id } = await newRound()
  expect(await itemOf(id, 'os.cpu')).toMatchObject({ value: '50' })
  await complete(id)
  expect((await sign(id)).statusCode).toBe(200)
})
