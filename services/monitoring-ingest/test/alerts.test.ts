import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import type { TestCaller } from '@erp-steward/test-kit/tokens'
import fc from 'fast-check'
import pg from 'pg'
import type { AlertRule } from '../src/alerts/rules/alert-machine.ts'
import { authenticateSource } from '../src/ingest/authenticate-source.ts'
import { decodeWriteRequest } from '../src/ingest/rules/decode-write-request.ts'
import { SampleWriter } from '../src/ingest/write-samples.ts'
import { testAct } from '@erp-steward/test-kit/test-act'
import { AlertOracle } from './alert-oracle.ts'
import { encodeWriteRequest } from './encode-write-request.ts'
import { NOON, Stage, type SentSource } from './stage.ts'

let stage: Stage
let source: SentSource
beforeAll(async () => {
  stage = await Stage.open({ INGEST_SERIES_PER_SOURCE: 10_000, INGEST_IN_FLIGHT: 100 })
})
beforeEach(async () => {
  stage.service.now = NOON
  source = await stage.source(undefined, 'GL')
})
afterAll(() => stage.release())

const T = NOON.getTime()
const authority: TestCaller = { roles: ['OM_AUTHORITY'], person: randomUUID() }

const definition = (metric: string) => ({
  name: randomUUID(),
  moduleCode: null,
  category: 'SERVER',
  metric,
  comparison: 'above',
  warning: 80,
  critical: 90,
  recoverLevel: 75,
  forSeconds: 300,
  reason: 'test',
})

async function threshold(metric: string, members: object = {}): Promise<string> {
  const body = { ...definition(metric), unitId: stage.unitId, ...members }
  const created = await stage.call('POST', '/v1/thresholds', { as: authority, body })
  expect(created.statusCode).toBe(201)
  return created.json<{ id: string }>().id
}

/** One person asks for another definition of a threshold. */
const change = (id: string, body: object, version: number) =>
  stage.call('PUT', `/v1/thresholds/${id}`, {
    as: authority,
    headers: { 'if-match': `"${String(version)}"` },
    body,
  })

/** Two people withdraw a threshold at its first version. */
async function withdraw(id: string) {
  const proposed = await stage.call('POST', `/v1/thresholds/${id}/withdraw`, {
    as: authority,
    headers: { 'if-match': '"1"' },
    body: { reason: 'r' },
  })
  return stage.approve(proposed)
}

/** Sends one sample `seconds` after the start. */
const send = (
  metric: string,
  seconds: number,
  value: number,
  labels: Record<string, string> = {},
) =>
  stage.write(source.token, [
    {
      labels: { __name__: metric, ...labels },
      samples: [[T - 3_600_000 + seconds * 1_000, value]],
    },
  ])

interface Told {
  readonly type: string
  readonly episodeId: string
  readonly level: string
  readonly [member: string]: unknown
}

async function toldOf(thresholdId: string): Promise<Told[]> {
  const rows: { type: string; data: Omit<Told, 'type'> }[] = await stage.service.db.query(
    `select type, payload->'data' as data from outbox
      where aggregatetype = 'monitoring.alert.v1' and payload->'data'->>'thresholdId' = $1 order by seq`,
    [thresholdId],
  )
  return rows.map(({ type, data }) => ({ ...data, type: type.split('.')[2] ?? '' }) as Told)
}

test('[A-3.2.3] a breach is told when it has lasted, in the same commit as its samples, and so is its end', async () => {
  const metric = `m_${randomUUID().replaceAll('-', '')}`
  const id = await threshold(metric)
  await send(metric, 0, 85, { instance: 'db1' })
  await send(metric, 299, 85, { instance: 'db1' })
  expect((await toldOf(id)).map(({ type }) => type)).toEqual(['pending'])
  await send(metric, 300, 85.5, { instance: 'db1' })
  await send(metric, 400, 95, { instance: 'db1' })
  await send(metric, 700, 96, { instance: 'db1' })
  await send(metric, 710, 76, { instance: 'db1' })
  await send(metric, 720, 74, { instance: 'db1' })
  const told = await toldOf(id)
  const at = (seconds: number) => new Date(T - 3_600_000 + seconds * 1_000).toISOString()
  const episodeId = told[0]?.episodeId
  const common = {
    episodeId,
    thresholdId: id,
    metric,
    labels: { instance: 'db1' },
    unitId: stage.unitId,
    moduleCode: 'GL',
  }
  expect(told).toMatchObject([
    { type: 'pending', ...common, level: 'warning', value: 85, limit: 80, since: at(0) },
    {
      type: 'firing',
      ...common,
      level: 'warning',
      value: 85.5,
      limit: 80,
      since: at(0),
      firedAt: at(300),
    },
    {
      type: 'firing',
      ...common,
      level: 'critical',
      value: 96,
      limit: 90,
      since: at(0),
      firedAt: at(700),
    },
    {
      type: 'resolved',
      ...common,
      level: 'critical',
      value: 74,
      limit: 90,
      reason: 'recovered',
      resolvedAt: at(720),
    },
  ])
  const read = await stage.call('GET', `/v1/alerts/${String(episodeId)}`, { as: authority })
  expect(read.json()).toMatchObject({
    state: 'resolved',
    level: 'critical',
    firedAt: at(300),
    endedAt: at(720),
    endReason: 'recovered',
  })
})

