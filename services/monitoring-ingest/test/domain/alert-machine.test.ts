import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import {
  INITIAL,
  step,
  type AlertRule,
  type AlertState,
  type Transition,
} from '../../src/alerts/rules/alert-machine.ts'
import { AlertOracle, type Told } from '../alert-oracle.ts'

const CPU: AlertRule = {
  comparison: 'above',
  transform: 'value',
  warning: 80,
  critical: 90,
  forMs: 300_000,
  recoverLevel: 75,
}

/** Runs samples given as [seconds, value]; answers with what was told, as `kind level @second`. */
function told(rule: AlertRule, samples: readonly (readonly [number, number])[]): string[] {
  let state: AlertState = INITIAL
  let episodes = 0
  const all: Transition[] = []
  for (const [second, value] of samples) {
    const moved = step(rule, state, { atMs: second * 1_000, value }, () => {
      episodes += 1
      return String(episodes)
    })
    state = moved.state
    all.push(...moved.transitions)
  }
  return all.map(
    ({ kind, level, atMs, episodeId }) => `${episodeId} ${kind} ${level} @${String(atMs / 1_000)}`,
  )
}

test.each([
  [
    'a breach shorter than its time clears',
    [
      [0, 85],
      [299, 85],
      [300, 79],
    ],
    ['1 pending warning @0', '1 cleared warning @300'],
  ],
  [
    'a breach of exactly its time fires',
    [
      [0, 85],
      [300, 85],
    ],
    ['1 pending warning @0', '1 firing warning @300'],
  ],
  [
    'the limit itself is a breach, a hair below is not',
    [
      [0, 79.999],
      [1, 80],
    ],
    ['1 pending warning @1'],
  ],
  [
    'the first sample past the time fires, however late it is',
    [
      [0, 85],
      [9_000, 85],
    ],
    ['1 pending warning @0', '1 firing warning @9000'],
  ],
  [
    'critical throughout fires as critical',
    [
      [0, 95],
      [300, 95],
    ],
    ['1 pending critical @0', '1 firing critical @300'],
  ],
  [
    'critical for less than its time fires as warning and rises later, in the same episode',
    [
      [0, 85],
      [100, 95],
      [300, 95],
      [400, 95],
    ],
    ['1 pending warning @0', '1 firing warning @300', '1 firing critical @400'],
  ],
  [
    'a level once reached is told once and does not fall',
    [
      [0, 95],
      [300, 95],
      [400, 85],
      [800, 95],
      [1_200, 95],
    ],
    ['1 pending critical @0', '1 firing critical @300'],
  ],
  [
    'between limit and recover level it goes on firing',
    [
      [0, 85],
      [300, 85],
      [400, 78],
      [500, 75],
    ],
    ['1 pending warning @0', '1 firing warning @300'],
  ],
  [
    'past the recover level it is resolved',
    [
      [0, 85],
      [300, 85],
      [400, 74.9],
    ],
    ['1 pending warning @0', '1 firing warning @300', '1 resolved warning @400'],
  ],
  [
    'after the end a new breach is a new episode',
    [
      [0, 85],
      [300, 85],
      [400, 0],
      [500, 85],
    ],
    [
      '1 pending warning @0',
      '1 firing warning @300',
      '1 resolved warning @400',
      '2 pending warning @500',
    ],
  ],
  [
    'NaN says nothing',
    [
      [0, 85],
      [100, NaN],
      [300, 85],
      [400, NaN],
    ],
    ['1 pending warning @0', '1 firing warning @300'],
  ],
  [
    'late and repeated samples change nothing',
    [
      [100, 85],
      [50, 0],
      [100, 0],
      [400, 85],
      [399, 0],
    ],
    ['1 pending warning @100', '1 firing warning @400'],
  ],
  [
    'infinity is a breach',
    [
      [0, Infinity],
      [300, Infinity],
    ],
    ['1 pending critical @0', '1 firing critical @300'],
  ],
] as const)('[A-3.2.3] %s', (_what, samples, expected) => {
  expect(told(CPU, samples)).toEqual(expected)
})

