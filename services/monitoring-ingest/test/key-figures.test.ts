import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import type { TestCaller } from '@erp-steward/test-kit/tokens'
import { NOON, Stage, type SentSource } from './stage.ts'

let stage: Stage
let unitId: string
let source: SentSource
beforeAll(async () => {
  stage = await Stage.open()
})
beforeEach(async () => {
  stage.service.now = NOON
  unitId = randomUUID()
  await stage.service.db.query('update unit set active = false')
  await stage.service.db.query(
    `insert into unit values ($1::uuid, $1::uuid::text, 'Works', true, true, 1)`,
    [unitId],
  )
  source = await stage.source(randomUUID(), null, unitId)
})
afterAll(() => stage.release())

const authority: TestCaller = { roles: ['OM_AUTHORITY'], person: randomUUID() }
const ALL = {
  erp_cpu_used_percent: 50,
  erp_memory_used_percent: 50,
  erp_disk_latency_milliseconds: 5,
}

async function send(
  values: Readonly<Record<string, number>>,
  aheadSeconds = 0,
  labels: Readonly<Record<string, string>> = {},
): Promise<void> {
  const at = stage.service.now.getTime() + aheadSeconds * 1_000
  const answer = await stage.write(
    source.token,
    Object.entries(values).map(([metric, value]) => ({
      labels: { __name__: metric, ...labels },
      samples: [[at, value]] as const,
    })),
  )
  expect(answer.statusCode).toBe(204)
}

async function threshold(metric: string, members: object = {}): Promise<void> {
  const created = await stage.call('POST', '/v1/thresholds', {
    as: authority,
    body: {
      name: randomUUID(),
      unitId,
      moduleCode: null,
      category: 'SERVER',
      metric,
      comparison: 'above',
      warning: 80,
      critical: 90,
      recoverLevel: null,
      forSeconds: 300,
      reason: 'Defaults 2.6.',
      ...members,
    },
  })
  expect(created.statusCode).toBe(201)
}

/** What was stated last of each figure: `watched guarded`. */
async function stated(): Promise<Record<string, string>> {
  await stage.run('state-key-figures')
  const events = await stage.events('monitoring.source.key-figure-stated.v1')
  return Object.fromEntries(
    events
      .map(
        ({ data }) =>
          data as { unitId: string; figure: string; watched: boolean; guarded: boolean },
      )
      .filter((fact) => fact.unitId === unitId)
      .map(({ figure, watched, guarded }) => [
        figure,
        `${watched ? 'watched' : 'blind'} ${guarded ? 'guarded' : 'open'}`,
      ]),
  )
}

const everywhere = (state: string) => ({ cpu: state, memory: state, 'disk-io': state })

test('[A-3.2.1] a source that sends something else watches none of the key figures', async () => {
  await send({ weather: 1, cpu: 50, erp_cpu_used: 50 })
  expect(await stated()).toEqual(everywhere('blind open'))
})

test('[A-3.2.1] a unit with a source of something else is blind beside units that are watched, and after others of its own were', async () => {
  // A site in use: another unit is watched and guarded, and this one sent its key figures until a while ago.
  const own = source
  await stage.service.db.query('update unit set active = true where id = $1', [stage.otherUnitId])
  source = await stage.source(randomUUID(), null, stage.otherUnitId)
  await send({ ...ALL, weather: 1 })
  source = own
  await send(ALL)
  await threshold('weather', { warning: 1, critical: 2 })
  expect(await stated()).toEqual(everywhere('watched open'))
  stage.pass(301)
  source = await stage.source(randomUUID(), null, unitId)
  await send({ weather: 1 })
  expect(await stated()).toEqual(everywhere('blind open'))
})

