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

const admin: TestCaller = { roles: ['SYSTEM_ADMIN'] }
const up = (value = 1) => [
  { labels: { __name__: 'up' }, samples: [[stage.service.now.getTime(), value] as const] },
]

test('a source is registered without a token, and gets one that is shown once and kept as a hash', async () => {
  const body = { name: 'prometheus 1', unitId: stage.unitId, moduleCode: 'GL' }
  const created = await stage.call('POST', '/v1/sources', { as: admin, body })
  expect(created.statusCode).toBe(201)
  expect(created.json()).toMatchObject({
    ...body,
    state: 'active',
    version: 1,
    silentAfterSeconds: 180,
  })
  expect(created.body).not.toMatch(/token(Hash)?"/)
  const { id } = created.json<{ id: string }>()

  const issued = await stage.call('POST', `/v1/sources/${id}/token`, {
    as: admin,
    headers: { 'if-match': '"1"' },
  })
  expect(issued.headers['cache-control']).toBe('no-store')
  const { token } = issued.json<{ token: string }>()
  expect(token.startsWith(`erpm_${id}_`)).toBe(true)
  const read = await stage.call('GET', `/v1/sources/${id}`, { as: admin })
  expect(read.headers.etag).toBe('"2"')
  expect(read.body).not.toContain(token)
  expect(await stage.count(`source where token_hash = sha256($1::bytea)`, [token])).toBe(1)
  expect(await stage.count(`outbox where payload::text like '%' || $1 || '%'`, [token])).toBe(0)
  expect(
    (await stage.events('monitoring.source.changed.v1')).slice(-2).map(({ data }) => data),
  ).toMatchObject([
    { sourceId: id, change: 'registered' },
    { sourceId: id, change: 'token-issued' },
  ])
})

test('a new token voids the old one at once, and a disabled source has none', async () => {
  const { id, token } = await stage.source()
  expect((await stage.write(token, up())).statusCode).toBe(204)
  const again = await stage.call('POST', `/v1/sources/${id}/token`, {
    as: admin,
    headers: { 'if-match': '"2"' },
  })
  const { token: next } = again.json<{ token: string }>()
  expect((await stage.write(token, up())).statusCode).toBe(401)
  expect((await stage.write(next, up())).statusCode).toBe(204)
  const stale = await stage.call('POST', `/v1/sources/${id}/disable`, {
    as: admin,
    headers: { 'if-match': '"2"' },
  })
  expect(stale.statusCode).toBe(412)
  const disabled = await stage.call('POST', `/v1/sources/${id}/disable`, {
    as: admin,
    headers: { 'if-match': '"3"' },
  })
  expect(disabled.json()).toMatchObject({ state: 'disabled' })
  const refused = await stage.write(next, up())
  expect(refused.json()).toMatchObject({ code: 'unauthenticated', status: 401 })
  const token3 = await stage.call('POST', `/v1/sources/${id}/token`, {
    as: admin,
    headers: { 'if-match': '"4"' },
  })
  expect(token3.json()).toMatchObject({ code: 'source-disabled' })
})

test('[A-3.2.1] a source that a key figure or a threshold lives on is disabled by two people', async () => {
  const sample = (name: string, value = 1) => [
    { labels: { __name__: name }, samples: [[stage.service.now.getTime(), value] as const] },
  ]
  const watched = `m_${randomUUID().replaceAll('-', '')}`
  const created = await stage.call('POST', '/v1/thresholds', {
    as: admin,
    body: {
      name: watched,
      unitId: stage.unitId,
      moduleCode: null,
      category: 'SERVER',
      metric: watched,
      comparison: 'above',
      warning: 80,
      critical: null,
      recoverLevel: null,
      forSeconds: 0,
      reason: 'test',
    },
  })
  expect(created.statusCode).toBe(201)
  const disable = (id: string, as: TestCaller) =>
    stage.call('POST', `/v1/sources/${id}/disable`, { as, headers: { 'if-match': '"2"' } })
  const person = randomUUID()
  for (const metric of ['erp_cpu_used_percent', watched]) {
    const { id, token } = await stage.source()
    expect((await stage.write(token, sample(metric))).statusCode).toBe(204)
    const proposed = await disable(id, { roles: ['OM_AUTHORITY'], person })
    expect(proposed.json()).toMatchObject({ kind: 'source.disable', state: 'pending' })
    expect((await stage.write(token, up())).statusCode).toBe(204)
    expect((await stage.approve(proposed, { person })).json()).toMatchObject({
      code: 'same-person',
    })
    expect((await stage.approve(proposed, { unit: stage.unitId })).json()).toMatchObject({
      code: 'concerned',
    })
    expect((await stage.approve(proposed, { roles: ['OM_AUTHORITY'] })).json()).toMatchObject({
      code: 'concerned',
    })
    expect((await stage.approve(proposed)).statusCode).toBe(200)
    expect((await stage.write(token, up())).statusCode).toBe(401)
  }
  const idle = await stage.source()
  expect((await disable(idle.id, admin)).json()).toMatchObject({ state: 'disabled' })
})

test.each([
  ['no token', undefined],
  ['a text that is no token', 'Bearer hello'],
  ['a token of a source that does not exist', `Bearer erpm_${randomUUID()}_${'A'.repeat(43)}`],
])('%s is refused before the body is read', async (_what, authorization) => {
  const refused = await stage.send('', Buffer.from('nonsense'), {
    authorization: authorization ?? '',
  })
  expect(refused.statusCode).toBe(401)
})

test('the token of one source does not open another', async () => {
  const one = await stage.source()
  const other = await stage.source()
  const crossed = one.token.replace(one.id, other.id)
  expect((await stage.write(crossed, up())).statusCode).toBe(401)
})

test('only those who may manage sources do, a name is taken once per unit, and units and modules must exist', async () => {
  const body = { name: 'taken', unitId: stage.unitId, moduleCode: null }
  const provider = await stage.call('POST', '/v1/sources', { as: { roles: ['OM_PROVIDER'] }, body })
  expect(provider.statusCode).toBe(403)
  expect((await stage.call('POST', '/v1/sources', { as: admin, body })).statusCode).toBe(201)
  const same = await stage.call('POST', '/v1/sources', { as: admin, body })
  expect(same.json()).toMatchObject({ code: 'source-exists' })
  const elsewhere = await stage.call('POST', '/v1/sources', {
    as: admin,
    body: { ...body, unitId: randomUUID() },
  })
  expect(elsewhere.json()).toMatchObject({ code: 'unit-unknown' })
  const module = await stage.call('POST', '/v1/sources', {
    as: admin,
    body: { ...body, name: 'm', moduleCode: 'XX' },
  })
  expect(module.json()).toMatchObject({ code: 'module-unknown' })
  const bound: TestCaller = { roles: ['OM_AUTHORITY'], range: 'unit', unit: stage.otherUnitId }
  const foreign = await stage.call('POST', '/v1/sources', {
    as: bound,
    body: { ...body, name: 'f' },
  })
  expect(foreign.json()).toMatchObject({ code: 'outside-unit' })
  const list = await stage.call('GET', '/v1/sources', { as: bound })
  expect(list.json()).toEqual({ items: [], next: null })
})

test('the list pages through every source once, and a foreign cursor is refused', async () => {
  for (let index = 0; index < 5; index += 1) await stage.source()
  const seen: string[] = []
  let cursor = ''
  do {
    const { items, next } = (
      await stage.call('GET', `/v1/sources?limit=2${cursor}`, { as: admin })
    ).json<{ items: { id: string }[]; next: string | null }>()
    seen.push(...items.map(({ id }) => id))
    cursor = next === null ? '' : `&cursor=${next}`
  } while (cursor !== '')
  expect(new Set(seen).size).toBe(seen.length)
  expect(seen.length).toBe(await stage.count('source'))
  const forged = Buffer.from(JSON.stringify(['x'])).toString('base64url')
  const refused = await stage.call('GET', `/v1/sources?cursor=${forged}`, { as: admin })
  expect(refused.json()).toMatchObject({ code: 'cursor-unusable' })
})

test('[A-3.2.1] a source that falls silent is reported once, and once more when it is heard again', async () => {
  const { id, token } = await stage.source()
  const about = async (type: string) =>
    (await stage.events(type)).filter(({ subject }) => subject === id).map(({ data }) => data)
  await stage.run('find-silent-sources')
  expect(await about('monitoring.source.silent.v1')).toEqual([])
  await stage.write(token, up())
  stage.pass(180)
  await stage.run('find-silent-sources')
  expect(await about('monitoring.source.silent.v1')).toEqual([])
  stage.pass(1)
  await stage.run('find-silent-sources')
  await stage.run('find-silent-sources')
  expect(await about('monitoring.source.silent.v1')).toMatchObject([
    { lastHeardAt: NOON.toISOString() },
  ])
  const silent = await stage.call('GET', '/v1/sources?silent=true', { as: admin })
  expect(silent.json<{ items: { id: string }[] }>().items.map((each) => each.id)).toContain(id)
  stage.pass(60)
  await stage.write(token, up())
  await stage.write(token, up())
  expect(await about('monitoring.source.heard.v1')).toMatchObject([
    { silentSince: null, heardAt: NOON.toISOString() },
    { heardAt: stage.service.now.toISOString() },
  ])
})

test('[A-3.2.1] a source that never sends is reported as silent too, counted from its registration', async () => {
  const { id, token } = await stage.source()
  const about = async (type: string) =>
    (await stage.events(type)).filter(({ subject }) => subject === id).map(({ data }) => data)
  stage.pass(180)
  await stage.run('find-silent-sources')
  expect(await about('monitoring.source.silent.v1')).toEqual([])
  stage.pass(1)
  await stage.run('find-silent-sources')
  expect(await about('monitoring.source.silent.v1')).toMatchObject([{ lastHeardAt: null }])
  await stage.write(token, up())
  expect(await about('monitoring.source.heard.v1')).toHaveLength(1)
})

test('[A-3.2.1] a request that began before its source was found silent ends the silence no earlier than it began', async () => {
  const { id, token } = await stage.source()
  const about = async (type: string) =>
    (await stage.events(type)).find(({ subject }) => subject === id)
  stage.pass(181)
  await stage.run('find-silent-sources')
  const found = stage.service.now.toISOString()
  // The clock of the request, which then waited for the task.
  stage.pass(-2)
  await stage.write(token, up())
  expect(await about('monitoring.source.silent.v1')).toMatchObject({ time: found })
  expect(await about('monitoring.source.heard.v1')).toMatchObject({
    time: found,
    data: { silentSince: found, heardAt: found },
  })
})

test('[A-3.2.1] a source that writes every second is never reported as silent', async () => {
  const { id, token } = await stage.source()
  for (let second = 0; second <= 200; second += 1) {
    await stage.write(token, up())
    stage.pass(1)
  }
  await stage.run('find-silent-sources')
  const silent = await stage.events('monitoring.source.silent.v1')
  expect(silent.filter(({ subject }) => subject === id)).toEqual([])
})
