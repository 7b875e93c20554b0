import { expect, test } from '@jest/globals'
import { said } from '@erp-steward/contracts/bilingual'
import { proveTarget, reasonLine, type Candidate } from '../../src/gates/rules/verdict.ts'

const NOW = new Date('2026-03-09T02:00:00Z')
const HOUR = 3_600_000

const candidate = (hours: number, changes: Partial<Candidate> = {}): Candidate => ({
  runId: `run-${String(hours)}`,
  dataAt: new Date(NOW.getTime() - hours * HOUR),
  primary: 'good',
  offsite: 'good',
  ...changes,
})

const target = {
  code: 'T',
  hasPolicy: true,
  needsOffsite: true,
  isOffsiteConfirmed: true,
  maxAgeMs: 24 * HOUR,
}
const verdict = (candidates: readonly Candidate[], changes: object = {}) => {
  const { run, reason } = proveTarget({ ...target, candidates, ...changes }, NOW)
  return run?.runId ?? reason?.code
}

test.each<[string, string, readonly Candidate[], object]>([
  ['no policy', 'no-policy', [candidate(1)], { hasPolicy: false }],
  ['no run', 'no-backup', [], {}],
  ['data of exactly the age', 'run-24', [candidate(24)], {}],
  ['a second older', 'backup-too-old', [candidate(24 + 1 / 3_600)], {}],
  ['a damaged primary', 'primary-damaged', [candidate(1, { primary: 'damaged' })], {}],
  ['no copy at the first site', 'primary-missing', [candidate(1, { primary: null })], {}],
  ['an off-site copy awaited', 'offsite-missing', [candidate(1, { offsite: 'awaited' })], {}],
  ['an off-site copy given up', 'offsite-missing', [candidate(1, { offsite: 'failed' })], {}],
  ['no off-site copy', 'offsite-missing', [candidate(1, { offsite: null })], {}],
  ['a damaged off-site copy', 'offsite-damaged', [candidate(1, { offsite: 'damaged' })], {}],
  [
    'no off-site copy where none is wanted',
    'run-1',
    [candidate(1, { offsite: null })],
    { needsOffsite: false },
  ],
  [
    'an older fresh one that is proven',
    'run-5',
    [candidate(1, { offsite: 'awaited' }), candidate(5)],
    {},
  ],
  [
    'an older one that is proven but not fresh',
    'primary-damaged',
    [candidate(1, { primary: 'damaged' }), candidate(25)],
    {},
  ],
])('[A-2.4.4] with %s the verdict is %s', (_, expected, candidates, changes) => {
  expect(verdict(candidates, changes)).toBe(expected)
})

test('a reason is one line with its code first', () => {
  const detail = said('None.', '没有。')
  expect(reasonLine({ code: 'no-backup', targetCode: 'T', detail })).toEqual(
    said('no-backup T: None.', 'no-backup T：没有。'),
  )
  expect(reasonLine({ code: 'system-unknown', targetCode: null, detail })).toEqual(
    said('system-unknown: None.', 'system-unknown：没有。'),
  )
})