test('[A-3.2.3] duplicates, late samples, NaN and silence change nothing', async () => {
  const metric = `m_${randomUUID().replaceAll('-', '')}`
  const id = await threshold(metric)
  for (const [seconds, value] of [
    [100, 85],
    [400, 85],
    [400, 85],
    [400, 0],
    [50, 0],
    [410, NaN],
  ] as const) {
    await send(metric, seconds, value)
    await send(metric, seconds, value)
  }
  stage.pass(3_000)
  expect((await toldOf(id)).map(({ type }) => type)).toEqual(['pending', 'firing'])
})

test('one request with a whole history tells what single requests tell', async () => {
  const metric = `m_${randomUUID().replaceAll('-', '')}`
  const id = await threshold(metric)
  const at = (seconds: number) => T - 3_600_000 + seconds * 1_000
  await stage.write(source.token, [
    {
      labels: { __name__: metric },
      samples: [
        [at(720), 1],
        [at(0), 85],
        [at(300), 85],
        [at(150), 85],
      ],
    },
  ])
  expect((await toldOf(id)).map(({ type }) => type)).toEqual(['pending', 'firing', 'resolved'])
})

test('a series sent twice in one request, its labels in another order, has one state and one episode', async () => {
  const metric = `m_${randomUUID().replaceAll('-', '')}`
  const id = await threshold(metric, { forSeconds: 0 })
  const at = T - 3_600_000
  const answer = await stage.write(source.token, [
    {
      labels: { __name__: metric, instance: 'db1', job: 'ebs' },
      samples: [
        [at, 85],
        [at + 20_000, 70],
      ],
    },
    { labels: { __name__: metric, job: 'ebs', instance: 'db1' }, samples: [[at + 10_000, 86]] },
  ])
  expect(answer.statusCode).toBe(204)
  expect((await toldOf(id)).map(({ type, value }) => [type, value])).toEqual([
    ['firing', 85],
    ['resolved', 70],
  ])
})

test('a threshold watches the series of its unit, module and labels, and no other', async () => {
  const metric = `m_${randomUUID().replaceAll('-', '')}`
  const now = { forSeconds: 0 }
  const watching = await threshold(metric, {
    ...now,
    moduleCode: 'GL',
    matchers: [{ label: 'env', op: '=', value: 'prod' }],
  })
  const elsewhere = await threshold(metric, { ...now, unitId: stage.otherUnitId })
  await stage.service.db.query(
    `insert into module values ('AP', 'Payables', true, 1) on conflict do nothing`,
  )
  const otherModule = await threshold(metric, { ...now, moduleCode: 'AP' })
  await send(metric, 0, 85, { env: 'prod' })
  await send(metric, 0, 85, { env: 'test' })
  expect((await toldOf(watching)).map(({ labels }) => labels)).toEqual([{ env: 'prod' }])
  expect(await toldOf(elsewhere)).toEqual([])
  expect(await toldOf(otherModule)).toEqual([])
})

test('a rate is taken over the samples of a counter, restarts included', async () => {
  const metric = `m_${randomUUID().replaceAll('-', '')}_total`
  const id = await threshold(metric, {
    transform: 'rate-per-second',
    warning: 5,
    critical: null,
    recoverLevel: null,
    forSeconds: 0,
  })
  for (const [seconds, value] of [
    [0, 1_000],
    [10, 1_049],
    [20, 1_099],
    [30, 40],
  ] as const)
    await send(metric, seconds, value)
  expect((await toldOf(id)).map(({ type, value }) => [type, value])).toEqual([
    ['firing', 5],
    ['resolved', 4],
  ])
})

