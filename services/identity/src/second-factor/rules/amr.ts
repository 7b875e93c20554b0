import type { Factor } from '../factor-guard.ts'

/**
 * What a session says of how its owner proved who he is, after a second factor was proved, too. A code of the app is `otp`; a
 * recovery code has no word of its own and is no `otp`, but the two together are more than one thing (`mfa`).
 *
 * Source: RFC 8176, 2.
 */
export function amrWith(amr: readonly string[], factor: Factor): string[] {
  return [...new Set([...amr, ...(factor === 'totp' ? ['otp'] : []), 'mfa'])]
}

/** How sure a sign-in is: one password, or more than one thing. Source: OpenID Connect Core, 2; NIST SP 800-63B. */
export function acrOf(amr: readonly string[]): 'aal1' | 'aal2' {
  return amr.includes('mfa') ? 'aal2' : 'aal1'
}
