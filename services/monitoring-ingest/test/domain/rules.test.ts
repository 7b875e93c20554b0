import { expect, test } from '@jest/globals'
import { problems } from '@erp-steward/contracts/problems'
import { parameterByKey } from '@erp-steward/regulation/parameters'
import { compressSync } from 'snappy'
import { labelSet, MAX_LABELS, MAX_VALUE_BYTES } from '../../src/ingest/rules/label-set.ts'
import { MAX_UNCOMPRESSED_BYTES, snappyClaim } from '../../src/ingest/rules/snappy-length.ts'
import { SeriesCache } from '../../src/ingest/series-cache.ts'
import { AHEAD_MS, LATE_MS, timeFault } from '../../src/ingest/rules/time-window.ts'
import { dailyTemplate } from '../../src/inspections/rules/daily-template.ts'
import { saysSomething } from '../../src/inspections/rules/entry.ts'
import { judge } from '../../src/inspections/rules/judge.ts'
import {
  dayInChina,
  daysBetween,
  instantInChina,
} from '../../src/inspections/rules/shanghai-day.ts'
import { suspicionsOf } from '../../src/inspections/rules/suspicions.ts'
import { matches, parseMatcher } from '../../src/metrics/rules/matchers.ts'
import { sourceIdOf, sourceToken } from '../../src/sources/rules/source-token.ts'
import { thresholdFaults } from '../../src/thresholds/rules/threshold-faults.ts'
import { varint } from '../encode-write-request.ts'

const NAME = ['__name__', 'up'] as const

test('a series is the same in whatever order its labels come, and an empty value is no label', () => {
  const one = labelSet([NAME, ['a', '1'], ['b', '2'], ['c', '']])
  const other = labelSet([['b', '2'], NAME, ['a', '1']])
  expect(one).toEqual(other)
  expect(one).toMatchObject({ metric: 'up', labels: { a: '1', b: '2' } })
  expect(labelSet([NAME, ['a', '2'], ['b', '1']])).not.toEqual(one)
})

test.each([
  ['no name', [['a', '1']], 'metric-name-missing'],
  ['a name with a space', [['__name__', 'u p']], 'metric-name-missing'],
  ['a repeated label', [NAME, ['a', '1'], ['a', '1']], 'label-repeated'],
  ['a label that is no name', [NAME, ['1a', '1']], 'label-name-invalid'],
  ['NUL in a value', [NAME, ['a', '\0']], 'label-value-invalid'],
  [
    'a value too long by a byte',
    [NAME, ['a', 'é'.repeat(MAX_VALUE_BYTES / 2) + 'x']],
    'label-value-too-long',
  ],
] as const)('%s is refused', (_what, pairs, fault) => {
  expect(labelSet(pairs)).toBe(fault)
})

test('forty labels pass, forty-one do not', () => {
  const labels = (count: number) => [
    NAME,
    ...Array.from({ length: count - 1 }, (_, index) => [`l${String(index)}`, 'v'] as const),
  ]
  expect(labelSet(labels(MAX_LABELS))).toMatchObject({ metric: 'up' })
  expect(labelSet(labels(MAX_LABELS + 1))).toBe('too-many-labels')
})

test('a Snappy block is believed its length only within reason', () => {
  const honest = Buffer.alloc(100_000, 'x')
  expect(snappyClaim(compressSync(honest))).toEqual({ kind: 'length', bytes: 100_000 })
  expect(snappyClaim(varint(MAX_UNCOMPRESSED_BYTES + 1))).toEqual({ kind: 'too-large' })
  expect(snappyClaim(Buffer.concat([varint(MAX_UNCOMPRESSED_BYTES), Buffer.alloc(10)]))).toEqual({
    kind: 'malformed',
  })
  expect(snappyClaim(Buffer.alloc(0))).toEqual({ kind: 'malformed' })
  expect(snappyClaim(Buffer.alloc(6, 0xff))).toEqual({ kind: 'malformed' })
})

test('samples are taken from two hours back to ten minutes ahead, both ends included', () => {
  const now = 1_800_000_000_000
  expect(timeFault(now - LATE_MS, now)).toBeNull()
  expect(timeFault(now - LATE_MS - 1, now)).toBe('too-old')
  expect(timeFault(now + AHEAD_MS, now)).toBeNull()
  expect(timeFault(now + AHEAD_MS + 1, now)).toBe('in-the-future')
  expect(timeFault(Number(2n ** 63n - 1n), now)).toBe('in-the-future')
  expect(timeFault(-1, now)).toBe('too-old')
})

test('matchers read as in Prometheus, and a missing label is the empty text', () => {
  expect(parseMatcher('instance="db\\"1\\\\\\n"')).toEqual({
    label: 'instance',
    op: '=',
    value: 'db"1\\\n',
  })
  expect(parseMatcher('instance=~"db.*"')).toBeNull()
  expect(parseMatcher('a="unclosed')).toBeNull()
  expect(matches([{ label: 'a', op: '=', value: '' }], {})).toBe(true)
  expect(matches([{ label: 'a', op: '!=', value: 'x' }], {})).toBe(true)
  expect(matches([{ label: 'a', op: '!=', value: 'x' }], { a: 'x' })).toBe(false)
  expect(matches([{ label: 'toString', op: '=', value: '' }], {})).toBe(true)
})