test('infinity is a breach that JSON can say', async () => {
  const metric = `m_${randomUUID().replaceAll('-', '')}`
  const id = await threshold(metric, { forSeconds: 0 })
  expect((await send(metric, 0, Infinity)).statusCode).toBe(204)
  expect(await toldOf(id)).toMatchObject([
    { type: 'firing', level: 'critical', value: Number.MAX_VALUE },
  ])
})

test('[A-3.2.3] taking away the threshold or the source ends what is open, with the reason', async () => {
  const metric = `m_${randomUUID().replaceAll('-', '')}`
  const changed = await threshold(metric, { forSeconds: 0 })
  const withdrawn = await threshold(metric, { forSeconds: 0 })
  const pending = await threshold(metric)
  const orphaned = await threshold(metric, { forSeconds: 0 })
  await send(metric, 0, 85)
  const put = await change(changed, { ...definition(metric), warning: 84, forSeconds: 0 }, 1)
  expect((await stage.approve(put)).statusCode).toBe(200)
  for (const id of [withdrawn, pending]) expect((await withdraw(id)).statusCode).toBe(200)
  expect((await toldOf(changed)).map(({ type, reason }) => [type, reason])).toEqual([
    ['firing', undefined],
    ['resolved', 'threshold-changed'],
  ])
  expect((await toldOf(withdrawn)).map(({ type, reason }) => [type, reason])).toEqual([
    ['firing', undefined],
    ['resolved', 'threshold-withdrawn'],
  ])
  expect((await toldOf(pending)).map(({ type, reason }) => [type, reason])).toEqual([
    ['pending', undefined],
    ['cleared', 'threshold-withdrawn'],
  ])
  await send(metric, 10, 85)
  expect(await toldOf(withdrawn)).toHaveLength(2)
  const disabled = await stage.call('POST', `/v1/sources/${source.id}/disable`, {
    as: authority,
    headers: { 'if-match': '"2"' },
  })
  expect((await stage.approve(disabled)).statusCode).toBe(200)
  expect((await toldOf(changed)).map(({ type, reason }) => [type, reason])).toEqual([
    ['firing', undefined],
    ['resolved', 'threshold-changed'],
    ['firing', undefined],
    ['resolved', 'source-disabled'],
  ])
  expect((await toldOf(orphaned)).map(({ type, reason }) => [type, reason])).toEqual([
    ['firing', undefined],
    ['resolved', 'source-disabled'],
  ])
})

test('[A-3.2.3] one hand ends no alert by saying a threshold again, or more strictly, as often as it likes', async () => {
  const metric = `m_${randomUUID().replaceAll('-', '')}`
  const firing = await threshold(metric, { forSeconds: 0 })
  const pending = await threshold(metric)
  await send(metric, 0, 85)
  const stricter = { ...definition(metric), warning: 70, critical: 84, recoverLevel: 60 }
  for (const version of [1, 2]) {
    expect((await change(firing, { ...stricter, forSeconds: 0 }, version)).statusCode).toBe(200)
    const same = { ...definition(metric), reason: `Said again: ${String(version)}` }
    expect((await change(pending, same, version)).statusCode).toBe(200)
    await send(metric, 150 * version, 85)
  }
  expect((await toldOf(firing)).map(({ type, level }) => [type, level])).toEqual([
    ['firing', 'warning'],
    ['firing', 'critical'],
  ])
  expect((await toldOf(pending)).map(({ type }) => type)).toEqual(['pending', 'firing'])
  const [episode]: { version: number }[] = await stage.service.db.query(
    'select threshold_version as version from alert_episode where threshold_id = $1',
    [firing],
  )
  expect(episode?.version).toBe(2)
})

test('[A-3.2.3] concurrent requests about one series make one episode', async () => {
  const metric = `m_${randomUUID().replaceAll('-', '')}`
  const id = await threshold(metric, { forSeconds: 0 })
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, index) => send(metric, index % 4, 85)),
  )
  expect(answers.every(({ statusCode }) => statusCode === 204)).toBe(true)
  expect((await toldOf(id)).map(({ type }) => type)).toEqual(['firing'])
})

