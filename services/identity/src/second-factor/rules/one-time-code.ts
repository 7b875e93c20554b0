import { Secret, TOTP } from 'otpauth'

/** Seconds that a code lasts, its digits and the bits of a secret: what every authenticator app can. Source: RFC 6238, 5.2; RFC 4226, 4. */
const PERIOD_SECONDS = 30
const DIGITS = 6
const SECRET_BYTES = 20
/** Steps of the clock before and after the present one whose codes are taken: clocks differ, and people type slowly. */
const WINDOW = 1

const FORM = new RegExp(`^\\d{${String(DIGITS)}}$`)

/** Whether it is typed as a code of an authenticator app is; anything else is taken for a recovery code. */
export function isOneTimeCode(typed: string): boolean {
  return FORM.test(typed)
}

/** A new secret in base32. */
export function newSecret(): string {
  return new Secret({ size: SECRET_BYTES }).base32
}

/** What an authenticator app reads: `otpauth://totp/…`, usually from a picture of it. */
export function enrolmentUri(secret: string, userName: string): string {
  return totp(secret, userName).toString()
}

/** The step of the clock whose code of the secret was typed; `null` when it is none of those that are taken now. */
export function matchedStep(secret: string, typed: string, now: Date): number | null {
  if (!isOneTimeCode(typed)) return null
  const timestamp = now.getTime()
  const delta = totp(secret).validate({ token: typed, timestamp, window: WINDOW })
  return delta === null ? null : Math.floor(timestamp / 1_000 / PERIOD_SECONDS) + delta
}

function totp(secret: string, label = ''): TOTP {
  return new TOTP({
    issuer: 'ERP Steward',
    label,
    algorithm: 'SHA1',
    digits: DIGITS,
    period: PERIOD_SECONDS,
    secret: Secret.fromBase32(secret),
  })
}
