import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import type { TestCaller } from '@erp-steward/test-kit/tokens'
import { NOON, Stage } from './stage.ts'

let stage: Stage
beforeAll(async () => {
  stage = await Stage.open()
})
beforeEach(() => {
  stage.service.now = NOON
})
afterAll(() => stage.release())

const authority: TestCaller = { roles: ['OM_AUTHORITY'], person: randomUUID() }

const definition = () => ({
  name: `CPU ${randomUUID()}`,
  unitId: stage.unitId,
  moduleCode: null,
  category: 'SERVER',
  metric: 'erp_cpu_used_percent',
  comparison: 'above',
  warning: 80,
  critical: 90,
  recoverLevel: 75,
  forSeconds: null as number | null,
  reason: 'First version, from the defaults of section 2.6.',
})

function withoutUnit({ unitId: _, ...rest }: ReturnType<typeof definition>) {
  return rest
}

test('[A-3.2.2] every version of a threshold is kept with who, when and why', async () => {
  const body = definition()
  const created = await stage.call('POST', '/v1/thresholds', {
    as: { ...authority, sub: 'first' },
    body,
  })
  expect(created.statusCode).toBe(201)
  expect(created.json()).toMatchObject({
    ...body,
    forSeconds: 300,
    forVersion: 0,
    active: true,
    version: 1,
    author: 'first',
  })
  const { id } = created.json<{ id: string }>()
  stage.pass(60)
  const changed = await stage.call('PUT', `/v1/thresholds/${id}`, {
    as: { ...authority, sub: 'second' },
    headers: { 'if-match': '"1"' },
    body: { ...withoutUnit(body), warning: 78, forSeconds: 0, reason: 'Month end is busier.' },
  })
  expect(changed.statusCode).toBe(200)
  expect(changed.headers.etag).toBe('"2"')
  stage.pass(60)
  const withdrawn = await stage.call('POST', `/v1/thresholds/${id}/withdraw`, {
    as: authority,
    headers: { 'if-match': '"2"' },
    body: { reason: 'The host is gone.' },
  })
  expect((await stage.approve(withdrawn, { sub: 'third' })).statusCode).toBe(200)
  const history = await stage.call('GET', `/v1/thresholds/${id}/versions`, { as: authority })
  expect(history.json()).toMatchObject({
    items: [
      {
        version: 3,
        author: 'third',
        reason: 'The host is gone.',
        active: false,
        setAt: '2026-11-22T04:02:00.000Z',
      },
      {
        version: 2,
        author: 'second',
        reason: 'Month end is busier.',
        warning: 78,
        forSeconds: 0,
        forVersion: null,
      },
      { version: 1, author: 'first', warning: 80, setAt: NOON.toISOString() },
    ],
  })
  const told = (await stage.events('monitoring.threshold.set.v1')).filter(
    ({ subject }) => subject === id,
  )
  expect(
    told.map(({ data, clauseids }) => [(data as { change: string }).change, clauseids]),
  ).toEqual([
    ['created', 'A-3.2.2'],
    ['changed', 'A-3.2.2'],
    ['withdrawn', 'A-3.2.2'],
  ])
  const again = await stage.call('POST', `/v1/thresholds/${id}/withdraw`, {
    as: authority,
    headers: { 'if-match': '"3"' },
    body: { reason: 'Twice.' },
  })
  expect(again.json()).toMatchObject({ code: 'threshold-withdrawn' })
})

