import { setTimeout as sleep } from 'node:timers/promises'
import { Secret, TOTP } from 'otpauth'

const PERIOD_MS = 30_000

/** An authenticator app with one secret (TOTP, RFC 6238): what a person holds in the hand. */
export class Authenticator {
  readonly secret: string
  readonly #totp: TOTP
  #lastStep = -Infinity

  /** @param secret in base32, as it was answered */
  constructor(secret: string) {
    this.secret = secret
    this.#totp = new TOTP({ secret: Secret.fromBase32(secret) })
  }

  /** The code at an instant. */
  code(at: Date): string {
    return this.#totp.generate({ timestamp: at.getTime() })
  }

  /**
   * A code that this app has not given out yet and that is taken at `now` and for half a minute more: of the present step or
   * of the next. `null` when both were given out: it takes up to half a minute until there is another.
   */
  unusedCode(now: Date): string | null {
    const present = Math.floor(now.getTime() / PERIOD_MS)
    const step = Math.max(present, this.#lastStep + 1)
    if (step > present + 1) return null
    this.#lastStep = step
    return this.code(new Date(step * PERIOD_MS))
  }

  /** As `unusedCode` by the clock of this machine, as soon as there is one. */
  async next(): Promise<string> {
    for (;;) {
      const code = this.unusedCode(new Date())
      if (code !== null) return code
      await sleep(500)
    }
  }
}
