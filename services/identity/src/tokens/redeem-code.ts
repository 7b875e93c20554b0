import { createHash } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import type { DataSource } from 'typeorm'
import { endSession } from '../sessions/end-session.ts'
import { lockSession, nextTokens } from '../sessions/refresh-session.ts'
import { digestOf } from '../sessions/refresh-token.ts'
import type { SessionTokens } from '../sessions/session-tokens.ts'
import type { TokenSigner } from '../sessions/token-signer.ts'
import { AuthorizationCodeEntity, type AuthorizationCode } from './authorization-code.ts'
import type { SignIdToken } from './id-token.ts'
import { scopesOf } from './rules/scope.ts'

export interface Redemption {
  readonly code: string
  /** The front end that asks, which has proved who it is as far as it can. */
  readonly clientId: string
  readonly redirectUri: string
  /** What the challenge was made of (PKCE). */
  readonly verifier: string
}

export interface Redeemed {
  readonly tokens: SessionTokens
  /** `null` where the front end did not ask for `openid`. */
  readonly idToken: string | null
  readonly scope: string | null
}

/**
 * Exchanges a code for the first tokens of its session.
 *
 * A code is good once. Whoever presents it again, or without what belongs to it, is not alone with it: the session ends, and
 * with it all that the code gave. Answers `null` whatever the reason.
 *
 * Source: RFC 6749, 4.1.2; RFC 7636, 4.6; RFC 9700, 2.1.1.
 */
export function redeemCode(
  db: DataSource,
  sign: TokenSigner,
  signIdToken: SignIdToken,
  redemption: Redemption,
  act: Act,
): Promise<Redeemed | null> {
  return db.transaction(async (tx) => {
    const code = await tx.findOne(AuthorizationCodeEntity, {
      where: { digest: digestOf(redemption.code) },
      // Of two who present it at once the second sees that it was used.
      lock: { mode: 'pessimistic_write' },
    })
    const session = code === null ? null : await lockSession(tx, code.sessionId)
    if (code === null || session?.clientId !== redemption.clientId) return null
    const actor = { ...act, actor: session.accountId }
    if (!isRightly(code, redemption)) {
      await endSession(tx, session.id, 'code-reused', actor)
      return null
    }
    if (code.expiresAt <= act.now) return null
    await tx.update(AuthorizationCodeEntity, { digest: code.digest }, { usedAt: act.now })
    const tokens = await nextTokens(tx, sign, session, actor)
    if (tokens === null) return null
    const isAsked = scopesOf(session.scope ?? '').includes('openid')
    return {
      tokens,
      scope: session.scope,
      idToken: isAsked ? await signIdToken(tx, session, code.nonce, actor) : null,
    }
  })
}

/** Whether a code is presented for the first time, with the address that it was sent to and the verifier. */
function isRightly(
  { usedAt, redirectUri, challenge }: AuthorizationCode,
  redemption: Redemption,
): boolean {
  const made = createHash('sha256').update(redemption.verifier).digest('base64url')
  return usedAt === null && redirectUri === redemption.redirectUri && challenge === made
}
