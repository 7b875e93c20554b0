import { expect, test } from '@jest/globals'
import {
  BackupRunFailed,
  BackupRunMissed,
  BackupRunSucceeded,
  BackupTargetRegistered,
  CopyDamaged,
  CopyVerified,
  GateAnswered,
  GateClosed,
  GateOpened,
  OffsiteConfirmed,
  OffsiteOverdue,
  ProtectionStated,
  RestoreApprovalVoided,
  RestoreApproved,
  RestorePlanned,
  RestoreRefused,
  RestoreStarted,
  RpoExceeded,
} from '@erp-steward/contracts/backup-events'
import { ChangeHeld, ChangeStarted, ChangeSubmitted } from '@erp-steward/contracts/change-events'
import { DAY, said, stateAfter } from './played.ts'

const T = { targetId: '00000000-0000-4000-8000-00000000000a' }
const OTHER = { targetId: '00000000-0000-4000-8000-00000000000b' }
const PLAN = { planId: '00000000-0000-4000-8000-00000000000c' }
const CHANGE = { changeId: '00000000-0000-4000-8000-00000000000d' }
const ASK = { askId: '00000000-0000-4000-8000-00000000000e' }

const registered = said(BackupTargetRegistered, { ...T, active: true }, -3 * DAY)
const kept = { plan: 'kept', media: 'kept', offsite: 'kept' } as const
const stated = (changes: object = {}, ms = -2 * DAY) =>
  said(ProtectionStated, { ...T, ...kept, ...changes }, ms)
const succeeded = said(BackupRunSucceeded, T, -DAY)
const confirmed = said(OffsiteConfirmed, T, -DAY)
/** One backup a year, kept for a day, in clear in the own rack, declared off site. */
const worst = { plan: 'below', media: 'below', offsite: 'below' } as const

test('[A-2.4.1] kept: the plan reaches the floors and the target is backed up', () => {
  expect(stateAfter('A-2.4.1', [registered, stated(), succeeded])).toBe('kept')
  // What failed and was done again is kept, and a target that is no more owes nothing.
  const failed = said(BackupRunFailed, T, -2 * DAY)
  const gone = [
    said(BackupTargetRegistered, { ...OTHER, active: true }, -2 * DAY),
    said(BackupTargetRegistered, { ...OTHER, active: false }),
  ]
  expect(stateAfter('A-2.4.1', [registered, stated(), failed, succeeded, ...gone])).toBe('kept')
})

test('[A-2.4.1] turned: a plan below a floor, a run that failed or was missed, an RPO exceeded, an exception', () => {
  const good = [registered, stated(), succeeded]
  expect(stateAfter('A-2.4.1', [registered, stated(worst), succeeded])).toBe('broken')
  for (const event of [BackupRunFailed, BackupRunMissed, RpoExceeded])
    expect(stateAfter('A-2.4.1', [...good, said(event, T)])).toBe('broken')
  expect(stateAfter('A-2.4.1', [...good, stated({ plan: 'excepted' }, -1)])).toBe('at-risk')
  // The exception has ended.
  const ended = [stated({ plan: 'excepted' }, -2), stated({ plan: 'below' }, -1)]
  expect(stateAfter('A-2.4.1', [...good, ...ended])).toBe('broken')
  expect(stateAfter('A-2.4.1', [registered, succeeded])).toBe('stale')
  expect(stateAfter('A-2.4.1', [registered, stated()])).toBe('stale')
  expect(stateAfter('A-2.4.1', [])).toBe('stale')
})

test('[A-2.4.2] kept: the medium is encrypted and confirmed, and copies are read again in time', () => {
  expect(stateAfter('A-2.4.2', [registered, stated(), succeeded])).toBe('kept')
  const verified = said(CopyVerified, T)
  const old = said(BackupRunSucceeded, T, -20 * DAY)
  expect(stateAfter('A-2.4.2', [registered, stated({}, -30 * DAY), old, verified])).toBe('kept')
})

test('[A-2.4.2] turned: a medium in clear, a copy damaged, a verification too old, an exception', () => {
  const good = [registered, stated(), succeeded]
  expect(stateAfter('A-2.4.2', [registered, stated(worst), succeeded])).toBe('broken')
  expect(stateAfter('A-2.4.2', [...good, said(CopyDamaged, T), said(CopyVerified, T, -1)])).toBe(
    'broken',
  )
  expect(stateAfter('A-2.4.2', [...good, stated({ media: 'excepted' }, -1)])).toBe('at-risk')
  expect(stateAfter('A-2.4.2', [registered, stated(), said(BackupRunSucceeded, T, -9 * DAY)])).toBe(
    'stale',
  )
})

test('[A-2.4.3] kept: a copy in another building was read again', () => {
  expect(stateAfter('A-2.4.3', [registered, stated(), confirmed])).toBe('kept')
  const late = said(OffsiteOverdue, T, -2 * DAY)
  expect(stateAfter('A-2.4.3', [registered, stated(), late, confirmed])).toBe('kept')
})

