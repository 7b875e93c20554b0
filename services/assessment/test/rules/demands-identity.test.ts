import { expect, test } from '@jest/globals'
import { PasswordChanged } from '@erp-steward/contracts/identity-events'
import { AccessRefused } from '@erp-steward/contracts/platform-events'
import { said, stateAfter } from './played.ts'

test('[A-4.2.4] kept: somebody without the right was refused, and it left a trace', () => {
  expect(stateAfter('A-4.2.4', [said(AccessRefused)])).toBe('kept')
})

test('[A-4.2.4] turned: nothing was ever refused', () => {
  expect(stateAfter('A-4.2.4', [said(PasswordChanged)])).toBe('stale')
})
