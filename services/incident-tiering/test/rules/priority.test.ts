import { expect, test } from '@jest/globals'
import { isGraver, priorityFor, servingKind } from '../../src/tickets/rules/priority.ts'

test.each([
  ['P1', 'P1'],
  ['P2', 'P2'],
  ['P3', 'P2'],
  ['P4', 'P2'],
] as const)('[A-2.1.7] an account compromise asked for as %s becomes %s', (asked, priority) => {
  expect(priorityFor('account-compromise', asked)).toBe(priority)
})

test.each(['P1', 'P2', 'P3', 'P4'] as const)('a fault keeps the priority %s', (asked) => {
  expect(priorityFor('fault', asked)).toBe(asked)
})

test.each([
  ['P1', 'P2', true],
  ['P2', 'P2', false],
  ['P3', 'P2', false],
] as const)('whether %s is graver than %s: %s', (a, b, graver) => {
  expect(isGraver(a, b)).toBe(graver)
})

test.each([
  ['fault', 'GL', 'MODULE'],
  ['fault', null, 'IT'],
  ['hardware', 'GL', 'IT'],
  ['network', 'GL', 'IT'],
  ['account-compromise', 'GL', 'MODULE'],
] as const)('[B-4.1.6] %s of module %s is served by %s key users', (category, module, kind) => {
  expect(servingKind(category, module)).toBe(kind)
})
