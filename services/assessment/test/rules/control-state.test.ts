import { expect, test } from '@jest/globals'
import type { ServiceName } from '@erp-steward/contracts/services'
import {
  controlState,
  openBreaches,
  type Evidence,
  type LatestFact,
} from '../../src/controls/rules/control-state.ts'
import { HEARD_WITHIN_MS, type Control, type Effect } from '../../src/controls/rules/control.ts'
import { addPeriod } from '@erp-steward/regulation/add-period'

const NOON = new Date('2026-03-09T12:00:00.000Z')
const HOUR = 3_600_000
const at = (ms: number) => new Date(NOON.getTime() + ms)

const control = (changes: Partial<Control> = {}): Control => ({
  clauseId: 'A-2.4.1',
  demand: { 'zh-CN': '。', en: '.' },
  proof: { 'zh-CN': '。', en: '.' },
  counterExample: { 'zh-CN': '。', en: '.' },
  scope: 'any',
  requires: [],
  freshFor: null,
  collectors: ['backup-orchestration'],
  touches: [],
  ...changes,
})

const fact = (effect: Effect, ms: number, key = '', endsMs: number | null = null): LatestFact => ({
  key,
  effect,
  at: at(ms),
  endsAt: endsMs === null ? null : at(endsMs),
})

const heard = (ms: number, service: ServiceName = 'backup-orchestration') =>
  new Map([[service, at(ms)]])

const evidence = (facts: readonly LatestFact[], changes: Partial<Evidence> = {}): Evidence => ({
  clause: { mode: 'E' },
  control: control(),
  facts,
  record: null,
  heardAt: heard(0),
  freshFor: [],
  ...changes,
})

const stateOf = (facts: readonly LatestFact[], changes: Partial<Evidence> = {}, now = NOON) => {
  const { state, reason } = controlState(evidence(facts, changes), now)
  return `${state}: ${reason.code}`
}

test('[B-5.6] a proof that is exactly as old as it may be still proves, a millisecond later it does not', () => {
  const facts = [fact('proves', -48 * HOUR)]
  expect(stateOf(facts, { freshFor: ['P2D'] })).toBe('kept: proven')
  expect(stateOf(facts, { freshFor: ['P2D'], heardAt: heard(1) }, at(1))).toBe('stale: proof-old')
})

test('durations of freshness are added up', () => {
  const facts = [fact('proves', -72 * HOUR)]
  expect(stateOf(facts, { freshFor: ['P2D', 'P1D'] })).toBe('kept: proven')
  expect(stateOf(facts, { freshFor: ['P2D', 'PT23H'] })).toBe('stale: proof-old')
})

test('[B-5.6] a service that has been silent for longer than it may makes its clauses stale, however fresh the proof', () => {
  const facts = [fact('proves', -1)]
  expect(stateOf(facts, { heardAt: heard(-HEARD_WITHIN_MS) })).toBe('kept: proven')
  expect(stateOf(facts, { heardAt: heard(-HEARD_WITHIN_MS - 1) })).toBe('stale: service-silent')
  expect(stateOf(facts, { heardAt: new Map() })).toBe('stale: service-silent')
})

test('every collector of a clause must be heard', () => {
  const both = control({ collectors: ['backup-orchestration', 'incident-tiering'] })
  expect(stateOf([fact('proves', 0)], { control: both })).toBe('stale: service-silent')
})

test('[B-5.6] what nothing ever proved is stale, not kept', () => {
  expect(stateOf([])).toBe('stale: never-proven')
  expect(stateOf([], { control: null, clause: { mode: 'P' } })).toBe('stale: record-missing')
})

test.each(['E', 'D', 'W'] as const)(
  '[B-5.6] a clause of mode %s that nothing can prove is not covered, until a person has a word for it',
  (mode) => {
    const evidence = { control: null, clause: { mode } }
    expect(stateOf([], evidence)).toBe('not-covered: not-built')
    // Facts that no control reads, of an older register for example, prove nothing.
    expect(stateOf([fact('proves', 0), fact('breaks', 0)], evidence)).toBe('not-covered: not-built')
    const record = { observedAt: at(-HOUR), validUntil: at(0) }
    expect(stateOf([], { ...evidence, record })).toBe('recorded-by-person: recorded')
    expect(stateOf([], { ...evidence, record: { ...record, validUntil: at(-1) } })).toBe(
      'stale: record-expired',
    )
  },
)

test('a clause without a duty is not applicable', () => {
  expect(stateOf([], { control: null, clause: { mode: 'C' } })).toBe('not-applicable: context')
})

