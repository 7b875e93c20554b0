import { expect, test } from '@jest/globals'
import { UnitChanged } from '@erp-steward/contracts/directory-events'
import { NotificationDelivered, NotificationFailed } from '@erp-steward/contracts/incident-events'
import {
  AlertAcknowledged,
  AlertAckOverdue,
  AlertFiring,
  AlertNotified,
  AlertNotifyOverdue,
  AlertResolved,
  InspectionCovered,
  InspectionDone,
  InspectionFindingRaised,
  InspectionGenerated,
  InspectionOverdue,
  InspectionSuspicious,
  InspectionUncovered,
  KeyFigureStated,
  SourceChanged,
  SourceHeard,
  SourceSilent,
  ThresholdFed,
  ThresholdSet,
  ThresholdUnfed,
} from '@erp-steward/contracts/monitoring-events'
import { DAY, HOUR, said, stateAfter, type Said } from './played.ts'

const UNIT = '00000000-0000-4000-8000-00000000000a'
const OTHER = '00000000-0000-4000-8000-00000000000b'
const ROUND = '00000000-0000-4000-8000-0000000000c1'
const EPISODE = '00000000-0000-4000-8000-0000000000e1'
const MINUTE = 60_000

const drawnUp = (unitId: string, ms: number) =>
  said(InspectionGenerated, { unitId, roundId: ROUND }, ms)
const done = (unitId: string, ms: number, { onDay = true, suspicious = false } = {}) =>
  said(InspectionDone, { unitId, roundId: ROUND, onDay, suspicious }, ms)

const inspected: Said[] = [drawnUp(UNIT, -4 * HOUR), done(UNIT, -HOUR)]

test('[A-3.1.1] kept: every unit was inspected on the day, and its roster names somebody able', () => {
  expect(stateAfter('A-3.1.1', inspected)).toBe('kept')
  const found = said(InspectionUncovered, { unitId: UNIT }, -3 * HOUR)
  const again = said(InspectionCovered, { unitId: UNIT }, -2 * HOUR)
  expect(stateAfter('A-3.1.1', [...inspected, found, again])).toBe('kept')
  const late = said(InspectionOverdue, { unitId: UNIT, roundId: ROUND }, -2 * HOUR)
  expect(stateAfter('A-3.1.1', [...inspected, late])).toBe('kept')
})

test.each<[string, Said[], string]>([
  ['nobody inspected another unit', [drawnUp(OTHER, -HOUR)], 'stale'],
  ['nobody of a roster is able', [said(InspectionUncovered, { unitId: UNIT })], 'broken'],
  ['a round is overdue', [said(InspectionOverdue, { unitId: UNIT, roundId: OTHER })], 'broken'],
  [
    'it was signed after its day',
    [
      said(InspectionOverdue, { unitId: UNIT, roundId: ROUND }, -30 * MINUTE),
      done(UNIT, -MINUTE, { onDay: false }),
    ],
    'broken',
  ],
])('[A-3.1.1] turned: %s', (_what, events, state) => {
  expect(stateAfter('A-3.1.1', [...inspected, ...events])).toBe(state)
})

test('[A-3.1.1] turned: the last round is older than two days, or there was none', () => {
  expect(stateAfter('A-3.1.1', [done(UNIT, -2 * DAY - 1)])).toBe('stale')
  expect(stateAfter('A-3.1.1', [drawnUp(UNIT, -HOUR)])).toBe('stale')
  const closed = said(UnitChanged, { unitId: UNIT, kind: 'USER_UNIT', active: false })
  expect(stateAfter('A-3.1.1', [drawnUp(UNIT, -2 * HOUR), closed, done(OTHER, -1)])).toBe('kept')
})

test('[A-3.1.2] kept: the rounds of every unit are done and not copied', () => {
  expect(stateAfter('A-3.1.2', inspected)).toBe('kept')
  const copied = said(InspectionSuspicious, { unitId: UNIT }, -3 * HOUR)
  expect(stateAfter('A-3.1.2', [copied, ...inspected])).toBe('kept')
})

test('[A-3.1.2] turned: answers look copied, a unit has no round, or only copied ones', () => {
  const copied = [
    done(UNIT, -2, { suspicious: true }),
    said(InspectionSuspicious, { unitId: UNIT }, -2),
  ]
  expect(stateAfter('A-3.1.2', [...inspected, ...copied])).toBe('at-risk')
  expect(stateAfter('A-3.1.2', copied)).toBe('stale')
  expect(stateAfter('A-3.1.2', [...inspected, drawnUp(OTHER, -HOUR)])).toBe('stale')
})

