import { expect, test } from '@jest/globals'
import { resolveParameter, type ParameterVersion } from '../src/resolve.ts'

const key = 'identity.password.min_length'
const from = new Date('2026-03-01T00:00:00Z')
const justBefore = new Date(from.getTime() - 1)
const later = new Date('2026-06-01T00:00:00Z')

function version(of: Partial<ParameterVersion>): ParameterVersion {
  return {
    key,
    unitId: null,
    value: 10,
    version: 1,
    validFrom: from,
    author: 'security-admin',
    reason: 'policy',
    ...of,
  }
}

const shipped = { value: 8, version: 0, source: 'shipped' }

test('without versions the shipped default holds, as version 0', () => {
  expect(resolveParameter([], key, 'unit-1', from)).toEqual(shipped)
})

test('a version holds from its instant on and not a millisecond before', () => {
  const rows = [version({})]
  expect(resolveParameter(rows, key, null, justBefore)).toEqual(shipped)
  expect(resolveParameter(rows, key, null, from)).toEqual({
    value: 10,
    version: 1,
    source: 'company',
  })
})

test('the unit comes before the company, even with an older version', () => {
  const rows = [
    version({ unitId: 'unit-1', value: 14 }),
    version({ value: 9, version: 7, validFrom: later }),
  ]
  expect(resolveParameter(rows, key, 'unit-1', later)).toEqual({
    value: 14,
    version: 1,
    source: 'unit',
  })
  expect(resolveParameter(rows, key, 'unit-2', later)).toEqual({
    value: 9,
    version: 7,
    source: 'company',
  })
})

test('a unit version not yet valid leaves the company value in force', () => {
  const rows = [version({ unitId: 'unit-1', value: 14, validFrom: later }), version({})]
  expect(resolveParameter(rows, key, 'unit-1', from).source).toBe('company')
})

test('without a unit only company versions count', () => {
  expect(resolveParameter([version({ unitId: 'unit-1' })], key, null, later)).toEqual(shipped)
})

test('the latest valid-from wins over a higher version, whatever the order of the rows', () => {
  const rows = [
    version({ value: 11, version: 3 }),
    version({ value: 12, version: 2, validFrom: later }),
  ]
  expect(resolveParameter(rows, key, null, later).value).toBe(12)
  expect(resolveParameter(rows.toReversed(), key, null, later).value).toBe(12)
})

test('of two versions valid from the same instant the higher one wins', () => {
  const rows = [version({ value: 11, version: 2 }), version({ value: 12, version: 1 })]
  expect(resolveParameter(rows, key, null, from).version).toBe(2)
  expect(resolveParameter(rows.toReversed(), key, null, from).version).toBe(2)
})

test('a version with null hands the say back to the next level', () => {
  const rows = [
    version({}),
    version({ unitId: 'unit-1', value: 14 }),
    version({ unitId: 'unit-1', value: null, version: 2, validFrom: later }),
  ]
  expect(resolveParameter(rows, key, 'unit-1', from).source).toBe('unit')
  expect(resolveParameter(rows, key, 'unit-1', later)).toEqual({
    value: 10,
    version: 1,
    source: 'company',
  })
})

test('versions of other parameters do not count', () => {
  const rows = [version({ key: 'identity.password.history' })]
  expect(resolveParameter(rows, key, null, later)).toEqual(shipped)
})

test('a stored value of another type is refused, one outside today’s bounds is read', () => {
  expect(() => resolveParameter([version({ value: '10' })], key, null, later)).toThrow(RangeError)
  expect(resolveParameter([version({ value: 6 })], key, null, later).value).toBe(6)
})
