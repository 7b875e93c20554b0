import { expect, test } from '@jest/globals'
import {
  ChangeAmended,
  ChangeApproved,
  ChangeDebtOverdue,
  ChangeDebtSettled,
  ChangeFinished,
  ChangeHeld,
  ChangeRejected,
  ChangeReviewed,
  ChangeStageFilled,
  ChangeStageUnfilled,
  ChangeSubmitted,
} from '@erp-steward/contracts/change-events'
import { DAY, said, stateAfter } from './played.ts'

const C = { changeId: '00000000-0000-4000-8000-00000000000a' }
const OTHER = { changeId: '00000000-0000-4000-8000-00000000000b' }
const submitted = said(ChangeSubmitted, { ...C, kind: 'upgrade' }, -2 * DAY)
const approved = (stage: 'unit' | 'company') => said(ChangeApproved, { ...C, stage }, -DAY)
const unfilled = (stage: 'unit' | 'company') => said(ChangeStageUnfilled, { ...C, stage })
const filled = (stage: 'unit' | 'company') => said(ChangeStageFilled, { ...C, stage }, -1)
const overdue = (debt: 'papers' | 'unit-approval' | 'review') =>
  said(ChangeDebtOverdue, { ...C, debt })
const settled = (debt: 'papers' | 'unit-approval' | 'review', of = C) =>
  said(ChangeDebtSettled, { ...of, debt }, -1)

test('[B-7.5] kept: units decide, every stage can be given, and what was skipped is made up', () => {
  expect(stateAfter('B-7.5', [approved('unit')])).toBe('kept')
  expect(stateAfter('B-7.5', [said(ChangeRejected, { ...C, stage: 'unit' })])).toBe('kept')
  const mended = [
    unfilled('unit'),
    filled('unit'),
    overdue('unit-approval'),
    settled('unit-approval'),
  ]
  expect(stateAfter('B-7.5', [approved('unit'), ...mended])).toBe('kept')
})

test('[B-7.5] turned: a stage nobody can give, an approval owed and overdue, or only the company decided', () => {
  expect(stateAfter('B-7.5', [approved('unit'), unfilled('unit')])).toBe('broken')
  expect(stateAfter('B-7.5', [approved('unit'), overdue('unit-approval')])).toBe('broken')
  const another = settled('unit-approval', OTHER)
  expect(stateAfter('B-7.5', [approved('unit'), overdue('unit-approval'), another])).toBe('broken')
  expect(stateAfter('B-7.5', [approved('company')])).toBe('stale')
})

test('[B-4.2.4] kept: the company decides, and every stage of it can be given', () => {
  expect(stateAfter('B-4.2.4', [approved('company')])).toBe('kept')
  expect(stateAfter('B-4.2.4', [approved('company'), unfilled('company'), filled('company')])).toBe(
    'kept',
  )
})

test('[B-4.2.4] turned: a stage of the company nobody can give, or only units decided', () => {
  expect(stateAfter('B-4.2.4', [approved('company'), unfilled('company')])).toBe('broken')
  expect(stateAfter('B-4.2.4', [approved('unit')])).toBe('stale')
})

test('[B-6.2] kept: changes are asked for and decided, and nothing is owed', () => {
  expect(stateAfter('B-6.2', [submitted, approved('unit')])).toBe('kept')
  const mended = [overdue('papers'), settled('papers')]
  expect(stateAfter('B-6.2', [submitted, approved('unit'), ...mended])).toBe('kept')
})

test('[B-6.2] turned: asked for and never decided, a stage nobody can give, or what was skipped is overdue', () => {
  expect(stateAfter('B-6.2', [submitted])).toBe('stale')
  const good = [submitted, approved('unit')]
  for (const stage of ['unit', 'company'] as const)
    expect(stateAfter('B-6.2', [...good, unfilled(stage)])).toBe('broken')
  for (const debt of ['papers', 'unit-approval'] as const)
    expect(stateAfter('B-6.2', [...good, overdue(debt)])).toBe('broken')
})

test('[A-3.3.2] kept: upgrades are planned, and planned anew when their time went by', () => {
  expect(stateAfter('A-3.3.2', [submitted])).toBe('kept')
  const late = said(ChangeHeld, { ...C, cause: 'outside-planned-time' }, -DAY)
  expect(stateAfter('A-3.3.2', [submitted, late, said(ChangeAmended, C)])).toBe('kept')
})

test('[A-3.3.2] turned: the planned time went by, or no upgrade was ever planned', () => {
  const late = said(ChangeHeld, { ...C, cause: 'outside-planned-time' })
  expect(stateAfter('A-3.3.2', [submitted, late])).toBe('at-risk')
  expect(stateAfter('A-3.3.2', [said(ChangeSubmitted, { ...C, kind: 'report' })])).toBe('stale')
})

test('[A-3.3.5] kept: what was taken back is reviewed, and what was skipped is made up', () => {
  const back = said(ChangeFinished, { ...C, outcome: 'rolled-back' }, -DAY)
  const mended = [overdue('review'), settled('review')]
  expect(stateAfter('A-3.3.5', [back, said(ChangeReviewed, C), ...mended])).toBe('kept')
})

test('[A-3.3.5] turned: taken back and not reviewed, or papers or review of an emergency overdue', () => {
  const done = said(ChangeFinished, { ...C, outcome: 'deployed' }, -DAY)
  const back = said(ChangeFinished, { ...OTHER, outcome: 'rolled-back' })
  expect(stateAfter('A-3.3.5', [done, back])).toBe('at-risk')
  for (const debt of ['papers', 'review'] as const)
    expect(stateAfter('A-3.3.5', [done, overdue(debt)])).toBe('broken')
})