test.each([
  ['broken until it is mended', [fact('breaks', -2, 'a')], 'broken: open-breaches'],
  ['mended by the same key', [fact('breaks', -2, 'a'), fact('mends', -1, 'a')], 'kept: proven'],
  [
    'mended in the act that noticed it',
    [fact('breaks', -2, 'a'), fact('mends', -2, 'a')],
    'kept: proven',
  ],
  [
    'not mended by another key',
    [fact('breaks', -2, 'a'), fact('mends', -1, 'b')],
    'broken: open-breaches',
  ],
  [
    'not mended by what came before it',
    [fact('breaks', -2, 'a'), fact('mends', -3, 'a')],
    'broken: open-breaches',
  ],
  ['past when it ends by itself', [fact('breaks', -5, 'a', -1)], 'kept: proven'],
  ['not past at its last instant', [fact('breaks', -5, 'a', 0)], 'broken: open-breaches'],
  ['gone with its key', [fact('breaks', -2, 'a'), fact('retires', -1, 'a')], 'kept: proven'],
  [
    'back when it happens after its key was retired',
    [fact('retires', -2, 'a'), fact('breaks', -1, 'a')],
    'broken: open-breaches',
  ],
  ['a risk until it is mended', [fact('at-risk', -2, 'a')], 'at-risk: open-risks'],
  ['no risk when mended', [fact('at-risk', -2, 'a'), fact('mends', -1, 'a')], 'kept: proven'],
  ['silent until heard', [fact('silences', -2, 'a')], 'stale: sources-silent'],
  ['heard again', [fact('silences', -2, 'a'), fact('speaks', -1, 'a')], 'kept: proven'],
  [
    'silent still when another source is heard',
    [fact('silences', -2, 'a'), fact('speaks', -1, 'b')],
    'stale: sources-silent',
  ],
] as const)('a clause is %s', (_what, facts, expected) => {
  expect(stateOf([fact('proves', -1), ...facts])).toBe(expected)
})

test('a breach weighs more than silence, silence more than a risk', () => {
  const risk = [fact('proves', -1), fact('at-risk', -1, 'r')]
  const silent = [...risk, fact('silences', -1, 's')]
  expect(stateOf(silent)).toBe('stale: sources-silent')
  expect(stateOf([...silent, fact('breaks', -1, 'b')])).toBe('broken: open-breaches')
})

test('where each key counts, one that was never proven or whose proof is old makes the clause stale', () => {
  const each = control({ scope: 'each' })
  const one = [fact('expects', -9, 'a'), fact('proves', -1, 'a')]
  expect(stateOf(one, { control: each })).toBe('kept: proven')
  expect(stateOf([...one, fact('expects', -1, 'b')], { control: each })).toBe(
    'stale: keys-unproven',
  )
  const old = [...one, fact('proves', -3 * HOUR, 'b')]
  expect(stateOf(old, { control: each, freshFor: ['PT2H'] })).toBe('stale: proof-old')
  expect(stateOf(old, { freshFor: ['PT2H'] })).toBe('kept: proven')
  const retired = [...old, fact('retires', -1, 'b')]
  expect(stateOf(retired, { control: each, freshFor: ['PT2H'] })).toBe('kept: proven')
})

test.each([
  ['not due at its last instant', [fact('expects', -5, 'a', 0)], 'kept: proven'],
  ['due', [fact('expects', -5, 'a', -1)], 'broken: open-breaches'],
  ['done', [fact('expects', -5, 'a', -1), fact('proves', -5, 'a')], 'kept: proven'],
  ['done late', [fact('expects', -5, 'a', -2), fact('mends', -1, 'a')], 'kept: proven'],
  ['due again', [fact('mends', -9, 'a'), fact('expects', -5, 'a', -1)], 'broken: open-breaches'],
  [
    'proven too early',
    [fact('proves', -9, 'a'), fact('expects', -5, 'a', -1)],
    'broken: open-breaches',
  ],
  [
    'done for another',
    [fact('expects', -5, 'a', -1), fact('proves', -1, 'b')],
    'broken: open-breaches',
  ],
  ['gone', [fact('expects', -5, 'a', -1), fact('retires', -1, 'a')], 'kept: proven'],
  ['without a time', [fact('expects', -5, 'a')], 'stale: keys-unproven'],
] as const)(
  '[B-5.6] a duty with a time is a breach when it is past it: %s',
  (_what, facts, expected) => {
    expect(stateOf([fact('proves', -1), ...facts])).toBe(expected)
    const each = control({ scope: 'each' })
    expect(stateOf([fact('proves', -1), ...facts], { control: each })).toBe(expected)
  },
)

test('an overdue duty is an open breach since it was due', () => {
  const facts = [fact('proves', -9), fact('expects', -5, 'a', -2)]
  expect(openBreaches(facts, NOON)).toEqual([{ key: 'a', effect: 'expects', at: at(-2) }])
})

