import { expect, test } from '@jest/globals'
import {
  EntriesCounted,
  ErrorCorrected,
  ObservationRecorded,
  ObservationVoided,
  ScoresComputed,
  ScoresPublished,
  TimeNodeClaimed,
  TimeNodeCompleted,
  TimeNodeMissed,
} from '@erp-steward/contracts/assessment-events'
import { CalendarYearMissing, HolidayYearLoaded } from '@erp-steward/contracts/incident-events'
import { DAY, HOUR, noon, said, stateAfter } from './played.ts'

const ID = '00000000-0000-4000-8000-00000000000a'
const OBSERVED = { observationId: ID }
const counted = said(EntriesCounted, { month: '2026-02' })

const computed = (facts: number, ms = -HOUR, month = '2026-02') =>
  said(
    ScoresComputed,
    { month, measured: facts, measuredAccuracy: facts, measuredTimeliness: facts },
    ms,
  )
const observed = (
  kind: 'data-error' | 'process-deviation' | 'late-correction' | 'security-incident',
) => said(ObservationRecorded, { ...OBSERVED, kind }, -2 * DAY)
const voided = said(ObservationVoided, OBSERVED)

test('[A-2.3.1] kept: the month was computed from facts, and a deviation that was voided is none', () => {
  expect(stateAfter('A-2.3.1', [computed(1)])).toBe('kept')
  expect(stateAfter('A-2.3.1', [computed(1), observed('process-deviation'), voided])).toBe('kept')
})

test('[A-2.3.1] turned: a deviation counts, or the month had no fact', () => {
  expect(stateAfter('A-2.3.1', [computed(1), observed('process-deviation')])).toBe('at-risk')
  expect(stateAfter('A-2.3.1', [computed(0)])).toBe('broken')
})

test('[A-2.3.3] kept: entries of the month were counted and every error was corrected or voided', () => {
  const error = observed('data-error')
  const corrected = said(ErrorCorrected, { ...OBSERVED, confirmed: true })
  expect(stateAfter('A-2.3.3', [counted])).toBe('kept')
  expect(stateAfter('A-2.3.3', [counted, error, corrected])).toBe('kept')
  expect(stateAfter('A-2.3.3', [counted, error, voided])).toBe('kept')
})

test('[A-2.3.3] turned: an error waits, also on the own word, or the entries are old, or were never counted', () => {
  const error = observed('data-error')
  const claimed = said(ErrorCorrected, { ...OBSERVED, confirmed: false })
  expect(stateAfter('A-2.3.3', [counted, error])).toBe('at-risk')
  expect(stateAfter('A-2.3.3', [counted, error, claimed])).toBe('at-risk')
  expect(stateAfter('A-2.3.3', [said(EntriesCounted, { month: '2025-12' })])).toBe('stale')
  expect(stateAfter('A-2.3.3', [computed(1)])).toBe('stale')
})

const inTime = (confirmed: boolean) =>
  said(ErrorCorrected, { ...OBSERVED, withinTarget: true, confirmed }, -DAY)

test('[A-2.3.5] kept: an error was corrected in time, by the word of others', () => {
  expect(stateAfter('A-2.3.5', [inTime(true)])).toBe('kept')
  expect(stateAfter('A-2.3.5', [inTime(true), observed('late-correction'), voided])).toBe('kept')
})

test('[A-2.3.5] turned: a correction was late, or is the own word of the unit', () => {
  expect(stateAfter('A-2.3.5', [inTime(true), observed('late-correction')])).toBe('broken')
  expect(stateAfter('A-2.3.5', [inTime(false)])).toBe('stale')
})

test('[A-2.3.5] turned: errors have no due date for want of a year of holidays', () => {
  const missing = said(CalendarYearMissing, { year: 2027 })
  expect(stateAfter('A-2.3.5', [inTime(true), missing])).toBe('at-risk')
})

test('[A-2.3.5] kept: the missing year was loaded, and no other is missing', () => {
  const missing = (year: number) => said(CalendarYearMissing, { year }, -2 * HOUR)
  const loaded = said(HolidayYearLoaded, { year: 2027 })
  expect(stateAfter('A-2.3.5', [inTime(true), missing(2027), loaded])).toBe('kept')
  expect(stateAfter('A-2.3.5', [inTime(true), missing(2028), loaded])).toBe('at-risk')
})

