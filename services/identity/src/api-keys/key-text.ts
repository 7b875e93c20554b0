import { randomBytes, randomInt } from 'node:crypto'
import { API_KEY } from '@erp-steward/contracts/api-key'

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567'
const MARK_LENGTH = 10

/** A new mark: 50 bits, that no two keys share; it opens nothing. */
export function newMark(): string {
  return Array.from({ length: MARK_LENGTH }, () => BASE32.charAt(randomInt(BASE32.length))).join('')
}

/** A new half of a key: 128 bits, which nobody guesses even with the other one in hand. */
export function newHalf(): string {
  return randomBytes(16).toString('base64url')
}

/** What the first hand is shown: the second half follows it without a break. */
export function beginningOf(mark: string, firstHalf: string): string {
  return `erps_${mark}_${firstHalf}`
}

/** @returns `null` for text that is no key */
export function partsOfKey(
  key: string,
): { readonly mark: string; readonly first: string; readonly second: string } | null {
  const [, mark, first, second] = API_KEY.exec(key) ?? []
  return mark === undefined || first === undefined || second === undefined
    ? null
    : { mark, first, second }
}