test('[A-3.2.2] how long a breach may last for the company is not approved by the authority that it measures', async () => {
  const key = 'monitoring.for'
  const url = `/v1/parameters/monitoring-ingest/${key}`
  const proposed = await stage.call('PUT', url, {
    as: { roles: ['SECURITY_ADMIN'], person: randomUUID() },
    headers: { 'if-match': '"0"' },
    body: { unitId: null, value: 'PT1H', reason: 'Fewer alarms.' },
  })
  for (const role of ['OM_AUTHORITY', 'AUDIT_ADMIN'] as const) {
    const answer = await stage.approve(proposed, { roles: [role] })
    expect([role, answer.statusCode]).toEqual([role, role === 'AUDIT_ADMIN' ? 200 : 403])
  }
  const back = { unitId: null, value: null, reason: 'As shipped again.' }
  const withdrawn = await stage.call('PUT', url, {
    as: { roles: ['SECURITY_ADMIN'], person: randomUUID() },
    headers: { 'if-match': '"1"' },
    body: back,
  })
  expect(withdrawn.statusCode).toBe(200)
})

test('[A-3.2.2] without a time of its own a threshold takes the one of the parameter, and stores its version', async () => {
  const set = await stage.call('PUT', '/v1/parameters/monitoring-ingest/monitoring.for', {
    as: { roles: ['SECURITY_ADMIN'] },
    headers: { 'if-match': '"0"' },
    body: { unitId: stage.unitId, value: 'PT2M', reason: 'Faster in this unit.' },
  })
  expect(set.statusCode).toBe(200)
  const created = await stage.call('POST', '/v1/thresholds', { as: authority, body: definition() })
  expect(created.json()).toMatchObject({ forSeconds: 120, forVersion: 1 })
  const elsewhere = await stage.call('POST', '/v1/thresholds', {
    as: authority,
    body: { ...definition(), unitId: stage.otherUnitId },
  })
  expect(elsewhere.json()).toMatchObject({ forSeconds: 300, forVersion: 0 })
})

test.each<[string, object, string]>([
  ['no limit at all', { warning: null, critical: null }, 'threshold-refused'],
  ['critical milder than warning', { critical: 70 }, 'threshold-refused'],
  ['a recover level on the bad side', { recoverLevel: 81 }, 'threshold-refused'],
  ['a share above the whole', { warning: 101, critical: 102 }, 'threshold-refused'],
  [
    'a share below nothing',
    { comparison: 'below', warning: -1, critical: null, recoverLevel: null },
    'threshold-refused',
  ],
  ['an unknown module', { moduleCode: 'NOPE' }, 'module-unknown'],
  ['an unknown unit', { unitId: '00000000-0000-4000-8000-000000000000' }, 'unit-unknown'],
  ['a limit sent as text', { warning: '80' }, 'validation-failed'],
  ['a metric that is no name', { metric: 'a b' }, 'validation-failed'],
  ['no reason', { reason: '' }, 'validation-failed'],
  [
    'a regular expression',
    { matchers: [{ label: 'a', op: '=~', value: '.*' }] },
    'validation-failed',
  ],
])('[A-3.2.2] %s is refused', async (_what, members, code) => {
  const body = { ...definition(), ...members }
  const refused = await stage.call('POST', '/v1/thresholds', { as: authority, body })
  expect(refused.json()).toMatchObject({ code })
})

test('a repeated creation makes one threshold, two of one name are refused, a withdrawn name is free again', async () => {
  const body = definition()
  const headers = { 'idempotency-key': randomUUID() }
  const as = { ...authority, sub: 'same' }
  const first = await stage.call('POST', '/v1/thresholds', { as, body, headers })
  const second = await stage.call('POST', '/v1/thresholds', { as, body, headers })
  expect(second.json()).toEqual(first.json())
  const { id } = first.json<{ id: string }>()
  const taken = await stage.call('POST', '/v1/thresholds', { as, body })
  expect(taken.json()).toMatchObject({ code: 'threshold-exists' })
  const withdrawn = await stage.call('POST', `/v1/thresholds/${id}/withdraw`, {
    as,
    headers: { 'if-match': '"1"' },
    body: { reason: 'r' },
  })
  await stage.approve(withdrawn)
  expect((await stage.call('POST', '/v1/thresholds', { as, body })).statusCode).toBe(201)
})

