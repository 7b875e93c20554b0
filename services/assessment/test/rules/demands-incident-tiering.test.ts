import { expect, test } from '@jest/globals'
import { ChangeApproved, ChangeRejected } from '@erp-steward/contracts/change-events'
import { TicketEscalated, TicketOpened } from '@erp-steward/contracts/incident-events'
import { said, stateAfter } from './played.ts'

test('[B-4.1.4] kept: what tier 1 could not solve was passed up', () => {
  expect(stateAfter('B-4.1.4', [said(TicketOpened), said(TicketEscalated)])).toBe('kept')
})

test('[B-4.1.4] turned: nothing was ever passed up', () => {
  expect(stateAfter('B-4.1.4', [said(TicketOpened)])).toBe('stale')
})

test('[B-4.1.5] kept: the unit decided, whether it approved or refused', () => {
  expect(stateAfter('B-4.1.5', [said(ChangeApproved, { stage: 'unit' })])).toBe('kept')
  expect(stateAfter('B-4.1.5', [said(ChangeRejected, { stage: 'unit' })])).toBe('kept')
})

test('[B-4.1.5] turned: only the company decided', () => {
  expect(stateAfter('B-4.1.5', [said(ChangeApproved, { stage: 'company' })])).toBe('stale')
})
