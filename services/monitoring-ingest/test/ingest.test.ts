import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import type { TestCaller } from '@erp-steward/test-kit/tokens'
import { compressSync } from 'snappy'
import {
  field,
  encodeWriteRequest,
  sample,
  STALE,
  varint,
  writeBody,
  type SentSeries,
} from './encode-write-request.ts'
import { NOON, Stage, type SentSource } from './stage.ts'

let stage: Stage
let source: SentSource
beforeAll(async () => {
  stage = await Stage.open()
})
beforeEach(async () => {
  stage.service.now = NOON
  source = await stage.source()
})
afterAll(() => stage.release())

const T = NOON.getTime()
const reader: TestCaller = { roles: ['OM_AUTHORITY'] }

const series = (
  name: string,
  samples: SentSeries['samples'],
  labels: Record<string, string> = {},
): SentSeries => ({ labels: { __name__: name, ...labels }, samples })

/** Every stored sample of the source as `metric labels @ms value`, sorted. */
async function stored(): Promise<string[]> {
  const rows: { line: string }[] = await stage.service.db.query(
    `select s.metric || ' ' || s.labels || ' @' || (extract(epoch from x.ts) * 1000)::bigint || ' ' || x.value as line
       from series s join sample x on x.series_id = s.id where s.source_id = $1 order by 1`,
    [source.id],
  )
  return rows.map(({ line }) => line)
}

test('[A-3.2.1] what is acknowledged can be read back, count and value', async () => {
  const answer = await stage.write(source.token, [
    series(
      'node_load1',
      [
        [T - 60_000, 0.25],
        [T - 30_000.0, 0.5],
        [T, 1e-300],
      ],
      { instance: 'db1' },
    ),
    series(
      'node_load1',
      [
        [T, Number.POSITIVE_INFINITY],
        [T + 1, Number.NaN],
      ],
      { instance: 'db2' },
    ),
    series('up', [[T - 1, 1]]),
  ])
  expect(answer.statusCode).toBe(204)
  expect(answer.headers['x-prometheus-remote-write-samples-written']).toBe('6')
  expect(await stored()).toEqual([
    `node_load1 {"instance": "db1"} @${String(T - 60_000)} 0.25`,
    `node_load1 {"instance": "db1"} @${String(T - 30_000)} 0.5`,
    `node_load1 {"instance": "db1"} @${String(T)} 1e-300`,
    `node_load1 {"instance": "db2"} @${String(T)} Infinity`,
    `node_load1 {"instance": "db2"} @${String(T + 1)} NaN`,
    `up {} @${String(T - 1)} 1`,
  ])
})

test('the same request ten times, at once and in overlaps, leaves the same end state', async () => {
  const all = Array.from({ length: 20 }, (_, index) =>
    series(
      'm',
      [
        [T - index, index],
        [T - 1_000 - index, index],
      ],
      { i: String(index) },
    ),
  )
  const bodies = [all, all.toReversed(), all.slice(5), all.slice(0, 15)]
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, index) => stage.write(source.token, bodies[index % 4] ?? all)),
  )
  expect(answers.map(({ statusCode }) => statusCode)).toEqual(Array.from({ length: 12 }, () => 204))
  expect(await stored()).toHaveLength(40)
  expect(await stage.count('series where source_id = $1', [source.id])).toBe(20)
})

test('samples in any order inside the window are all kept', async () => {
  const times = [5, 1, 4, 2, 3].map((minutes) => T - minutes * 60_000)
  for (const at of times)
    expect((await stage.write(source.token, [series('m', [[at, 1]])])).statusCode).toBe(204)
  expect(await stored()).toHaveLength(5)
})