test.each([
  ['above', 80, 90, null, []],
  ['above', 80, 90, 80, []],
  ['above', 80, 90, 81, ['#/recoverLevel']],
  ['above', 90, 80, null, ['#/critical']],
  ['below', 10, 5, 12, []],
  ['below', 10, 5, 9, ['#/recoverLevel']],
  ['below', 5, 10, null, ['#/critical']],
  ['above', null, 90, 85, []],
  ['above', null, null, null, ['#/warning']],
] as const)(
  '[A-3.2.2] limits %s %p / %p with recover level %p have the faults %p',
  (comparison, warning, critical, recoverLevel, pointers) => {
    const faults = thresholdFaults({
      metric: 'm',
      transform: 'value',
      comparison,
      warning,
      critical,
      recoverLevel,
    })
    expect(faults.map(({ pointer }) => pointer)).toEqual(pointers)
    for (const { detail } of faults) expect(detail['zh-CN']).toMatch(/\p{Script=Han}.*。$/u)
  },
)

test.each([
  ['m_percent', 'above', 100, 'value', true],
  ['m_percent', 'above', 100.1, 'value', false],
  ['m_percent', 'above', 101, 'rate-per-second', true],
  ['m_ratio', 'above', 1.1, 'value', false],
  ['m_up', 'below', 0, 'value', true],
  ['m_up', 'below', -1, 'value', false],
  ['m', 'above', 1e9, 'value', true],
] as const)(
  '[A-3.2.2] whether %s can be %s %p as %s: %p',
  (metric, comparison, warning, transform, reachable) => {
    const limits = { warning, critical: null, recoverLevel: null }
    const faults = thresholdFaults({ metric, transform, comparison, ...limits })
    expect(faults.length === 0).toBe(reachable)
  },
)

test('the day of China begins at 16:00 UTC', () => {
  expect(dayInChina(new Date('2026-11-22T15:59:59Z'))).toBe('2026-11-22')
  expect(dayInChina(new Date('2026-11-22T16:00:00Z'))).toBe('2026-11-23')
  expect(instantInChina('2026-11-23', '09:30')).toEqual(new Date('2026-11-23T01:30:00Z'))
  expect(daysBetween('2026-02-27', '2026-03-01')).toBe(2)
})

test('[A-3.1.2] the worst value of an item decides, and no value decides nothing', () => {
  const limits = { comparison: 'above', warning: 80, critical: 90 } as const
  expect(judge([10, 85, 20], limits)).toEqual({ value: 85, level: 'warning' })
  expect(judge([79.9], limits)).toEqual({ value: 79.9, level: null })
  expect(judge([90], limits)).toEqual({ value: 90, level: 'critical' })
  expect(judge([Number.NaN], limits)).toBeNull()
  expect(judge([1, 0], { comparison: 'below', warning: null, critical: 0 })).toEqual({
    value: 0,
    level: 'critical',
  })
})

test('[A-3.1.2] the daily template covers running state, servers and network, each item once', () => {
  const codes = dailyTemplate.map(({ code }) => code)
  expect(new Set(codes).size).toBe(codes.length)
  expect(new Set(codes.map((code) => code.split('.', 1)[0]))).toEqual(
    new Set(['db', 'ebs', 'os', 'net', 'sec']),
  )
  for (const { limits } of dailyTemplate)
    for (const limit of [limits?.warning, limits?.critical])
      if (typeof limit === 'string') expect(parameterByKey(limit).type).toBe('number')
})

test.each([
  ['a dot', '.', false],
  ['nothing but dashes', '- - -', false],
  ['a key held down', 'aaaa', false],
  ['one digit', '7', false],
  ['one Chinese character', '无', true],
  ['two letters', 'ok', true],
])('[A-3.1.2] whether %s says something', (_what, text, says) => {
  expect(saysSomething(text)).toBe(says)
})

test('[A-3.1.2] answers look copied when all are one, or when they repeat for as many days as the parameter says', () => {
  const answers = (...values: string[]) =>
    new Map(values.map((value, index) => [`i${index}`, value]))
  const same = answers('1', '1', '1', '1', '1')
  expect(suspicionsOf(same, [], 3)).toEqual(['same-everywhere'])
  // A quiet day has some zeros.
  expect(suspicionsOf(answers('0', '0', '0', '0'), [], 3)).toEqual([])
  const today = answers('1', '2')
  expect(suspicionsOf(today, [today], 3)).toEqual([])
  expect(suspicionsOf(today, [today, today], 3)).toEqual(['same-as-before'])
  expect(suspicionsOf(today, [today, answers('1', '3')], 3)).toEqual([])
  expect(suspicionsOf(today, [answers('1'), today], 3)).toEqual([])
  // Where everything is measured nothing was entered, and nothing copied.
  expect(suspicionsOf(answers(), [answers(), answers()], 3)).toEqual([])
})

test('a source token names its source, and no other text does', () => {
  const id = '0195f2a0-0000-7000-8000-000000000001'
  const token = sourceToken(id, Buffer.alloc(32, 7))
  expect(sourceIdOf(token)).toBe(id)
  for (const text of ['', 'erpm_', token.slice(1), `${token}x`, token.toUpperCase()])
    expect(sourceIdOf(text)).toBeNull()
})

test('refusing samples is a 400, for a sender repeats anything from 500 up for ever', () => {
  expect(problems['samples-refused'].status).toBe(400)
})

test('the memory of series is bounded by bytes, and the largest source makes room', () => {
  const cache = new SeriesCache(10_000)
  const series = { id: '1', metric: 'm', labels: {}, watch: null }
  cache.put('small', 'up', series)
  for (let index = 0; index < 50; index += 1)
    cache.put('large', `${'x'.repeat(950)}${index}`, series)
  expect(cache.of('large').size).toBe(4)
  expect(cache.of('small').size).toBe(1)
})