test('a threshold changed while samples pour in never leaves a firing without its end', async () => {
  const metric = `m_${randomUUID().replaceAll('-', '')}`
  const id = await threshold(metric, { forSeconds: 0 })
  const pouring = Promise.all(
    Array.from({ length: 40 }, (_, index) =>
      send(metric, index, index % 3 === 0 ? 1 : 85, { i: String(index % 5) }),
    ),
  )
  expect((await withdraw(id)).statusCode).toBe(200)
  expect((await pouring).every(({ statusCode }) => statusCode === 204)).toBe(true)
  const told = await toldOf(id)
  for (const ofEpisode of Map.groupBy(told, ({ episodeId }) => episodeId).values())
    expect(ofEpisode.map(({ type }) => type)).toEqual(['firing', 'resolved'])
  expect(
    await stage.count('alert_episode where threshold_id = $1 and ended_at is null', [id]),
  ).toBe(0)
})

/** A threshold that fires now. */
async function fire(): Promise<{ thresholdId: string; episodeId: string }> {
  const metric = `m_${randomUUID().replaceAll('-', '')}`
  const thresholdId = await threshold(metric, { forSeconds: 0 })
  await send(metric, 3_600, 95)
  const [told] = await toldOf(thresholdId)
  return { thresholdId, episodeId: told?.episodeId ?? '' }
}

const ticketOf = (ticketId: string, alertEpisodeId: string | null) =>
  stage.tell('incident.ticket.opened.v1', ticketId, {
    ticketId,
    number: 'T1',
    title: 'CPU',
    priority: 'P2',
    category: 'fault',
    unitId: stage.unitId,
    moduleCode: null,
    tiers: ['L1'],
    alertEpisodeId,
    reporterPersonId: null,
    openedAt: stage.service.now.toISOString(),
    acknowledgeDueAt: null,
    restoreDueAt: null,
  })
const PERSON = randomUUID()
/** A message about an alert was accepted, for a person by mail unless said otherwise. */
const delivered = (
  episodeId: string | null,
  {
    level = 'critical',
    ...said
  }: { level?: 'warning' | 'critical'; [member: string]: unknown } = {},
) =>
  stage.tell('incident.notification.delivered.v1', randomUUID(), {
    notificationId: randomUUID(),
    ticketId: null,
    channel: 'mail',
    occasion: 'opened',
    attempts: 1,
    deliveredAt: stage.service.now.toISOString(),
    personId: PERSON,
    alert: episodeId === null ? null : { episodeId, level },
    ...said,
  })
const taken = (
  ticketId: string,
  ownerPersonId: string,
  alertLevel: 'warning' | 'critical' = 'critical',
) =>
  stage.tell('incident.ticket.acknowledged.v1', ticketId, {
    ticketId,
    ownerPersonId,
    tier: 'L1',
    acknowledgedAt: stage.service.now.toISOString(),
    withinTarget: true,
    alertLevel,
  })
const typesOf = async (thresholdId: string) => (await toldOf(thresholdId)).map(({ type }) => type)

test('[A-3.2.3] a confirmed alert was told once a message about it was accepted for a person in time', async () => {
  const { thresholdId, episodeId } = await fire()
  const ticketId = randomUUID()
  stage.pass(60)
  await delivered(episodeId, { ticketId })
  await delivered(episodeId, { ticketId })
  stage.pass(60)
  await stage.run('check-alerts-told')
  expect((await toldOf(thresholdId)).slice(1)).toMatchObject([
    {
      type: 'notified',
      episodeId,
      level: 'critical',
      ticketId,
      by: 'mail',
      personId: PERSON,
      withinTarget: true,
    },
  ])
})

test.each([
  ['a webhook, which is nobody', { channel: 'webhook', personId: null }],
  ['a message of before, which does not say whom it reached', { personId: undefined }],
  ['a message that does not say of which alert it is', { alert: undefined }],
  ['a message about something else', { alert: null }],
])('[A-3.2.3] an alert is not told by %s', async (_what, said) => {
  const { thresholdId, episodeId } = await fire()
  await ticketOf(randomUUID(), episodeId)
  await delivered(episodeId, said)
  await delivered(randomUUID())
  stage.pass(61)
  await stage.run('check-alerts-told')
  expect(await typesOf(thresholdId)).toEqual(['firing', 'notify-overdue'])
})

test.each(['ticket first', 'acknowledgement first'])(
  '[A-3.2.3] whoever took the ticket was reached: %s',
  async (order) => {
    const { thresholdId, episodeId } = await fire()
    const ticketId = randomUUID()
    if (order === 'ticket first') await ticketOf(ticketId, episodeId)
    await taken(ticketId, PERSON)
    if (order !== 'ticket first') await ticketOf(ticketId, episodeId)
    stage.pass(61)
    await stage.run('check-alerts-told')
    expect((await toldOf(thresholdId)).slice(1)).toMatchObject([
      { type: 'notified', by: 'acknowledgement', personId: PERSON, withinTarget: true },
      { type: 'acknowledged', acknowledgedByPersonId: PERSON },
    ])
  },
)