test('[A-3.2.1] a run that waited for one which began after it does not overrule what that one stated', async () => {
  await send(ALL)
  expect(await stated()).toEqual(everywhere('watched open'))
  const { length } = await stage.events('monitoring.source.key-figure-stated.v1')
  // Began before there was a sample of now.
  stage.pass(-3_600)
  expect(await stated()).toEqual(everywhere('watched open'))
  stage.pass(3_600)
  expect(await stated()).toEqual(everywhere('watched open'))
  expect(await stage.events('monitoring.source.key-figure-stated.v1')).toHaveLength(length)
})

test('[A-3.2.1] a unit is watched when CPU, memory and disk I/O arrive, by either metric of the disk', async () => {
  await send(ALL)
  expect(await stated()).toEqual(everywhere('watched open'))
  const other = { erp_cpu_used_percent: 50, erp_disk_busy_percent: 5 }
  stage.pass(301)
  await send(other)
  expect(await stated()).toEqual({
    ...everywhere('watched open'),
    memory: 'blind open',
  })
})

test('[A-3.2.1] what changed is stated once, and silence ends the watch', async () => {
  await send(ALL)
  await stated()
  const count = async () =>
    (await stage.events('monitoring.source.key-figure-stated.v1')).filter(
      ({ subject }) => subject === unitId,
    ).length
  expect(await count()).toBe(3)
  stage.pass(300)
  expect(await stated()).toEqual(everywhere('watched open'))
  expect(await count()).toBe(3)
  stage.pass(1)
  expect(await stated()).toEqual(everywhere('blind open'))
  expect(await count()).toBe(6)
})

test.each<[string, Readonly<Record<string, number>>, number]>([
  ['late', ALL, -301],
  ['dated ahead', ALL, 61],
  ['more than can be', { erp_cpu_used_percent: 101, erp_memory_used_percent: 5_000 }, 0],
  ['less than nothing', { erp_cpu_used_percent: -1, erp_disk_busy_percent: -1 }, 0],
  ['no number', { erp_cpu_used_percent: Number.NaN }, 0],
])('[A-3.2.1] a sample that is %s watches nothing now', async (_what, values, ahead) => {
  await send(values, ahead)
  expect(await stated()).toEqual(everywhere('blind open'))
})

test('[A-3.2.1] a source that was disabled watches nothing, whatever it sent a moment ago', async () => {
  await send(ALL)
  await stage.service.db.query(`update source set state = 'disabled' where id = $1`, [source.id])
  expect(await stated()).toEqual(everywhere('blind open'))
})

test('[A-3.2.1] the samples of one unit watch no other', async () => {
  const neighbour = await stage.source(randomUUID(), null, unitId)
  await stage.service.db.query('update source set unit_id = $2 where id = $1', [
    neighbour.id,
    stage.otherUnitId,
  ])
  source = neighbour
  await send(ALL)
  expect(await stated()).toEqual(everywhere('blind open'))
})

test('[A-3.2.2] a key figure is guarded by a threshold that judges it and warns by the critical limit of the parameters', async () => {
  await threshold('erp_cpu_used_percent')
  await threshold('erp_memory_used_percent', { warning: 96, critical: 99 })
  await threshold('erp_disk_latency_milliseconds', { warning: null, critical: 50 })
  // Before the first sample it judges nothing.
  expect(await stated()).toEqual(everywhere('blind open'))
  await send(ALL)
  expect(await stated()).toEqual({
    cpu: 'watched guarded',
    memory: 'watched open',
    'disk-io': 'watched guarded',
  })
})

test.each<[string, object]>([
  ['below', { comparison: 'below', warning: 20, critical: 10 }],
  ['the rise', { transform: 'rate-per-second' }],
  ['other series', { matchers: [{ label: 'instance', op: '=', value: 'nowhere' }] }],
  ['a module without source', { moduleCode: 'GL' }],
])('[A-3.2.2] a threshold on %s guards nothing', async (_what, members) => {
  await threshold('erp_cpu_used_percent', members)
  await send(ALL)
  expect((await stated()).cpu).toBe('watched open')
})

