import { describe, expect, test } from '@jest/globals'
import {
  LedgerVerified,
  PasswordChanged,
  SensitiveDataInClear,
  SensitiveDataSealed,
  SigningKeyRotated,
} from '@erp-steward/contracts/identity-events'
import { AccessRefused } from '@erp-steward/contracts/platform-events'
import { DAY, HOUR, said, stateAfter } from './played.ts'

test('[A-4.2.4] kept: somebody without the right was refused, and it left a trace', () => {
  expect(stateAfter('A-4.2.4', [said(AccessRefused)])).toBe('kept')
})

test('[A-4.2.4] turned: nothing was ever refused', () => {
  expect(stateAfter('A-4.2.4', [said(PasswordChanged)])).toBe('stale')
})

describe('[A-4.3.1] what identifies people', () => {
  const keys = said(SigningKeyRotated, {}, -30 * DAY)
  const sealed = (ms = -HOUR) => said(SensitiveDataSealed, {}, ms)
  const inClear = (ms = -HOUR) => said(SensitiveDataInClear, {}, ms)

  test('[A-4.3.1] kept: keys are rotated, and a search found nothing in clear', () => {
    expect(stateAfter('A-4.3.1', [keys, sealed()])).toBe('kept')
  })

  test('[A-4.3.1] turned: one row lies in clear, though it was sealed before and keys are rotated', () => {
    expect(stateAfter('A-4.3.1', [keys, sealed(-2 * HOUR), inClear()])).toBe('broken')
  })

  test('[A-4.3.1] kept again once it is sealed', () => {
    expect(stateAfter('A-4.3.1', [keys, inClear(-2 * HOUR), sealed()])).toBe('kept')
  })

  test.each([
    ['nobody ever searched', [keys]],
    ['nobody has searched for two days', [keys, sealed(-2 * DAY - HOUR)]],
    ['keys were never rotated', [sealed()]],
    ['no key was rotated for thirteen months', [said(SigningKeyRotated, {}, -400 * DAY), sealed()]],
  ])('[A-4.3.1] turned: %s', (_what, events) => {
    expect(stateAfter('A-4.3.1', events)).not.toBe('kept')
  })
})

test('[A-4.3.4] kept: the ledger was verified and found intact', () => {
  expect(stateAfter('A-4.3.4', [said(LedgerVerified, { intact: true, state: 'intact' })])).toBe(
    'kept',
  )
  // Before there were witnesses the outcome had no state.
  expect(stateAfter('A-4.3.4', [said(LedgerVerified, { intact: true })])).toBe('kept')
})

test('[A-4.3.4] turned: the last verification found it broken, until one finds it intact', () => {
  const before = said(LedgerVerified, { intact: true, state: 'intact' }, -2 * HOUR)
  const broken = said(LedgerVerified, { intact: false, state: 'broken' })
  expect(stateAfter('A-4.3.4', [before, broken])).toBe('broken')
  expect(stateAfter('A-4.3.4', [before, said(LedgerVerified, { intact: false })])).toBe('broken')
  const mended = said(LedgerVerified, { intact: true, state: 'intact' }, -HOUR / 2)
  expect(stateAfter('A-4.3.4', [before, broken, mended])).toBe('kept')
})

test('[A-4.3.4] turned: a witness did not answer', () => {
  const before = said(LedgerVerified, { intact: true, state: 'intact' }, -2 * HOUR)
  const unproven = said(LedgerVerified, { intact: false, state: 'unproven' })
  expect(stateAfter('A-4.3.4', [before, unproven])).toBe('at-risk')
})

test('[A-4.3.4] turned: nobody verified it for two days', () => {
  expect(
    stateAfter('A-4.3.4', [said(LedgerVerified, { intact: true, state: 'intact' }, -3 * DAY)]),
  ).toBe('stale')
})
