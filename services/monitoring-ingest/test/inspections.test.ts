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
beforeAll(async () => {
  stage = await Stage.open()
  await stage.service.db.query(
    `insert into person (id, name, unit_id, active, version)
     values ($1, 'Inspector', $3, true, 1), ($2, 'Deputy', $3, true, 1)`,
    [inspector, deputy, stage.unitId],
  )
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
})
afterAll(() => stage.release())

const authority: TestCaller = { roles: ['OM_AUTHORITY'] }
const provider = (): TestCaller => ({ roles: ['OM_PROVIDER'], person: inspector })
const TODAY = '2026-11-22'

interface Item {
  readonly code: string
  readonly value: string | null
  readonly verdict: string | null
  readonly level: string | null
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

/** Records every item that still lacks a verdict as normal. */
async function complete(id: string): Promise<void> {
  for (const { code, verdict } of (await read(id)).items)
    if (verdict === null) await record(id, code, { value: 'seen', verdict: 'normal' })
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
    value: 'ORA-00600 twice',
    verdict: 'abnormal',
    level: 'critical',
    note: 'Sent to the vendor.',
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
    { item: 'db.alert_log', severity: 'simple', level: 'critical', value: 'ORA-00600 twice' },
  ])
  expect(findings).toHaveLength(2)
})

test('[A-3.1.1][A-3.1.2] a round is signed by a named person once every item has its verdict', async () => {
  const { id } = await newRound()
  const early = await sign(id)
  expect(early.json()).toMatchObject({ code: 'inspection-incomplete' })
  expect(early.json<{ items: string[] }>().items).toHaveLength(dailyTemplate.length)
  await complete(id)
  await record(id, 'os.swap', { value: '40 %', verdict: 'abnormal', note: 'Growing since Friday.' })
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
    headers: { 'if-match': '"0"' },
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
  const put = (body: object, as = authority, version = 0) =>
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
  expect((await about(id)).at(-1)).toMatchObject(['done', { withinTarget: true }])
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

test('units, modules and persons come from the directory by event', async () => {
  const id = randomUUID()
  const deliver = (type: string, data: object) =>
    stage.service.consumer.deliver({
      specversion: '1.0',
      id: randomUUID(),
      source: '/identity',
      type,
      subject: id,
      time: NOON.toISOString(),
      datacontenttype: 'application/json',
      actor: 'test',
      actingrole: 'SYSTEM_ADMIN',
      clauseids: '',
      requestid: 'request-1',
      traceparent: '',
      data,
    })
  const unit = {
    unitId: id,
    code: 'W1',
    name: 'Works',
    kind: 'USER_UNIT',
    active: true,
    version: 1,
  }
  expect(await deliver('identity.directory.unit-changed.v1', unit)).toBe('handled')
  const supplier = { ...unit, kind: 'SUPPLIER', version: 2 }
  expect(await deliver('identity.directory.unit-changed.v1', supplier)).toBe('handled')
  expect(await stage.count('unit where id = $1 and not uses_erp', [id])).toBe(1)
  expect(
    await deliver('identity.directory.module-changed.v1', {
      code: 'AR',
      name: 'Receivables',
      active: true,
      version: 1,
    }),
  ).toBe('handled')
  expect(await stage.count(`module where code = 'AR'`)).toBe(1)
  const person = {
    personId: id,
    employeeNumber: '1',
    name: 'P',
    unitId: id,
    departmentId: id,
    positionId: id,
    email: null,
    active: false,
    leftOn: '2026-01-01',
    version: 1,
  }
  expect(await deliver('identity.directory.person-changed.v1', person)).toBe('handled')
  expect(await stage.count('person where id = $1 and not active', [id])).toBe(1)
})