test('[A-3.2.3] with no time to wait it fires at once and was never pending', () => {
  expect(
    told({ ...CPU, forMs: 0 }, [
      [0, 85],
      [1, 95],
      [2, 0],
    ]),
  ).toEqual(['1 firing warning @0', '1 firing critical @1', '1 resolved critical @2'])
})

test('a rule from below mirrors one from above', () => {
  const below: AlertRule = {
    ...CPU,
    comparison: 'below',
    warning: 10,
    critical: 5,
    recoverLevel: 12,
    forMs: 0,
  }
  expect(
    told(below, [
      [0, 10.1],
      [1, 10],
      [2, 5],
      [3, 12],
      [4, 12.1],
    ]),
  ).toEqual(['1 firing warning @1', '1 firing critical @2', '1 resolved critical @4'])
})

test('a rate needs two samples, and a counter that fell began again at zero', () => {
  const rate: AlertRule = {
    ...CPU,
    transform: 'rate-per-second',
    warning: 5,
    critical: null,
    recoverLevel: null,
    forMs: 0,
  }
  expect(
    told(rate, [
      [0, 1_000],
      [10, 1_049],
      [20, 1_099],
      [30, 40],
      [40, 90],
    ]),
  ).toEqual(['1 firing warning @20', '1 resolved warning @30', '2 firing warning @40'])
})

test('what is told is finite, whatever was measured', () => {
  const { transitions } = step(
    { ...CPU, forMs: 0 },
    INITIAL,
    { atMs: 1, value: Infinity },
    () => 'e',
  )
  expect(transitions[0]?.value).toBe(Number.MAX_VALUE)
})

const anyRule: fc.Arbitrary<AlertRule> = fc
  .record({
    comparison: fc.constantFrom('above' as const, 'below' as const),
    transform: fc.constantFrom('value' as const, 'rate-per-second' as const),
    limits: fc.constantFrom([2, 4], [2, null], [null, 4]),
    hysteresis: fc.constantFrom(null, 0, 1),
    forMs: fc.constantFrom(0, 2_000, 5_000),
  })
  .map(
    ({ comparison, transform, limits: [warning = null, critical = null], hysteresis, forMs }) => {
      const sign = comparison === 'above' ? 1 : -1
      const signed = (limit: number | null) => (limit === null ? null : limit * sign)
      const milder = (warning ?? critical ?? 0) * sign
      return {
        comparison,
        transform,
        warning: signed(warning),
        critical: signed(critical),
        forMs,
        recoverLevel: hysteresis === null ? null : milder - hysteresis * sign,
      }
    },
  )

const anySample = fc.tuple(
  fc.integer({ min: 0, max: 40 }).map((second) => second * 1_000),
  fc.oneof(fc.integer({ min: -6, max: 6 }), fc.constantFrom(NaN, Infinity, -Infinity)),
)

test('[A-3.2.3] over 10,000 random histories with restarts it tells what the plain oracle tells, each firing ended once', () => {
  fc.assert(
    fc.property(
      anyRule,
      fc.array(fc.record({ sample: anySample, restart: fc.boolean() }), { maxLength: 25 }),
      (rule, history) => {
        const oracle = new AlertOracle()
        let state: AlertState = INITIAL
        let episodes = 0
        const all: Transition[] = []
        for (const {
          sample: [atMs, value],
          restart,
        } of history) {
          if (restart) state = structuredClone(state)
          const moved = step(rule, state, { atMs, value }, () => String((episodes += 1)))
          state = moved.state
          all.push(...moved.transitions)
          oracle.observe(rule, atMs, value)
        }
        // The level of a breach that never fired may still move; nobody is told of it.
        const plain = ({ kind, level, atMs }: Told) => ({
          kind,
          atMs,
          level: kind === 'cleared' ? null : level,
        })
        expect(all.map(plain)).toEqual(oracle.told.map(plain))
        for (const ofEpisode of Map.groupBy(all, ({ episodeId }) => episodeId).values()) {
          const kinds = ofEpisode.map(({ kind }) => kind)
          expect(kinds.join(' ')).toMatch(
            /^((pending )?(firing ?){1,2}(resolved)?|pending( cleared)?)$/,
          )
          expect(kinds.filter((kind) => kind === 'resolved').length).toBeLessThanOrEqual(1)
        }
      },
    ),
    { numRuns: 10_000 },
  )
})
