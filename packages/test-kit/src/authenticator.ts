import { Secret, TOTP } from 'otpauth'

const PERIOD_MS = 30_000

/** An authenticator app with one secret (TOTP, RFC 6238): what a person holds in the hand. */
export class Authenticator {
  readonly #totp: TOTP
  #lastStep = -Infinity

  /** @param secret in base32, as it was answered */
  constructor(secret: string) {
    this.#totp = new TOTP({ secret: Secret.fromBase32(secret) })
  }

  /** The code at an instant. */
  code(at: Date): string {
    return this.#totp.generate({ timestamp: at.getTime() })
  }

  /**
   * A code that is taken at `now` and that this app has not given out yet: of the step before, of the present one or of the
   * next. `null` when all three were given out: it takes up to half a minute until there is another.
   */
  unusedCode(now: Date): string | null {
    const present = Math.floor(now.getTime() / PERIOD_MS)
    const step = Math.max(present - 1, this.#lastStep + 1)
    if (step > present + 1) return null
    this.#lastStep = step
    return this.code(new Date(step * PERIOD_MS))
  }
}
