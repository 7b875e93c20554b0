import { expect, test } from '@jest/globals'
import { eventCatalog } from '../src/event-catalog.ts'
import { listedBeginnings, readerOf } from '../src/event-readers.ts'

const types = eventCatalog.map(({ type }) => type)

test('every beginning that is listed is one of some fact', () => {
  const stale = listedBeginnings.filter(
    (beginning) => !types.some((type) => type.startsWith(beginning)),
  )
  expect(stale).toEqual([])
})

test('[A-4.3.3] a fact is read by the permission of the longest beginning of its type', () => {
  expect(readerOf('identity.grant.applied.v1')).toBe('grant.read')
  expect(readerOf('identity.grant.sod-violation-found.v1')).toBe('sod.read')
  expect(readerOf('identity.security.login-failed.v1')).toBe('credential-reset.read')
  expect(readerOf('identity.security.drift-found.v1')).toBe('reconciliation.read')
  expect(readerOf('audit.access.refused.v1')).toBe('audit.read')
})

test('[A-4.3.3] what nobody has listed is for the reader of the whole ledger alone', () => {
  for (const type of ['payroll.salary.paid.v1', 'identity', '', 'incident.ticketing.opened.v1'])
    expect(readerOf(type)).toBe('audit.read')
})