test('what is outside the window is refused and named, the rest of the request is kept', async () => {
  const answer = await stage.write(source.token, [
    series('kept', [
      [T, 1],
      [T - 7_200_001, 2],
    ]),
    series('late', [
      [0, 1],
      [-1n, 1],
      [2n ** 62n, 1],
    ]),
  ])
  expect(answer.statusCode).toBe(400)
  expect(answer.headers['x-prometheus-remote-write-samples-written']).toBe('1')
  expect(answer.json()).toMatchObject({
    code: 'samples-refused',
    written: 1,
    refused: { 'too-old': 3, 'in-the-future': 1 },
  })
  expect(answer.json<{ errors: { detail: string }[] }>().errors[0]?.detail).toBe(
    `too-old: kept at ${String(T - 7_200_001)}`,
  )
  expect(await stored()).toEqual([`kept {} @${String(T)} 1`])
})

test('what is refused is told in Chinese to a sender that prefers it', async () => {
  const body = writeBody([
    series('late', [[0, 1]]),
    { labels: { nameless: 'x' }, samples: [[T, 1]] },
  ])
  const answer = await stage.send(source.token, body, { 'accept-language': 'zh-CN' })
  expect(answer.json()).toMatchObject({
    code: 'samples-refused',
    detail: '保留 0 个样本，拒绝 2 个：样本过旧 1 个，缺少指标名称 1 个。',
    errors: [
      { detail: '样本过旧：late，时间戳 0' },
      { detail: `缺少指标名称：无名序列，时间戳 ${String(T)}` },
    ],
  })
})

test('labels that cannot be kept cost their own series only', async () => {
  const many = Object.fromEntries(
    Array.from({ length: 41 }, (_, index) => [`l${String(index)}`, 'x']),
  )
  const answer = await stage.write(source.token, [
    series('good', [[T, 1]]),
    series(
      'crowded',
      [
        [T, 1],
        [T + 1, 1],
      ],
      many,
    ),
    series('wordy', [[T, 1]], { text: 'x'.repeat(1_025) }),
    { labels: { nameless: 'x' }, samples: [[T, 1]] },
    {
      labels: [
        ['__name__', 'twice'],
        ['a', '1'],
        ['a', '2'],
      ],
      samples: [[T, 1]],
    },
  ])
  expect(answer.json()).toMatchObject({
    written: 1,
    refused: {
      'too-many-labels': 2,
      'label-value-too-long': 1,
      'metric-name-missing': 1,
      'label-repeated': 1,
    },
  })
  expect(await stored()).toEqual([`good {} @${String(T)} 1`])
})

test('an explosion of series stops at the limit of its source, and the series there are go on', async () => {
  const wave = (from: number, count: number) =>
    Array.from({ length: count }, (_, index) => series('m', [[T, 1]], { i: String(from + index) }))
  expect((await stage.write(source.token, wave(0, 90))).statusCode).toBe(204)
  const over = await stage.write(source.token, wave(80, 40))
  expect(over.json()).toMatchObject({
    code: 'samples-refused',
    written: 20,
    refused: { 'series-limit': 20 },
  })
  expect(over.json<{ errors: unknown[] }>().errors[0]).toEqual({ detail: 'series-limit: m' })
  expect(await stage.count('series where source_id = $1', [source.id])).toBe(100)
  expect((await stage.write(source.token, wave(0, 90))).statusCode).toBe(204)
  const other = await stage.source()
  expect((await stage.write(other.token, wave(0, 90))).statusCode).toBe(204)
})

test('requests with new series at the same time stop at the limit of their source together', async () => {
  const wave = (from: number) =>
    Array.from({ length: 60 }, (_, index) => series('m', [[T, 1]], { i: String(from + index) }))
  const answers = await Promise.all(
    [0, 60, 120, 180].map((from) => stage.write(source.token, wave(from))),
  )
  expect(answers.every(({ statusCode }) => statusCode === 204 || statusCode === 400)).toBe(true)
  expect(await stage.count('series where source_id = $1', [source.id])).toBe(100)
})

