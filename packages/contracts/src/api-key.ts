/**
 * What an API key looks like: a name of its own that nothing is proved by, then two halves of 128 bits. Scanners of code
 * and logs find it by this pattern.
 */
export const API_KEY = /^erps_([a-z2-7]{10})_([\w-]{22})([\w-]{22})$/

/** What identity answers the gateway to a key that is good. */
export interface KeyExchange {
  /** An access token of the machine with the permissions of the key. */
  readonly accessToken: string
  /** Life of the token in seconds; it ends with the key. */
  readonly expiresIn: number
  /** The machine, and its revocation epoch. */
  readonly clientId: string
  readonly epoch: number
  /** From where the key may be used, CIDR. */
  readonly networks: readonly string[]
}