test('[A-3.1.3] kept: what a round found was recorded', () => {
  expect(stateAfter('A-3.1.3', [said(InspectionFindingRaised)])).toBe('kept')
})

test('[A-3.1.3] turned: rounds are done and nothing was ever recorded of what they found', () => {
  expect(stateAfter('A-3.1.3', [said(InspectionDone)])).toBe('stale')
})

const figures = ['cpu', 'memory', 'disk-io'] as const
const stated = (unitId: string, { watched = true, guarded = true } = {}, ms = -HOUR) =>
  figures.map((figure) => said(KeyFigureStated, { unitId, figure, watched, guarded }, ms))
const registered = said(SourceChanged, { sourceId: ROUND, change: 'registered' }, -3 * HOUR)
const heard = said(SourceHeard, { sourceId: ROUND }, -3 * HOUR)
const sending = [registered, heard]

test('[A-3.2.1] kept: every key figure of every unit is watched, and every source sends', () => {
  expect(stateAfter('A-3.2.1', [...sending, ...stated(UNIT), ...stated(OTHER)])).toBe('kept')
})

test.each<[string, Said[]]>([
  ['a source that sends something else is all there is', []],
  [
    'a new unit has a source of something else, beside units that are watched',
    [
      ...stated(UNIT),
      said(SourceChanged, { sourceId: OTHER, change: 'registered' }, -2),
      said(SourceHeard, { sourceId: OTHER }, -1),
      ...stated(OTHER, { watched: false }, -1),
    ],
  ],
  ['one unit is blind', [...stated(UNIT), ...stated(OTHER, { watched: false })]],
  [
    'one key figure is missing',
    [
      ...stated(UNIT),
      said(KeyFigureStated, { unitId: UNIT, figure: 'memory', watched: false }, -1),
    ],
  ],
  ['the source fell silent', [...stated(UNIT), said(SourceSilent, { sourceId: ROUND })]],
  [
    'another source never sent',
    [...stated(UNIT), said(SourceChanged, { sourceId: OTHER, change: 'registered' })],
  ],
])('[A-3.2.1] turned: %s', (_what, events) => {
  expect(stateAfter('A-3.2.1', [...sending, ...events])).toBe('stale')
})

test('[A-3.2.1] a unit that was closed, or is a supplier now, is watched no more', () => {
  const blind = stated(OTHER, { watched: false }, -2 * HOUR)
  for (const unit of [
    { kind: 'USER_UNIT' as const, active: false },
    { kind: 'SUPPLIER' as const, active: true },
  ])
    expect(
      stateAfter('A-3.2.1', [
        ...stated(UNIT),
        ...blind,
        said(UnitChanged, { unitId: OTHER, ...unit }),
      ]),
    ).toBe('kept')
})

test('[A-3.2.2] kept: every key figure is guarded, and every threshold judges something', () => {
  const fed = [
    said(ThresholdUnfed, { thresholdId: ROUND }, -2 * HOUR),
    said(ThresholdFed, { thresholdId: ROUND }, -HOUR),
  ]
  expect(stateAfter('A-3.2.2', [...stated(UNIT), ...fed])).toBe('kept')
})

test.each<[string, Said[], string]>([
  ['a key figure of a unit has no threshold', stated(OTHER, { guarded: false }), 'broken'],
  ['the threshold of a key figure was loosened', stated(UNIT, { guarded: false }, -1), 'broken'],
  ['a threshold judges nothing', [said(ThresholdUnfed, { thresholdId: ROUND })], 'at-risk'],
  ['the source fell silent', [said(SourceSilent, { sourceId: ROUND })], 'stale'],
])('[A-3.2.2] turned: %s', (_what, events, state) => {
  expect(stateAfter('A-3.2.2', [...stated(UNIT), ...events])).toBe(state)
})

test('[A-3.2.2] turned: some threshold was set, on whatever', () => {
  expect(
    stateAfter('A-3.2.2', [said(ThresholdSet, { thresholdId: ROUND, change: 'created' })]),
  ).toBe('stale')
})

const told = (withinTarget = true, ms = -HOUR, level: Level = 'critical') =>
  said(AlertNotified, { episodeId: EPISODE, level, by: 'mail', withinTarget }, ms)
const fires = (ms: number, level: Level = 'critical', episodeId = EPISODE) =>
  said(AlertFiring, { episodeId, level }, ms)
const overdue = (ms: number, level: Level = 'critical', episodeId = EPISODE) =>
  said(AlertNotifyOverdue, { episodeId, level }, ms)