test('[A-3.2.3] an alert that nobody was told of in time is stated once, also when it has ended, and a late message says late', async () => {
  const { thresholdId, episodeId } = await fire()
  stage.pass(60)
  await stage.run('check-alerts-told')
  expect(await typesOf(thresholdId)).toEqual(['firing'])
  expect((await withdraw(thresholdId)).statusCode).toBe(200)
  stage.pass(1)
  await stage.run('check-alerts-told')
  await stage.run('check-alerts-told')
  expect(await typesOf(thresholdId)).toEqual(['firing', 'resolved', 'notify-overdue'])
  await delivered(episodeId)
  expect((await toldOf(thresholdId)).at(-1)).toMatchObject({
    type: 'notified',
    withinTarget: false,
  })
})

/** A warning that fires now, and the same alert a moment later at a critical value. */
async function warn() {
  const metric = `m_${randomUUID().replaceAll('-', '')}`
  const thresholdId = await threshold(metric, { forSeconds: 0 })
  let second = 3_600
  const read = (value: number) => send(metric, (second += 1), value)
  await read(85)
  const [first] = await toldOf(thresholdId)
  return { thresholdId, episodeId: first?.episodeId ?? '', read }
}
const noticesOf = async (thresholdId: string) =>
  (await toldOf(thresholdId))
    .filter(({ type }) => type.startsWith('not'))
    .map(({ type, level, withinTarget }) =>
      [type, level, ...(withinTarget === false ? ['late'] : [])].join(' '),
    )

test('[A-3.2.3] a level that rose is told only by a message of that level, in the time from its own confirmation', async () => {
  const { thresholdId, episodeId, read } = await warn()
  await delivered(episodeId, { level: 'warning' })
  stage.pass(600)
  await read(95)
  // The same message again, and another of the milder level, say nothing of the graver.
  await delivered(episodeId, { level: 'warning' })
  stage.pass(60)
  await stage.run('check-alerts-told')
  expect(await noticesOf(thresholdId)).toEqual(['notified warning'])
  stage.pass(1)
  await stage.run('check-alerts-told')
  await stage.run('check-alerts-told')
  expect(await noticesOf(thresholdId)).toEqual(['notified warning', 'notify-overdue critical'])
  await delivered(episodeId)
  expect((await noticesOf(thresholdId)).at(-1)).toBe('notified critical late')
  const answered = await stage.call('GET', `/v1/alerts/${episodeId}`, { as: authority })
  const notices = [
    { level: 'warning', notifyOverdueAt: null },
    { level: 'critical', notifyOverdueAt: expect.any(String) as unknown },
  ]
  expect(answered.json()).toMatchObject({ level: 'critical', notices, ...notices[1] })
  const listed = await stage.call('GET', `/v1/alerts?thresholdId=${thresholdId}`, { as: authority })
  expect(listed.json()).toMatchObject({ items: [{ notices }] })
})

test('[A-3.2.3] whoever heard of the graver level heard of the milder, which has its own time', async () => {
  const { thresholdId, episodeId, read } = await warn()
  stage.pass(50)
  await read(95)
  stage.pass(11)
  await delivered(episodeId)
  stage.pass(60)
  await stage.run('check-alerts-told')
  expect(await noticesOf(thresholdId)).toEqual(['notified warning late', 'notified critical'])
})

test('[A-3.2.3] a worsening alert has no more time to be told of than it had', async () => {
  const { thresholdId, read } = await warn()
  stage.pass(50)
  await read(95)
  stage.pass(11)
  await stage.run('check-alerts-told')
  expect(await noticesOf(thresholdId)).toEqual(['notify-overdue warning'])
})

test('[A-3.2.3] an alert that falls and rises again within its episode is told no more', async () => {
  const { thresholdId, episodeId, read } = await warn()
  await read(95)
  await delivered(episodeId)
  for (const value of [85, 96, 85, 97, 85]) {
    stage.pass(600)
    await read(value)
    await stage.run('check-alerts-told')
  }
  expect(await noticesOf(thresholdId)).toEqual(['notified warning', 'notified critical'])
  expect((await typesOf(thresholdId)).filter((type) => type === 'firing')).toHaveLength(2)
})

