import { digestOf } from '../sessions/refresh-token.ts'
import type { Credential } from './credential.ts'
import { HALF_LENGTH } from './random-password.ts'

/** What of a password of two halves is hashed: the first half is kept as a digest only, until the second is made. */
export const joinedHalves = (firstDigest: Buffer, second: string) =>
  `${firstDigest.toString('hex')}-${second}`

/** The text that the credential's hash was made of, if `password` is the right one. */
export function comparable(
  credential: Pick<Credential, 'halved'> | null,
  password: string,
): string {
  if (credential?.halved !== true || password[HALF_LENGTH] !== '-') return password
  return joinedHalves(digestOf(password.slice(0, HALF_LENGTH)), password.slice(HALF_LENGTH + 1))
}