test('staleness markers say that a series ended: accepted, and not a value', async () => {
  const answer = await stage.write(source.token, [
    series('up', [
      [T, 1],
      [T + 1, STALE],
    ]),
  ])
  expect(answer.statusCode).toBe(204)
  expect(await stored()).toEqual([`up {} @${String(T)} 1`])
  expect((await stage.write(source.token, [series('gone', [[T, STALE]])])).statusCode).toBe(204)
})

test('a native histogram is refused by name, for it would be lost otherwise', async () => {
  const [head] = [encodeWriteRequest([series('h', [[T, 1]])])]
  const inner = head.subarray(2)
  const body = field(1, Buffer.concat([inner, field(4, Buffer.from([0x08, 0x01]))]))
  const answer = await stage.send(source.token, compressSync(body))
  expect(answer.json()).toMatchObject({ written: 1, refused: { 'native-histogram': 1 } })
})

test('an empty request is acknowledged', async () => {
  expect((await stage.send(source.token, compressSync(Buffer.alloc(0)))).statusCode).toBe(204)
})

test('a body cut at any byte is refused for good, and nothing of it is kept', async () => {
  const body = writeBody([series('cut', [[T, 1]], { job: 'node', instance: 'a' })])
  for (let length = 0; length < body.length; length += 1) {
    const answer = await stage.send(source.token, body.subarray(0, length))
    expect([length, answer.statusCode]).toEqual([length, 400])
  }
  expect(await stored()).toEqual([])
})

test.each([
  ['a claim of 4 GiB', varint(2 ** 32 - 1), 413],
  ['a claim that its bytes cannot hold', Buffer.concat([varint(8_000_000), Buffer.alloc(10)]), 400],
  ['bytes that are no Snappy', Buffer.from('hello world, hello world'), 400],
  ['a Snappy block that is no message', compressSync(Buffer.from('hello world')), 400],
  ['a megabyte of ones', compressSync(Buffer.alloc(1_000_000, 0x0a)), 400],
  [
    'half a million empty series',
    compressSync(Buffer.concat(Array.from({ length: 500_000 }, () => Buffer.from([0x0a, 0])))),
    413,
  ],
  [
    'too many samples',
    compressSync(
      encodeWriteRequest([
        { labels: {}, samples: Array.from({ length: 50_001 }, () => [0, 0] as const) },
      ]),
    ),
    413,
  ],
  ['a body over the limit', Buffer.alloc(1_048_577), 413],
])('%s is refused with no trace', async (_what, body, status) => {
  const answer = await stage.send(source.token, body)
  expect(answer.statusCode).toBe(status)
  expect(answer.headers['content-type']).toMatch('application/problem+json')
  expect(await stored()).toEqual([])
})

test.each([
  ['JSON', { 'content-type': 'application/json' }],
  [
    'remote write 2.0',
    { 'content-type': 'application/x-protobuf;proto=io.prometheus.write.v2.Request' },
  ],
  ['gzip', { 'content-encoding': 'gzip' }],
])('%s is an unsupported media type', async (_what, headers) => {
  const answer = await stage.send(source.token, writeBody([series('up', [[T, 1]])]), headers)
  expect(answer.statusCode).toBe(415)
})

test('labels that are not UTF-8 make the message malformed', async () => {
  const bad = field(1, Buffer.concat([field(1, field(1, Buffer.from([0xff]))), sample(T, 1)]))
  const answer = await stage.send(source.token, compressSync(bad))
  expect(answer.json()).toMatchObject({ code: 'malformed-request', status: 400 })
})