test('[A-2.4.3] turned: a copy in the own rack, one overdue, none ever, an exception', () => {
  const good = [registered, stated(), confirmed]
  expect(stateAfter('A-2.4.3', [registered, stated(worst), confirmed])).toBe('broken')
  expect(stateAfter('A-2.4.3', [...good, said(OffsiteOverdue, T)])).toBe('broken')
  expect(stateAfter('A-2.4.3', [...good, stated({ offsite: 'excepted' }, -1)])).toBe('at-risk')
  expect(stateAfter('A-2.4.3', [registered, stated(), succeeded])).toBe('stale')
  expect(stateAfter('A-2.4.3', [registered, confirmed])).toBe('stale')
})

const answered = said(GateAnswered, CHANGE)
const gated = said(ChangeStarted, { ...CHANGE, ...ASK, needsBackup: true })
const bare = said(ChangeStarted, { ...CHANGE, askId: null, needsBackup: true })
const harmless = said(ChangeStarted, { ...CHANGE, askId: null, needsBackup: false })

test('[A-2.4.4] kept: what may harm data started by its gate, what may not without', () => {
  expect(stateAfter('A-2.4.4', [answered, gated, harmless])).toBe('kept')
  const silent = said(ChangeHeld, { ...CHANGE, cause: 'gate-silent' }, -DAY)
  expect(stateAfter('A-2.4.4', [silent, answered])).toBe('kept')
  const closed = said(GateClosed, { systemCode: 'EBS' }, -DAY)
  expect(stateAfter('A-2.4.4', [answered, closed, said(GateOpened, { systemCode: 'EBS' })])).toBe(
    'kept',
  )
})

test('[A-2.4.4] turned: a data change past the gate, a gate that is silent or closed, or never asked', () => {
  expect(stateAfter('A-2.4.4', [answered, bare])).toBe('broken')
  const silent = said(ChangeHeld, { ...CHANGE, cause: 'gate-silent' }, -1)
  expect(stateAfter('A-2.4.4', [answered, silent])).toBe('at-risk')
  expect(stateAfter('A-2.4.4', [answered, said(GateClosed, { systemCode: 'EBS' })])).toBe('at-risk')
  expect(stateAfter('A-2.4.4', [harmless])).toBe('stale')
  expect(stateAfter('A-2.4.4', [said(ChangeHeld, { ...CHANGE, cause: 'outside-window' })])).toBe(
    'stale',
  )
})

test('[A-3.3.4] kept: upgrades started by their gate', () => {
  expect(stateAfter('A-3.3.4', [gated])).toBe('kept')
  expect(stateAfter('A-3.3.4', [said(ChangeHeld, { ...CHANGE, cause: 'gate-closed' })])).toBe(
    'kept',
  )
})

test('[A-3.3.4] turned: one started past the gate, or nothing ever came to a gate', () => {
  expect(stateAfter('A-3.3.4', [gated, bare])).toBe('broken')
  expect(stateAfter('A-3.3.4', [harmless])).toBe('stale')
  expect(stateAfter('A-3.3.4', [said(ChangeSubmitted, CHANGE)])).toBe('stale')
})

test('[A-2.4.6] kept: restores are planned, and start by their plan', () => {
  const planned = said(RestorePlanned, PLAN, -DAY)
  expect(stateAfter('A-2.4.6', [planned])).toBe('kept')
  expect(stateAfter('A-2.4.6', [planned, said(RestoreStarted, PLAN)])).toBe('kept')
})

test('[A-2.4.6] turned: nothing was ever planned, whatever else happened to restores', () => {
  expect(stateAfter('A-2.4.6', [])).toBe('stale')
  expect(stateAfter('A-2.4.6', [said(RestoreApproved, PLAN)])).toBe('stale')
})

test('[A-2.4.7] kept: plans are approved or refused, and anew after a change', () => {
  const approved = said(RestoreApproved, PLAN, -2 * DAY)
  expect(stateAfter('A-2.4.7', [approved, said(RestoreStarted, PLAN)])).toBe('kept')
  const voided = said(RestoreApprovalVoided, PLAN, -DAY)
  expect(stateAfter('A-2.4.7', [approved, voided, said(RestoreApproved, PLAN)])).toBe('kept')
  expect(stateAfter('A-2.4.7', [approved, voided, said(RestoreRefused, PLAN)])).toBe('kept')
})

test('[A-2.4.7] turned: an approval was voided and not given anew, or nothing was ever approved', () => {
  const approved = said(RestoreApproved, PLAN, -2 * DAY)
  expect(stateAfter('A-2.4.7', [approved, said(RestoreApprovalVoided, PLAN)])).toBe('at-risk')
  expect(stateAfter('A-2.4.7', [])).toBe('stale')
})
