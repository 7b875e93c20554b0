import { expect, test } from '@jest/globals'
import { createSeal } from '../src/seal.ts'

const key = (fill: number) => Buffer.alloc(32, fill).toString('base64')

test('[A-4.3.1] a sealed text opens with its key and label only, and shows every change', () => {
  const seal = createSeal(key(1))
  const sealed = seal.seal('a', 'secret')
  expect(seal.open('a', sealed)).toBe('secret')
  expect(() => seal.open('b', sealed)).toThrow()
  expect(() => createSeal(key(2)).open('a', sealed)).toThrow('a key that is not configured')
  const parts = sealed.split('.')
  for (const at of [1, 2, 3]) {
    const changed = [...parts]
    const bytes = Buffer.from(changed[at] ?? '', 'base64url')
    bytes[0] = (bytes[0] ?? 0) ^ 1
    changed[at] = bytes.toString('base64url')
    expect(() => seal.open('a', changed.join('.'))).toThrow()
  }
  expect(seal.seal('a', 'secret')).not.toEqual(sealed)
})

test('[A-4.3.1] after a rotation the old key still opens and the new one seals', () => {
  const before = createSeal(key(1)).seal('a', 'secret')
  const rotated = createSeal(`${key(2)},${key(1)}`)
  expect(rotated.open('a', before)).toBe('secret')
  expect(createSeal(key(2)).open('a', rotated.seal('a', 'new'))).toBe('new')
})

test.each([
  ['too short', Buffer.alloc(16).toString('base64')],
  ['no base64', 'not a key'],
  ['nothing', ''],
])('a key that is %s is refused', (_what, text) => {
  expect(() => createSeal(text)).toThrow(RangeError)
})
