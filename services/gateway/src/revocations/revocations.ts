import { REVOCATION_KEPT_SECONDS } from '@erp-steward/contracts/access-token'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { sessionEndText } from '@erp-steward/contracts/session-end'

/** What a token says about its holder that can be revoked. */
export interface TokenHolder {
  readonly actor: string
  readonly sessionId: string | null
  readonly epoch: number
}

/**
 * What has been revoked, in memory: asked on every request, told by events and by snapshots of identity.
 *
 * An entry is forgotten after `REVOCATION_KEPT_SECONDS`, when every token it concerns has expired by itself. Instants
 * are milliseconds since 1970.
 */
export class Revocations {
  readonly #epochs = new Map<string, { epoch: number; toldAt: number }>()
  readonly #sessions = new Map<string, { reason: string | undefined; toldAt: number }>()
  readonly #maxAgeMs: number
  #confirmedAt = -Infinity

  /** `maxAgeSeconds`: how long the last snapshot is trusted while identity cannot be reached. */
  constructor(maxAgeSeconds: number) {
    this.#maxAgeMs = maxAgeSeconds * 1_000
  }

  /** Tokens of the account or client with a smaller epoch are void; an epoch never goes back. */
  revoke(accountId: string, epoch: number, now: number): void {
    const known = this.#epochs.get(accountId)?.epoch ?? 0
    this.#epochs.set(accountId, { epoch: Math.max(known, epoch), toldAt: now })
  }

  /** `reason`: one of `sessionEnds`, for whoever holds a token of the session. */
  endSession(sessionId: string, reason: string | undefined, now: number): void {
    this.#sessions.set(sessionId, { reason, toldAt: now })
  }

  /** A snapshot that was asked for at `askedAt` has been read in whole. */
  confirm(askedAt: number): void {
    this.#confirmedAt = askedAt
  }

  /** Whether identity has been heard within the bound. */
  isFresh(now: number): boolean {
    return now - this.#confirmedAt <= this.#maxAgeMs
  }

  /** Forgets what concerns no living token any more. */
  prune(now: number): void {
    const until = now - REVOCATION_KEPT_SECONDS * 1_000
    for (const [id, { toldAt }] of this.#epochs) if (toldAt < until) this.#epochs.delete(id)
    for (const [id, { toldAt }] of this.#sessions) if (toldAt < until) this.#sessions.delete(id)
  }

  get size(): number {
    return this.#epochs.size + this.#sessions.size
  }

  /** Why the token lets nobody in now: `token-revoked`, or `unavailable` when what is known is too old; `null`: it does. */
  objectionTo({ actor, sessionId, epoch }: TokenHolder, now: number): Problem | null {
    if (epoch < (this.#epochs.get(actor)?.epoch ?? 0))
      return new Problem(
        'token-revoked',
        said(
          'The account was revoked after the token was issued.',
          '该账号在令牌签发之后已被撤销。',
        ),
      )
    const ended = sessionId === null ? undefined : this.#sessions.get(sessionId)
    if (ended !== undefined) return new Problem('token-revoked', sessionEndText(ended.reason))
    if (!this.isFresh(now))
      return new Problem(
        'unavailable',
        said('Whether the token is revoked cannot be known now.', '目前无法确认令牌是否已被撤销。'),
        { retryAfterSeconds: 5 },
      )
    return null
  }
}