test('where each key must be fresh, the proof of a duty with a time need not be renewed', () => {
  const facts = [
    fact('proves', -1, 'target'),
    fact('expects', -9 * HOUR, 'task', -8 * HOUR),
    fact('proves', -9 * HOUR, 'task'),
  ]
  const given = { control: control({ scope: 'each' }), freshFor: ['PT2H'] }
  expect(stateOf(facts, given)).toBe('kept: proven')
})

test('[B-5.6] a proof that serves for a time of its own is old after it', () => {
  expect(stateOf([fact('proves', -5, '', 0)])).toBe('kept: proven')
  expect(stateOf([fact('proves', -5, '', -1)])).toBe('stale: proof-old')
})

test('[B-5.6] every required proof is needed, and fresh, whatever else was proven', () => {
  const needs = control({
    requires: ['set', 'delivery'].map((key) => ({ key, what: { 'zh-CN': key, en: key } })),
  })
  const given = { control: needs, freshFor: ['PT2H'] }
  const set = fact('proves', -1, 'set')
  expect(stateOf([set, fact('proves', -1, 'deliveries')], given)).toBe('stale: parts-unproven')
  expect(stateOf([set, fact('proves', -HOUR, 'delivery/a')], given)).toBe('kept: proven')
  const old = fact('proves', -3 * HOUR, 'delivery/a')
  expect(stateOf([set, old], given)).toBe('stale: proof-old')
  expect(stateOf([set, old, fact('proves', -1, 'delivery/b')], given)).toBe('kept: proven')
  expect(
    stateOf([set, fact('proves', -1, 'delivery'), fact('retires', 0, 'delivery')], given),
  ).toBe('stale: parts-unproven')
})

test('when the last key is retired nothing proves the clause', () => {
  const facts = [fact('proves', -2, 'a'), fact('retires', -1, 'a')]
  expect(stateOf(facts, { control: control({ scope: 'each' }) })).toBe('stale: never-proven')
})

test('[B-5.1][B-5.2] a record of a person holds from its observation to its end, both included', () => {
  const record = { observedAt: at(-HOUR), validUntil: at(HOUR) }
  const given = { control: null, clause: { mode: 'P' as const }, record }
  expect(stateOf([], given, at(-HOUR))).toBe('recorded-by-person: recorded')
  expect(stateOf([], given, at(HOUR))).toBe('recorded-by-person: recorded')
  expect(stateOf([], given, at(HOUR + 1))).toBe('stale: record-expired')
})

test('a word of a person stands in for a missing proof, never against a breach', () => {
  const record = { observedAt: at(-HOUR), validUntil: at(HOUR) }
  expect(stateOf([], { record })).toBe('recorded-by-person: recorded')
  expect(stateOf([fact('breaks', -1)], { record })).toBe('broken: open-breaches')
  expect(stateOf([fact('proves', -1)], { record })).toBe('kept: proven')
})

test('a verdict says since when, the last proof and until when it holds', () => {
  expect(controlState(evidence([fact('proves', -HOUR)], { freshFor: ['PT2H'] }), NOON)).toEqual({
    state: 'kept',
    reason: { code: 'proven' },
    since: at(-HOUR),
    lastProofAt: at(-HOUR),
    freshUntil: at(HOUR),
  })
  const broken = [fact('proves', -HOUR), fact('breaks', -2, 'b'), fact('breaks', -9, 'a')]
  expect(controlState(evidence(broken), NOON)).toMatchObject({
    reason: { code: 'open-breaches', count: 2 },
    since: at(-9),
  })
  expect(openBreaches(broken, NOON)).toEqual([
    { key: 'a', effect: 'breaks', at: at(-9) },
    { key: 'b', effect: 'breaks', at: at(-2) },
  ])
})

test.each([
  ['2026-01-31T10:00:00.000Z', 'P1M', '2026-02-28T10:00:00.000Z'],
  ['2024-01-31T10:00:00.000Z', 'P1M', '2024-02-29T10:00:00.000Z'],
  ['2024-02-29T10:00:00.000Z', 'P1Y', '2025-02-28T10:00:00.000Z'],
  ['2026-12-15T10:00:00.000Z', 'P1M', '2027-01-15T10:00:00.000Z'],
  ['2026-03-09T12:00:00.000Z', 'P1W', '2026-03-16T12:00:00.000Z'],
  ['2026-03-09T12:00:00.000Z', 'P1DT2H3M4S', '2026-03-10T14:03:04.000Z'],
])('%s and %s is %s', (from, period, to) => {
  expect(addPeriod(new Date(from), period)).toEqual(new Date(to))
})

test('a text that is no duration is refused', () => {
  expect(() => addPeriod(NOON, 'soon')).toThrow(RangeError)
})
