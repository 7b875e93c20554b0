import { expect, test } from '@jest/globals'
import { floorFaults, type MeasuredPolicy } from '../../src/targets/rules/floor.ts'
import {
  keptPeriods,
  keptUntil,
  memberOfKind,
  type KeptKind,
} from '../../src/targets/rules/keeping.ts'

const china = (text: string) => new Date(`${text}+08:00`)
const DAY = 86_400_000
const LONG_AGO = new Date(0)
const daysOf = (kind: KeptKind, count: number, now: Date, since = LONG_AGO, fullDay = 'SUN') =>
  keptPeriods(kind, count, { since, now, fullDay }).map(({ firstDay }) => firstDay)

test.each<[KeptKind, string, string[]]>([
  ['weekly', '2026-03-09T10:00', ['2026-03-08', '2026-03-01', '2026-02-22']],
  ['weekly', '2026-03-14T23:59:59.999', ['2026-03-08', '2026-03-01', '2026-02-22']],
  ['weekly', '2026-03-15T00:00', ['2026-03-15', '2026-03-08', '2026-03-01']],
  ['monthly', '2026-03-31T23:59', ['2026-03-01', '2026-02-01', '2026-01-01']],
  ['monthly', '2026-01-01T00:00', ['2026-01-01', '2025-12-01', '2025-11-01']],
  ['yearly', '2026-12-31T23:59', ['2026-01-01', '2025-01-01', '2024-01-01']],
])('[A-2.4.1] three %s backups are there at %s in China: of %j', (kind, now, days) => {
  expect(daysOf(kind, 3, china(now))).toEqual(days)
})

test('[A-2.4.1] weeks begin with the day of the full backup', () => {
  expect(daysOf('weekly', 1, china('2026-03-09T00:00'), LONG_AGO, 'MON')).toEqual(['2026-03-09'])
  expect(daysOf('weekly', 1, china('2026-03-08T23:59'), LONG_AGO, 'MON')).toEqual(['2026-03-02'])
  expect(daysOf('weekly', 1, china('2026-03-09T00:00'), LONG_AGO, 'SAT')).toEqual(['2026-03-07'])
})

test('[A-2.4.1] a period that had begun before backups of its kind were kept does not count', () => {
  const now = china('2026-03-31T12:00')
  expect(daysOf('monthly', 12, now, china('2026-02-01T00:00'))).toEqual([
    '2026-03-01',
    '2026-02-01',
  ])
  expect(daysOf('monthly', 12, now, china('2026-02-01T00:00:00.001'))).toEqual(['2026-03-01'])
  expect(daysOf('yearly', 10, now, china('2026-01-01T00:01'))).toEqual([])
})

test('periods follow one another without a gap', () => {
  for (const kind of ['weekly', 'monthly', 'yearly'] as const) {
    const periods = keptPeriods(kind, 10, { since: LONG_AGO, now: new Date(), fullDay: 'WED' })
    for (const [index, { from }] of periods.slice(0, -1).entries())
      expect(periods[index + 1]?.until).toEqual(from)
  }
})

test.each<[KeptKind, number, string, string]>([
  ['weekly', 5, '2026-03-08T01:00', '2026-04-12T01:00'],
  ['monthly', 12, '2026-03-01T01:00', '2027-03-01T01:00'],
  ['monthly', 1, '2026-01-31T12:00', '2026-03-03T12:00'],
  ['yearly', 10, '2026-01-04T12:00', '2036-01-04T12:00'],
])('[A-2.4.1] kept as %s for %s: %s until %s', (kind, count, dataAt, until) => {
  expect(keptUntil(kind, count, china(dataAt))).toEqual(china(until))
})

const site = { code: 'P', building: 'A', isEncrypted: true, isOffsite: false, isConfirmed: true }
const policy: MeasuredPolicy = {
  ...{ schedule: '*/15 * * * *', rpoMs: 900_000, keepDays: 14 },
  ...{ keepWeeks: 5, keepMonths: 12, keepYears: 10 },
  primary: site,
  offsite: { ...site, code: 'O', building: 'B', isOffsite: true },
}
const floor = {
  ...{ intervalMs: DAY, rpoMs: 900_000, keepMs: 14 * DAY },
  kindsMs: { weekly: 35 * DAY, monthly: 360 * DAY, yearly: 3_650 * DAY },
}

test.each<[KeptKind, number]>([
  ['weekly', 4],
  ['monthly', 11],
  ['yearly', 9],
])('[A-2.4.1] %s backups have a floor of their own, below which are %s and none', (kind, count) => {
  const member = memberOfKind[kind]
  expect(floorFaults(policy, floor, LONG_AGO)).toEqual([])
  for (const below of [count, null])
    expect(floorFaults({ ...policy, [member]: below }, floor, LONG_AGO)).toMatchObject([
      { floor: kind, member },
    ])
  // What is kept of another kind makes up for nothing.
  const others = { keepDays: 36_500, keepWeeks: 520, keepMonths: 360, keepYears: 30 }
  expect(floorFaults({ ...policy, ...others, [member]: count }, floor, LONG_AGO)).toMatchObject([
    { floor: kind },
  ])
})
