import { expect, test } from '@jest/globals'
import { checkedClauses, clauseById, clauses, isClauseId } from '../src/clause.ts'

const clause = {
  id: 'A-1.1',
  regulation: 'A',
  section: 'A.1',
  mode: 'C',
  service: 'all',
  summary: 'Purpose',
  original: '规范日常运行管理',
  enforcement: 'Nothing',
  evidence: 'Catalogue',
}

test('the catalogue holds 89 clauses of regulation A and 61 of regulation B', () => {
  const count = (letter: string) => clauses.filter((c) => c.regulation === letter).length
  expect([count('A'), count('B')]).toEqual([89, 61])
})

test('the catalogue holds each mode as often as the clause matrix says', () => {
  const count: Record<string, number> = {}
  for (const { mode } of clauses) count[mode] = (count[mode] ?? 0) + 1
  expect(count).toEqual({ E: 49, D: 12, W: 66, P: 16, C: 7 })
})

test('a clause is found by its id, an unknown id is not', () => {
  expect(clauseById('A-2.1.4')?.mode).toBe('E')
  expect(clauseById('A-2.1.99')).toBeUndefined()
  expect([isClauseId('B-8.1'), isClauseId('B-8.2'), isClauseId('')]).toEqual([true, false, false])
})

test.each([
  ['an id occurs twice', [clause, clause], 'occurs twice'],
  ['an id is malformed', [{ ...clause, id: 'A1.1' }], '/id'],
  ['an id names another regulation', [{ ...clause, id: 'B-1' }], 'filed under regulation A'],
  ['a mode is unknown', [{ ...clause, mode: 'X' }], '/mode'],
  ['a member is missing', [{ ...clause, evidence: undefined }], '/evidence'],
  ['a member is unknown', [{ ...clause, owner: 'it' }], 'row 0'],
])('a table is refused when %s', (_, table, message) => {
  expect(() => checkedClauses(table)).toThrow(message)
})
