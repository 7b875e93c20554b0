import { expect, test } from '@jest/globals'
import {
  EntriesCounted,
  ErrorCorrected,
  ObservationRecorded,
  ObservationVoided,
  ScoresComputed,
} from '@erp-steward/contracts/assessment-events'
import { DAY, said, stateAfter } from './played.ts'

const OBSERVED = { observationId: '00000000-0000-4000-8000-00000000000a' }

test('[A-2.3.3] kept: entries of the month were counted and every error was corrected or voided', () => {
  const counted = said(EntriesCounted, { month: '2026-02' })
  const error = said(ObservationRecorded, { ...OBSERVED, kind: 'data-error' }, -2 * DAY)
  expect(stateAfter('A-2.3.3', [counted])).toBe('kept')
  expect(stateAfter('A-2.3.3', [counted, error, said(ErrorCorrected, OBSERVED)])).toBe('kept')
  expect(stateAfter('A-2.3.3', [counted, error, said(ObservationVoided, OBSERVED)])).toBe('kept')
})

test('[A-2.3.3] turned: an error waits, or the entries are those of a month long gone, or were never counted', () => {
  const counted = said(EntriesCounted, { month: '2026-02' })
  const error = said(ObservationRecorded, { ...OBSERVED, kind: 'data-error' })
  expect(stateAfter('A-2.3.3', [counted, error])).toBe('at-risk')
  expect(stateAfter('A-2.3.3', [said(EntriesCounted, { month: '2025-12' })])).toBe('stale')
  expect(stateAfter('A-2.3.3', [said(ScoresComputed, { month: '2026-02' })])).toBe('stale')
})