/** Which episode each firing says that it repeats, first to last. */
const repeatsOf = async (thresholdId: string) =>
  (await toldOf(thresholdId))
    .filter(({ type }) => type === 'firing')
    .map(({ episodeId, level, repeats }) => ({ episodeId, level, repeats }))

test('[A-3.2.3] an alert that comes again says so while what was told of it is fresh, and never when nobody was told', async () => {
  const { thresholdId, episodeId, read } = await warn()
  await read(1)
  await read(85)
  await delivered(episodeId, { level: 'warning' })
  await read(1)
  stage.pass(30 * 60 - 1)
  await read(85)
  await read(1)
  stage.pass(1)
  await read(85)
  const fired = await repeatsOf(thresholdId)
  expect(fired.map(({ repeats }) => repeats)).toEqual([null, null, episodeId, null])
})

test('[A-3.2.3] a graver alert than was told repeats nothing, a milder one does', async () => {
  const { thresholdId, episodeId, read } = await warn()
  await delivered(episodeId, { level: 'warning' })
  await read(1)
  await read(95)
  const [, second] = await repeatsOf(thresholdId)
  expect(second).toMatchObject({ level: 'critical', repeats: null })
  await delivered(second?.episodeId ?? '')
  await read(1)
  await read(85)
  expect((await repeatsOf(thresholdId)).at(-1)).toMatchObject({
    level: 'warning',
    repeats: second?.episodeId,
  })
})

test('[A-3.2.3] another series under the threshold repeats nothing', async () => {
  const metric = `m_${randomUUID().replaceAll('-', '')}`
  const thresholdId = await threshold(metric, { forSeconds: 0 })
  await send(metric, 3_600, 95, { host: 'a' })
  const [first] = await repeatsOf(thresholdId)
  await delivered(first?.episodeId ?? '')
  await send(metric, 3_601, 1, { host: 'a' })
  await send(metric, 3_602, 95, { host: 'b' })
  expect((await repeatsOf(thresholdId)).at(-1)).toMatchObject({ repeats: null })
})

test.each([
  ['taken', PERSON],
  ['not taken', null],
])(
  '[A-3.2.3] an alert that comes again on a ticket that is %s was told when the one before was',
  async (_what, ownerPersonId) => {
    const { thresholdId, episodeId, read } = await warn()
    const ticketId = randomUUID()
    await ticketOf(ticketId, episodeId)
    await delivered(episodeId, { level: 'warning' })
    await read(1)
    stage.pass(60)
    await read(85)
    const again = (await repeatsOf(thresholdId)).at(-1)?.episodeId ?? ''
    const before = (await toldOf(thresholdId)).length
    await stage.tell('incident.ticket.alert-repeated.v1', ticketId, {
      ticketId,
      alertEpisodeId: again,
      earlierEpisodeId: episodeId,
      level: 'warning',
      ownerPersonId,
      repeatedAt: stage.service.now.toISOString(),
    })
    stage.pass(61)
    await stage.run('check-alerts-told')
    expect((await toldOf(thresholdId)).slice(before)).toMatchObject([
      { type: 'notified', episodeId: again, by: 'earlier-message', withinTarget: true },
      ...(ownerPersonId === null ? [] : [{ type: 'acknowledged', episodeId: again }]),
    ])
    // Whoever takes the ticket takes what it is of now.
    await taken(ticketId, PERSON, 'warning')
    expect((await toldOf(thresholdId)).at(-1)).toMatchObject({
      type: 'acknowledged',
      episodeId: again,
    })
  },
)

test('[A-3.2.3] a ticket that says that an alert came again of which nobody was told tells nobody', async () => {
  const { thresholdId, episodeId, read } = await warn()
  await read(1)
  await read(85)
  const again = (await repeatsOf(thresholdId)).at(-1)?.episodeId ?? ''
  await stage.tell('incident.ticket.alert-repeated.v1', randomUUID(), {
    ticketId: randomUUID(),
    alertEpisodeId: again,
    earlierEpisodeId: episodeId,
    level: 'warning',
    ownerPersonId: null,
    repeatedAt: stage.service.now.toISOString(),
  })
  stage.pass(61)
  await stage.run('check-alerts-told')
  expect(await noticesOf(thresholdId)).toEqual(['notify-overdue warning', 'notify-overdue warning'])
})

test('[A-3.2.3] an alert is told of beside others, told and untold, of the same and of other thresholds', async () => {
  const [told, untold] = [await fire(), await fire()]
  await delivered(told.episodeId)
  stage.pass(61)
  await stage.run('check-alerts-told')
  expect(await noticesOf(told.thresholdId)).toEqual(['notified critical'])
  expect(await noticesOf(untold.thresholdId)).toEqual(['notify-overdue critical'])
})