test('samples over midnight find their days, and days past their retention are dropped', async () => {
  stage.service.now = new Date('2026-12-31T23:59:59Z')
  const midnight = Date.parse('2027-01-01T00:00:00Z')
  const answer = await stage.write(source.token, [
    series('m', [
      [midnight - 1, 1],
      [midnight, 2],
    ]),
  ])
  expect(answer.statusCode).toBe(204)
  expect(await stored()).toHaveLength(2)
  const days = () =>
    stage.service.db.query(
      `select relname as name from pg_inherits join pg_class on oid = inhrelid
        where inhparent = 'sample'::regclass and relname >= 'sample_202612' order by 1`,
    )
  expect(await days()).toEqual([{ name: 'sample_20261231' }, { name: 'sample_20270101' }])
  stage.service.now = new Date('2027-01-31T12:00:00Z')
  await stage.run('keep-sample-partitions')
  expect(await days()).toEqual(
    ['0101', '0131', '0201', '0202', '0203'].map((day) => ({ name: `sample_2027${day}` })),
  )
})

test('a series is found again by its labels, whatever the order and the process', async () => {
  await stage.write(source.token, [
    {
      labels: [
        ['__name__', 'm'],
        ['a', '1'],
        ['b', '2'],
      ],
      samples: [[T, 1]],
    },
  ])
  await stage.write(source.token, [
    {
      labels: [
        ['b', '2'],
        ['a', '1'],
        ['__name__', 'm'],
      ],
      samples: [[T + 1, 2]],
    },
  ])
  expect(await stage.count('series where source_id = $1', [source.id])).toBe(1)
  expect(await stored()).toHaveLength(2)
})

test('[A-3.2.1] the range answers per step, for the labels asked for, inside the unit', async () => {
  await stage.write(source.token, [
    series(
      'cpu',
      [
        [T - 119_000, 10],
        [T - 61_000, 20],
        [T - 60_000, 30],
        [T, 99],
      ],
      { instance: 'a' },
    ),
    series(
      'cpu',
      [
        [T - 60_000, 1e308],
        [T - 59_000, 1e308],
        [T - 58_000, NaN],
        [T - 57_000, 4],
      ],
      { instance: 'b' },
    ),
  ])
  const query = new URLSearchParams({
    metric: 'cpu',
    from: new Date(T - 120_000).toISOString(),
    to: NOON.toISOString(),
    stepSeconds: '60',
  })
  const all = await stage.call('GET', `/v1/metrics/range?${String(query)}`, { as: reader })
  const at = (ms: number) => new Date(ms).toISOString()
  expect(all.json<{ series: object[] }>().series).toMatchObject([
    {
      labels: { instance: 'a' },
      points: [
        { at: at(T - 120_000), avg: 15, min: 10, max: 20, count: 2 },
        { at: at(T - 60_000), avg: 30, min: 30, max: 30, count: 1 },
      ],
    },
    { labels: { instance: 'b' }, points: [{ avg: 4, min: 4, max: 1e308, count: 4 }] },
  ])
  query.append('match', 'instance!="a"')
  const some = await stage.call('GET', `/v1/metrics/range?${String(query)}`, { as: reader })
  expect(some.json()).toMatchObject({ series: [{ labels: { instance: 'b' } }] })
  const foreign: TestCaller = { roles: ['KEY_USER'], range: 'unit', unit: stage.otherUnitId }
  const none = await stage.call('GET', `/v1/metrics/range?${String(query)}`, { as: foreign })
  expect(none.json()).toMatchObject({ series: [] })
  const asked = await stage.call(
    'GET',
    `/v1/metrics/range?${String(query)}&unitId=${stage.unitId}`,
    { as: foreign },
  )
  expect(asked.json()).toMatchObject({ code: 'outside-unit' })
  query.append('match', 'instance=~"a|b"')
  const regex = await stage.call('GET', `/v1/metrics/range?${String(query)}`, { as: reader })
  expect(regex.json()).toMatchObject({ code: 'matcher-unusable' })
  query.delete('match')
  query.set('from', '2020-01-01T00:00:00Z')
  query.set('stepSeconds', '1')
  const wide = await stage.call('GET', `/v1/metrics/range?${String(query)}`, { as: reader })
  expect(wide.json()).toMatchObject({ code: 'range-too-wide' })
})