test('of two changes at once one wins and the other is told so', async () => {
  const body = definition()
  const { id } = (await stage.call('POST', '/v1/thresholds', { as: authority, body })).json<{
    id: string
  }>()
  const answers = await Promise.all(
    [79, 78].map((warning) =>
      stage.call('PUT', `/v1/thresholds/${id}`, {
        as: authority,
        headers: { 'if-match': '"1"' },
        body: { ...withoutUnit(body), warning },
      }),
    ),
  )
  expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, 412])
  expect(await stage.count('threshold_version where threshold_id = $1', [id])).toBe(2)
})

test('who may not manage thresholds reads them, each inside the unit', async () => {
  const body = definition()
  const refused = await stage.call('POST', '/v1/thresholds', { as: { roles: ['KEY_USER'] }, body })
  expect(refused.statusCode).toBe(403)
  const { id } = (await stage.call('POST', '/v1/thresholds', { as: authority, body })).json<{
    id: string
  }>()
  const own: TestCaller = { roles: ['KEY_USER'], range: 'unit', unit: stage.unitId }
  const foreign: TestCaller = { roles: ['KEY_USER'], range: 'unit', unit: stage.otherUnitId }
  expect((await stage.call('GET', `/v1/thresholds/${id}`, { as: own })).statusCode).toBe(200)
  expect((await stage.call('GET', `/v1/thresholds/${id}`, { as: foreign })).json()).toMatchObject({
    code: 'outside-unit',
  })
  const ids = async (as: TestCaller) =>
    (await stage.call('GET', '/v1/thresholds?limit=200', { as }))
      .json<{ items: { id: string }[] }>()
      .items.map((each) => each.id)
  expect(await ids(own)).toContain(id)
  expect(await ids(foreign)).not.toContain(id)
  const bound: TestCaller = { roles: ['OM_AUTHORITY'], range: 'unit', unit: stage.otherUnitId }
  const reach = await stage.call('POST', `/v1/thresholds/${id}/withdraw`, {
    as: bound,
    headers: { 'if-match': '"1"' },
    body: { reason: 'r' },
  })
  expect(reach.json()).toMatchObject({ code: 'outside-unit' })
})

const loosening: [string, object][] = [
  ['a higher warning', { warning: 81 }],
  ['a higher critical limit', { critical: 91 }],
  ['no warning', { warning: null }],
  ['no critical limit', { critical: null }],
  ['a longer breach', { forSeconds: 301 }],
  ['an easier recovery', { recoverLevel: 76 }],
  ['another metric', { metric: 'erp_cpu_user_percent' }],
  ['fewer series', { matchers: [{ label: 'instance', op: '=', value: 'a' }] }],
  ['fewer sources', { moduleCode: 'GL' }],
  ['the rise instead of the value', { transform: 'rate-per-second' }],
  ['the other direction', { comparison: 'below', warning: 20, critical: 10, recoverLevel: null }],
]

test.each(loosening)(
  '[A-3.2.2] %s waits for a second person, and the threshold judges as before until then',
  async (_what, members) => {
    const body = definition()
    const created = await stage.call('POST', '/v1/thresholds', { as: authority, body })
    const { id } = created.json<{ id: string }>()
    const put = (changes: object, version: number) =>
      stage.call('PUT', `/v1/thresholds/${id}`, {
        as: authority,
        headers: { 'if-match': `"${String(version)}"` },
        body: { ...withoutUnit(body), ...changes },
      })
    const proposed = await put(members, 1)
    expect(proposed.statusCode).toBe(202)
    expect(proposed.json()).toMatchObject({
      kind: 'threshold.loosen',
      subject: id,
      concernedUnitIds: [stage.unitId],
    })
    const read = async () =>
      (await stage.call('GET', `/v1/thresholds/${id}`, { as: authority })).json<object>()
    expect(await read()).toMatchObject({ warning: 80, critical: 90, version: 1 })
    const { person } = authority
    expect((await stage.approve(proposed, { person: person ?? '' })).json()).toMatchObject({
      code: 'same-person',
    })
    expect((await stage.approve(proposed, { unit: stage.unitId })).json()).toMatchObject({
      code: 'concerned',
    })
    // Another of the authority is measured by the same alarms.
    expect((await stage.approve(proposed, { roles: ['OM_AUTHORITY'] })).json()).toMatchObject({
      code: 'concerned',
    })
    expect((await stage.approve(proposed)).statusCode).toBe(200)
    expect(await read()).toMatchObject({ ...members, version: 2 })
  },
)

