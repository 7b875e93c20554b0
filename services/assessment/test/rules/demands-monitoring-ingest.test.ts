import { expect, test } from '@jest/globals'
import { InspectionDone, InspectionFindingRaised } from '@erp-steward/contracts/monitoring-events'
import { said, stateAfter } from './played.ts'

test('[A-3.1.3] kept: what a round found was recorded', () => {
  expect(stateAfter('A-3.1.3', [said(InspectionFindingRaised)])).toBe('kept')
})

test('[A-3.1.3] turned: rounds are done and nothing was ever recorded of what they found', () => {
  expect(stateAfter('A-3.1.3', [said(InspectionDone)])).toBe('stale')
})