type Level = 'warning' | 'critical'

test('[A-3.2.3] kept: key figures are guarded and every alert reached somebody and was taken', () => {
  expect(stateAfter('A-3.2.3', [...stated(UNIT), told()])).toBe('kept')
  const untaken = said(AlertAckOverdue, { episodeId: EPISODE }, -30 * MINUTE)
  for (const end of [AlertAcknowledged, AlertResolved])
    expect(
      stateAfter('A-3.2.3', [
        ...stated(UNIT),
        told(),
        untaken,
        said(end, { episodeId: EPISODE }, -1),
      ]),
    ).toBe('kept')
  // What came again a moment after it was told is told.
  expect(
    stateAfter('A-3.2.3', [
      ...stated(UNIT),
      told(),
      fires(-2, 'warning', ROUND),
      said(
        AlertNotified,
        { episodeId: ROUND, level: 'warning', by: 'earlier-message', withinTarget: true },
        -1,
      ),
    ]),
  ).toBe('kept')
  // Both levels were told, each by itself.
  expect(
    stateAfter('A-3.2.3', [
      ...stated(UNIT),
      fires(-50 * MINUTE, 'warning'),
      told(true, -49 * MINUTE, 'warning'),
      fires(-40 * MINUTE),
      told(true, -39 * MINUTE),
    ]),
  ).toBe('kept')
})

test.each<[string, Said[], string]>([
  [
    'an alert fired and nobody was ever reached',
    [said(AlertFiring, { episodeId: EPISODE })],
    'stale',
  ],
  [
    'other messages were delivered, of no alert',
    [said(NotificationDelivered, { ticketId: ROUND })],
    'stale',
  ],
  [
    'an alert was not told in time',
    [told(true, -2 * HOUR), overdue(-1, 'critical', ROUND)],
    'broken',
  ],
  ['it was told late', [overdue(-2), told(false, -1)], 'at-risk'],
  [
    'an alert fires and is not told yet, others were',
    [told(), fires(-1, 'warning', ROUND)],
    'at-risk',
  ],
  [
    'it is over before anybody was told',
    [
      told(),
      fires(-2, 'warning', ROUND),
      said(
        AlertResolved,
        { episodeId: ROUND, level: 'warning', reason: 'threshold-withdrawn' },
        -1,
      ),
    ],
    'at-risk',
  ],
  [
    'it was over and nobody was told in time',
    [
      told(),
      fires(-2 * MINUTE, 'warning', ROUND),
      said(
        AlertResolved,
        { episodeId: ROUND, level: 'warning', reason: 'threshold-withdrawn' },
        -MINUTE,
      ),
      overdue(-1, 'warning', ROUND),
    ],
    'broken',
  ],
  [
    'its level rose and only the milder was told',
    [told(true, -HOUR, 'warning'), fires(-2 * MINUTE), overdue(-1)],
    'broken',
  ],
  [
    'the risen level was told after the milder one again',
    [overdue(-2), told(true, -1, 'warning')],
    'broken',
  ],
  [
    'only a webhook took what a mail could not tell',
    [
      told(),
      said(NotificationFailed, { ticketId: ROUND, channel: 'mail' }, -2),
      said(NotificationDelivered, { ticketId: ROUND, channel: 'webhook' }, -1),
    ],
    'broken',
  ],
  [
    'a webhook gave up',
    [told(), said(NotificationFailed, { ticketId: ROUND, channel: 'webhook' }, -1)],
    'at-risk',
  ],
  [
    'all that was ever told was told to nobody known',
    [said(AlertNotified, { episodeId: EPISODE, level: 'critical', withinTarget: true })],
    'stale',
  ],
  ['nobody took it in time', [told(), said(AlertAckOverdue, { episodeId: EPISODE }, -1)], 'broken'],
  [
    'a message failed',
    [told(), said(NotificationFailed, { ticketId: ROUND, channel: 'mail' })],
    'broken',
  ],
  [
    'the key figures lost their thresholds',
    [told(), ...stated(UNIT, { guarded: false }, -1)],
    'broken',
  ],
  ['the source fell silent', [told(), said(SourceSilent, { sourceId: ROUND })], 'stale'],
])('[A-3.2.3] turned: %s', (_what, events, state) => {
  expect(stateAfter('A-3.2.3', [...stated(UNIT), ...events])).toBe(state)
})

test('[A-3.2.3] turned: alerts reach people and no key figure was ever guarded', () => {
  expect(stateAfter('A-3.2.3', [told()])).toBe('stale')
})
