import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { decodeJwt, errors, importJWK, jwtVerify, type JWTPayload } from 'jose'
import type { DataSource } from 'typeorm'
import type { PublicJwk } from '../clients/client-key.ts'
import { digestOf } from '../sessions/refresh-token.ts'

/** What a member `client_assertion_type` says. Source: RFC 7523, 2.2. */
export const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
/** Signatures that are taken, the key decides which. */
export const ASSERTION_ALGORITHMS = ['ES256', 'ES384', 'EdDSA', 'PS256', 'RS256']
/** How far ahead the end of an assertion may lie, in seconds: so long its `jti` is kept. */
const LONGEST_SECONDS = 300
/** How much the clock of a client may be ahead, in seconds. */
const CLOCK_SECONDS = 30

/** Which client an assertion says to be of, unverified; `undefined`: none. */
export function claimedClient(assertion: string): string | undefined {
  try {
    return decodeJwt(assertion).sub
  } catch {
    return undefined
  }
}

export interface AssertionCheck {
  readonly db: DataSource
  /** Whom it must be made for: the issuer, or the endpoint that it is sent to. */
  readonly audience: readonly string[]
  readonly clock: () => Date
}

/**
 * Whether the assertion is signed by a confirmed key of the client, made for us, short-lived and new.
 *
 * Source: RFC 7523, 3; OpenID Connect Core, 9 (`private_key_jwt`).
 */
export async function isOfClient(
  { db, audience, clock }: AssertionCheck,
  clientId: string,
  assertion: string,
): Promise<boolean> {
  const keys: { jwk: PublicJwk }[] = await db.query(
    `select jwk from client_key
      where client_id = $1 and confirmed_at is not null and ended_at is null order by thumbprint`,
    [clientId],
  )
  for (const { jwk } of keys) {
    const claims = await verified(jwk, assertion, { clientId, audience, now: clock() })
    if (claims !== null) return isFirst(db, clientId, claims, clock())
  }
  return false
}

async function verified(
  jwk: PublicJwk,
  assertion: string,
  { clientId, audience, now }: { clientId: string; audience: readonly string[]; now: Date },
): Promise<JWTPayload | null> {
  try {
    const { payload } = await jwtVerify(assertion, async ({ alg }) => importJWK({ ...jwk }, alg), {
      algorithms: ASSERTION_ALGORITHMS,
      audience: [...audience],
      issuer: clientId,
      subject: clientId,
      requiredClaims: ['exp', 'jti'],
      clockTolerance: CLOCK_SECONDS,
      currentDate: now,
    })
    return payload
  } catch (error) {
    // A key of another kind than the signature fails in the import: no less a refusal.
    if (error instanceof errors.JOSEError || error instanceof TypeError) return null
    if (error instanceof DOMException) return null
    throw error
  }
}

/** The row decides, so that of two who present it at once one is refused. */
async function isFirst(
  db: DataSource,
  clientId: string,
  { jti, exp }: JWTPayload,
  now: Date,
): Promise<boolean> {
  if (typeof jti !== 'string' || jti.length > 255 || exp === undefined) return false
  const end = new Date((exp + CLOCK_SECONDS) * 1_000)
  if (end.getTime() - now.getTime() > (LONGEST_SECONDS + 2 * CLOCK_SECONDS) * 1_000)
    throw new Problem(
      'client-refused',
      said(
        `An assertion ends at most ${String(LONGEST_SECONDS)} seconds ahead.`,
        `断言的有效期最长 ${String(LONGEST_SECONDS)} 秒。`,
      ),
    )
  const first: unknown[] = await db.query(
    `insert into client_assertion (client_id, jti_digest, expires_at) values ($1, $2, $3)
     on conflict do nothing returning client_id`,
    [clientId, digestOf(jti), end],
  )
  return first.length === 1
}
