import { randomInt } from 'node:crypto'

/** Without characters that are mistaken for one another when somebody types them from paper. */
const classes = [
  'ABCDEFGHJKLMNPQRSTUVWXYZ',
  'abcdefghijkmnpqrstuvwxyz',
  '23456789',
  '#%*+-=?@',
] as const
/** Some 115 random bits. */
const LENGTH = 20
/** Characters of a half. */
export const HALF_LENGTH = 12

/** A random password of at least `minLength` and 20 characters, with all four classes. */
export function randomPassword(minLength: number): string {
  return randomText(Math.max(minLength, LENGTH))
}

/** Half of an initial password, some 68 random bits: alone it opens nothing. */
export function randomHalf(): string {
  return randomText(HALF_LENGTH)
}

function randomText(length: number): string {
  const pick = (from: string) => from.charAt(randomInt(from.length))
  const all = classes.join('')
  const picked = classes.map(pick)
  while (picked.length < length) picked.push(pick(all))
  // Fisher-Yates, so that the first four places tell nothing.
  for (let last = picked.length - 1; last > 0; last -= 1) {
    const other = randomInt(last + 1)
    const held = picked[last] ?? ''
    picked[last] = picked[other] ?? ''
    picked[other] = held
  }
  return picked.join('')
}