const toy = { matchers: [{ label: 'instance', op: '=', value: 'toy' }] }
const prod = { matchers: [{ label: 'instance', op: '=', value: 'prod' }] }
const cpu = { erp_cpu_used_percent: 50 }

test('[A-3.2.1][A-3.2.2] a threshold on a toy guards nothing while another host sends the figure too', async () => {
  await threshold('erp_cpu_used_percent', toy)
  await send(cpu, 0, { instance: 'toy' })
  expect((await stated()).cpu).toBe('watched guarded')
  await send({ erp_cpu_used_percent: 99 }, 0, { instance: 'prod' })
  expect((await stated()).cpu).toBe('watched open')
  // What cannot be is no figure, but a host whose agent is broken needs its threshold all the same.
  stage.pass(301)
  await send(cpu, 0, { instance: 'toy' })
  await send({ erp_cpu_used_percent: 101 }, 0, { instance: 'prod' })
  expect((await stated()).cpu).toBe('watched open')
  await threshold('erp_cpu_used_percent', prod)
  // Before the next sample it judges nothing.
  expect((await stated()).cpu).toBe('watched open')
  stage.pass(15)
  await send(cpu, 0, { instance: 'prod' })
  expect((await stated()).cpu).toBe('watched guarded')
})

test('[A-3.2.2] every host of a key figure is guarded, under each metric that it sends', async () => {
  await threshold('erp_disk_latency_milliseconds', { warning: null, critical: 50 })
  await send({ erp_disk_latency_milliseconds: 5 }, 0, { instance: 'a' })
  expect((await stated())['disk-io']).toBe('watched guarded')
  await send({ erp_disk_busy_percent: 5 }, 0, { instance: 'b' })
  expect((await stated())['disk-io']).toBe('watched open')
})

test('[A-3.2.2] the host of another unit, and one whose source is disabled, ask for no guard here', async () => {
  await threshold('erp_cpu_used_percent', toy)
  await send(cpu, 0, { instance: 'toy' })
  await stage.service.db.query('update unit set active = true where id = $1', [stage.otherUnitId])
  for (const other of [
    await stage.source(randomUUID(), null, stage.otherUnitId),
    await stage.source(randomUUID(), null, unitId),
  ]) {
    source = other
    await send(cpu, 0, { instance: 'prod' })
  }
  expect((await stated()).cpu).toBe('watched open')
  await stage.service.db.query(`update source set state = 'disabled' where id = $1`, [source.id])
  expect((await stated()).cpu).toBe('watched guarded')
})

test('[A-3.2.2] a threshold that was narrowed no longer guards what it judged a moment ago', async () => {
  await threshold('erp_cpu_used_percent')
  await send(cpu, 0, { instance: 'prod' })
  expect((await stated()).cpu).toBe('watched guarded')
  await stage.service.db.query('update threshold set matchers = $2 where unit_id = $1', [
    unitId,
    JSON.stringify(toy.matchers),
  ])
  expect((await stated()).cpu).toBe('watched open')
})

test.each([
  [300, 'guarded'],
  [301, 'open'],
  [86_400, 'open'],
])(
  '[A-3.2.2] a threshold that waits %i s is %s: the time of the parameter bounds it',
  async (forSeconds, state) => {
    await threshold('erp_cpu_used_percent', { forSeconds })
    await send(cpu)
    expect((await stated()).cpu).toBe(`watched ${state}`)
  },
)

test('[A-3.2.1] runs at the same moment state each change once, and none of them fails', async () => {
  const count = async () =>
    (await stage.events('monitoring.source.key-figure-stated.v1')).filter(
      ({ subject }) => subject === unitId,
    ).length
  const together = () =>
    Promise.all(Array.from({ length: 4 }, () => stage.run('state-key-figures')))
  await together()
  expect(await count()).toBe(3)
  await send(ALL)
  await together()
  expect(await count()).toBe(6)
})