const NODE = { nodeId: ID }
const proven = said(TimeNodeCompleted, { nodeId: noon().toISOString(), withinTarget: true })
const missed = said(TimeNodeMissed, NODE, -2 * DAY)
const claim = (confirmBy: Date) =>
  said(TimeNodeClaimed, { ...NODE, confirmBy: confirmBy.toISOString() }, -15 * DAY)

test('[A-2.3.7] kept: steps were finished in time, a missed one was voided, a claim waits for its confirmation', () => {
  const void_ = said(ObservationVoided, { originId: ID, kind: 'delay' })
  expect(stateAfter('A-2.3.7', [proven])).toBe('kept')
  expect(stateAfter('A-2.3.7', [proven, missed, void_])).toBe('kept')
  expect(stateAfter('A-2.3.7', [proven, claim(noon())])).toBe('kept')
  const confirmed = said(TimeNodeCompleted, { ...NODE, withinTarget: true })
  expect(stateAfter('A-2.3.7', [claim(noon(-DAY)), confirmed])).toBe('kept')
})

test('[A-2.3.7] turned: a step is missed, was late, or is claimed and nobody confirms it', () => {
  const late = said(TimeNodeCompleted, { ...NODE, withinTarget: false })
  expect(stateAfter('A-2.3.7', [proven, missed])).toBe('broken')
  expect(stateAfter('A-2.3.7', [proven, missed, late])).toBe('broken')
  expect(stateAfter('A-2.3.7', [proven, claim(noon(-1))])).toBe('broken')
  expect(stateAfter('A-2.3.7', [claim(noon())])).toBe('stale')
})

test('[A-6.1.1] kept: the rate was computed from entries', () => {
  expect(stateAfter('A-6.1.1', [computed(1)])).toBe('kept')
  expect(stateAfter('A-6.1.1', [computed(0, -2 * HOUR), computed(1)])).toBe('kept')
})

test('[A-6.1.1] turned: nobody had entries, or the month before last was the last', () => {
  expect(stateAfter('A-6.1.1', [computed(1, -2 * HOUR, '2026-01'), computed(0)])).toBe('broken')
  expect(stateAfter('A-6.1.1', [computed(1, -HOUR, '2025-12')])).toBe('stale')
})

test('[A-6.1.2] kept: delays were counted in a month with time nodes', () => {
  expect(stateAfter('A-6.1.2', [computed(1)])).toBe('kept')
})

test('[A-6.1.2] turned: the month had no time node, or was not computed in time', () => {
  expect(stateAfter('A-6.1.2', [computed(0)])).toBe('broken')
  expect(stateAfter('A-6.1.2', [computed(1, -HOUR, '2025-12')])).toBe('stale')
})

test('[A-6.1.3] kept: somebody was measured in the month', () => {
  expect(stateAfter('A-6.1.3', [computed(1)])).toBe('kept')
})

test('[A-6.1.3] turned: nobody was', () => {
  expect(stateAfter('A-6.1.3', [computed(0)])).toBe('broken')
})

test('[A-6.1.4] kept: somebody was measured, and no incident counts', () => {
  expect(stateAfter('A-6.1.4', [computed(1), observed('security-incident'), voided])).toBe('kept')
})

test('[A-6.1.4] turned: an incident was observed', () => {
  expect(stateAfter('A-6.1.4', [computed(1), observed('security-incident')])).toBe('at-risk')
})

test('[B-5.6] kept: the scores of the last month are published', () => {
  expect(stateAfter('B-5.6', [said(ScoresPublished, { month: '2026-02' })])).toBe('kept')
})

test('[B-5.6] turned: they are computed and kept back, or those of a month long gone', () => {
  expect(stateAfter('B-5.6', [computed(1)])).toBe('stale')
  expect(stateAfter('B-5.6', [said(ScoresPublished, { month: '2025-12' })])).toBe('stale')
})