test('[A-3.2.2] what tightens meanwhile leaves a loosening that was made for the state before', async () => {
  const body = definition()
  const created = await stage.call('POST', '/v1/thresholds', { as: authority, body })
  const { id } = created.json<{ id: string }>()
  const put = (changes: object) =>
    stage.call('PUT', `/v1/thresholds/${id}`, {
      as: authority,
      headers: { 'if-match': '"1"' },
      body: { ...withoutUnit(body), ...changes },
    })
  const proposed = await put({ warning: 89 })
  expect((await put({ warning: 70, recoverLevel: 60 })).statusCode).toBe(200)
  expect((await stage.approve(proposed)).json()).toMatchObject({ code: 'proposal-stale' })
})

test('[A-3.2.2] a threshold that judges nothing says why when it is set, and is stated when its source goes', async () => {
  const unitId = randomUUID()
  await stage.service.db.query(`insert into unit values ($1::uuid, $1::text, 'W', true, true, 1)`, [
    unitId,
  ])
  const create = async (members: object) => {
    const answer = await stage.call('POST', '/v1/thresholds', {
      as: authority,
      body: { ...definition(), name: `T ${randomUUID()}`, unitId, ...members },
    })
    expect(answer.statusCode).toBe(201)
    return answer.json<{ id: string; neverApplies: string | null }>()
  }
  expect(await create({})).toMatchObject({
    neverApplies: 'no-source',
    unfedSince: NOON.toISOString(),
  })
  const source = await stage.source('prometheus', null, unitId)
  expect(await create({ moduleCode: 'GL' })).toMatchObject({ neverApplies: 'no-source-of-module' })
  const { id } = await create({})
  const told = async () =>
    await stage.service.db.query<{ type: string; reason: string | null }[]>(
      `select split_part(type, '.', 3) as type, payload->'data'->>'reason' as reason from outbox
        where aggregateid = $1 and type <> 'monitoring.threshold.set.v1' order by seq`,
      [id],
    )
  expect(await told()).toEqual([{ type: 'unfed', reason: 'metric-unknown' }])
  const sample = (aheadSeconds: number) =>
    stage.write(source.token, [
      {
        labels: { __name__: 'erp_cpu_used_percent' },
        samples: [[stage.service.now.getTime() + aheadSeconds * 1_000, 50]],
      },
    ])
  // Neither what is late nor what is dated ahead speaks for now.
  for (const ahead of [-301, 61]) {
    await sample(ahead)
    await stage.run('state-threshold-feeds')
    expect((await told()).at(-1)).toEqual({ type: 'unfed', reason: 'no-samples' })
    await stage.service.db.query('delete from alert_state where threshold_id = $1', [id])
  }
  await sample(0)
  await stage.run('state-threshold-feeds')
  await stage.run('state-threshold-feeds')
  expect((await told()).slice(-2)).toEqual([
    { type: 'unfed', reason: 'no-samples' },
    { type: 'fed', reason: null },
  ])
  await stage.service.db.query(`update source set state = 'disabled' where id = $1`, [source.id])
  stage.pass(301)
  await stage.run('state-threshold-feeds')
  expect((await told()).at(-1)).toEqual({ type: 'unfed', reason: 'no-source' })
  const list = await stage.call('GET', `/v1/thresholds?unitId=${unitId}`, { as: authority })
  expect(list.json<{ items: { neverApplies: string }[] }>().items).toHaveLength(3)
})