test('[A-3.2.3] a message and the look for those that are missing, at one moment, agree', async () => {
  const all = [await fire(), await fire(), await fire()]
  stage.pass(61)
  await Promise.all([
    stage.run('check-alerts-told'),
    ...all.map(({ episodeId }) => delivered(episodeId)),
  ])
  for (const { thresholdId } of all) {
    const notices = await noticesOf(thresholdId)
    expect(notices.at(-1)).toBe('notified critical late')
    expect(notices.filter((each) => each.startsWith('notified'))).toHaveLength(1)
  }
})

test('[A-3.2.3] a worsening alert that nobody took is to be taken no later, and is stated anew at its new level', async () => {
  const { thresholdId, read } = await warn()
  const untaken = async () =>
    (await toldOf(thresholdId))
      .filter(({ type }) => type === 'ack-overdue')
      .map(({ level, dueAt }) => [level, dueAt])
  const start = stage.service.now.getTime()
  const at = (minutes: number) => new Date(start + minutes * 60_000).toISOString()
  stage.pass(3_601)
  await stage.run('check-alerts-told')
  expect(await untaken()).toEqual([['warning', at(60)]])
  await read(95)
  await stage.run('check-alerts-told')
  await stage.run('check-alerts-told')
  expect(await untaken()).toEqual([
    ['warning', at(60)],
    ['critical', at(60)],
  ])
})

test('[A-3.2.3] a second ticket of an alert is to be taken anew', async () => {
  const { thresholdId, episodeId, read } = await warn()
  const [first, second] = [randomUUID(), randomUUID()]
  await ticketOf(first, episodeId)
  await taken(first, PERSON, 'warning')
  stage.pass(1)
  await read(95)
  await ticketOf(second, episodeId)
  stage.pass(15 * 60 + 1)
  // The first ticket speaks for its own level only.
  await stage.run('check-alerts-told')
  expect((await typesOf(thresholdId)).slice(-2).sort()).toEqual(['ack-overdue', 'notify-overdue'])
  expect((await toldOf(thresholdId)).at(-1)).toMatchObject({ ticketId: second })
  await taken(second, PERSON)
  expect((await typesOf(thresholdId)).slice(-2)).toEqual(['notified', 'acknowledged'])
})

test('[A-3.2.3] the time to tell counts from the confirmation, however old the sample is', async () => {
  const metric = `m_${randomUUID().replaceAll('-', '')}`
  const thresholdId = await threshold(metric, { forSeconds: 0 })
  await send(metric, 0, 95)
  await stage.run('check-alerts-told')
  expect(await typesOf(thresholdId)).toEqual(['firing'])
})

test('[A-3.2.3] a firing alert that nobody takes in the time of its level is stated once, one that is taken is not', async () => {
  const open = await fire()
  const answered = await fire()
  const tickets = new Map([open, answered].map(({ episodeId }) => [episodeId, randomUUID()]))
  for (const [episodeId, ticketId] of tickets) {
    await ticketOf(ticketId, episodeId)
    await delivered(episodeId)
  }
  const person = randomUUID()
  await taken(tickets.get(answered.episodeId) ?? '', person)
  stage.pass(15 * 60)
  await stage.run('check-alerts-told')
  expect(await typesOf(open.thresholdId)).toEqual(['firing', 'notified'])
  stage.pass(1)
  await stage.run('check-alerts-told')
  await stage.run('check-alerts-told')
  expect(await typesOf(open.thresholdId)).toEqual(['firing', 'notified', 'ack-overdue'])
  expect((await toldOf(answered.thresholdId)).slice(1)).toMatchObject([
    { type: 'notified' },
    { type: 'acknowledged', acknowledgedByPersonId: person },
  ])
  const read = await stage.call('GET', `/v1/alerts/${open.episodeId}`, { as: authority })
  expect(read.json()).toMatchObject({ acknowledgedAt: null, notifyOverdueAt: null })
})

test('the list is filtered by state and unit and pages through each episode once', async () => {
  const metric = `m_${randomUUID().replaceAll('-', '')}`
  const id = await threshold(metric, { forSeconds: 0 })
  for (let index = 0; index < 5; index += 1) await send(metric, 0, 85, { i: String(index) })
  await send(metric, 1, 1, { i: '0' })
  const list = async (query: string, as: TestCaller = authority) =>
    (await stage.call('GET', `/v1/alerts?thresholdId=${id}${query}`, { as })).json<{
      items: { id: string }[]
      next: string | null
    }>()
  expect((await list('&state=firing')).items).toHaveLength(4)
  expect((await list('&state=resolved')).items).toHaveLength(1)
  const first = await list('&limit=3')
  const second = await list(`&limit=3&cursor=${String(first.next)}`)
  expect(new Set([...first.items, ...second.items].map((each) => each.id)).size).toBe(5)
  const foreign: TestCaller = { roles: ['KEY_USER'], range: 'unit', unit: stage.otherUnitId }
  expect((await list('', foreign)).items).toEqual([])
  const read = await stage.call('GET', `/v1/alerts/${String(first.items[0]?.id)}`, { as: foreign })
  expect(read.json()).toMatchObject({ code: 'outside-unit' })
})

interface Step {
  readonly kind: 'send' | 'restart' | 'change' | 'repeat'
  readonly samples: readonly (readonly [number, number])[]
}

test('[A-3.2.3] over random histories with restarts, repeats and changed thresholds the database tells what the oracle tells', async () => {
  const pool = new pg.Pool({
    connectionString: stage.service.url,
    max: 2,
    options: '-c search_path=monitoring_ingest',
  })
  const rule: AlertRule = {
    comparison: 'above',
    transform: 'value',
    warning: 2,
    critical: 4,
    recoverLevel: 1,
    forMs: 3_000,
  }
  const steps: fc.Arbitrary<Step[]> = fc.array(
    fc.record({
      kind: fc.constantFrom(
        'send' as const,
        'send' as const,
        'send' as const,
        'repeat' as const,
        'restart' as const,
        'change' as const,
      ),
      samples: fc.array(fc.tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 5 })), {
        minLength: 1,
        maxLength: 4,
      }),
    }),
    { minLength: 3, maxLength: 14 },
  )
  const sending = async () => authenticateSource(pool, `Bearer ${source.token}`)
  try {
    await fc.assert(
      fc.asyncProperty(steps, async (history) => {
        const metric = `h_${randomUUID().replaceAll('-', '')}`
        const id = await threshold(metric, {
          warning: 2,
          critical: 4,
          recoverLevel: 1,
          forSeconds: 3,
        })
        const oracle = new AlertOracle()
        let writer = new SampleWriter(pool, 10_000)
        let version = 1
        let last: Buffer | undefined
        const write = async (bytes: Buffer) => {
          const { refusals } = await writer.write(
            await sending(),
            decodeWriteRequest(bytes, 100),
            testAct({ now: NOON }),
          )
          expect(refusals.total).toBe(0)
        }
        for (const { kind, samples } of history) {
          if (kind === 'restart') writer = new SampleWriter(pool, 10_000)
          else if (kind === 'repeat' && last !== undefined) await write(last)
          else if (kind === 'change') {
            const body = {
              name: metric,
              moduleCode: null,
              category: 'SERVER',
              metric,
              matchers: [],
              comparison: 'above',
              warning: 2,
              critical: 4,
              recoverLevel: 1,
              forSeconds: 3,
              reason: 'again',
            }
            const put = await stage.call('PUT', `/v1/thresholds/${id}`, {
              as: authority,
              headers: { 'if-match': `"${String(version)}"` },
              body,
            })
            expect(put.statusCode).toBe(200)
            version += 1
          } else {
            last = encodeWriteRequest([
              {
                labels: { __name__: metric },
                samples: samples.map(([second, value]) => [T + second * 1_000, value] as const),
              },
            ])
            await write(last)
            for (const [second, value] of samples.toSorted((a, b) => a[0] - b[0]))
              oracle.observe(rule, T + second * 1_000, value)
          }
        }
        const told = await toldOf(id)
        const shape = ({ kind, level }: { kind: string; level: unknown }) =>
          `${kind} ${kind === 'cleared' ? '' : String(level)}`
        expect(told.map(({ type, level }) => shape({ kind: type, level }))).toEqual(
          oracle.told.map(shape),
        )
        for (const ofEpisode of Map.groupBy(told, ({ episodeId }) => episodeId).values()) {
          const ends = ofEpisode.filter(({ type }) => type === 'resolved' || type === 'cleared')
          expect(ends.length).toBeLessThanOrEqual(1)
        }
      }),
      { numRuns: 60 },
    )
  } finally {
    await pool.end()
  }
}, 300_000)
