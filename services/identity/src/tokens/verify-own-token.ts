import { createPublicKey } from 'node:crypto'
import { ACCESS_TOKEN_TYPE, AccessToken, TOKEN_AUDIENCE } from '@erp-steward/contracts/access-token'
import type { KeyFor } from '@erp-steward/service-kit/authentication'
import { jwtVerify } from 'jose'
import { Compile } from 'typebox/compile'

/** The claims of an access token of ours that has not run out, `null` for whatever else it is; it may have been revoked. */
export type VerifyOwnToken = (token: string) => Promise<AccessToken | null>

/** Verdicts remembered; an ES256 verification costs some 200 microseconds. */
const CACHED_VERDICTS = 10_000

const isAccessToken = Compile(AccessToken)

/** Verifies access tokens that come as a parameter, not as the caller's own: with our keys, whatever their header says. */
export function createOwnTokenCheck({
  keyFor,
  issuer,
  clock,
}: {
  readonly keyFor: KeyFor
  readonly issuer: string
  readonly clock: () => Date
}): VerifyOwnToken {
  const verdicts = new Map<string, { claims: AccessToken; kid: string; pem: string }>()

  async function verified(token: string): Promise<AccessToken | null> {
    const used = { kid: '', pem: '' }
    try {
      const { payload } = await jwtVerify(
        token,
        async ({ kid = '' }) => {
          const pem = await keyFor(kid)
          if (pem === undefined) throw new Error('no such key')
          Object.assign(used, { kid, pem })
          return createPublicKey(pem)
        },
        {
          algorithms: ['ES256'],
          typ: ACCESS_TOKEN_TYPE,
          issuer,
          audience: TOKEN_AUDIENCE,
          currentDate: clock(),
        },
      )
      if (!isAccessToken.Check(payload)) return null
      if (verdicts.size >= CACHED_VERDICTS) verdicts.delete(verdicts.keys().next().value ?? '')
      verdicts.set(token, { claims: payload, ...used })
      return payload
    } catch (error) {
      // Whatever is wrong with it, the answer is the same; a database that is away is no verdict.
      if (error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_'))
        return null
      if (error instanceof Error && error.message === 'no such key') return null
      throw error
    }
  }

  return async (token) => {
    const known = verdicts.get(token)
    if (known === undefined) return verified(token)
    const isAlive = known.claims.exp * 1_000 > clock().getTime()
    if (isAlive && (await keyFor(known.kid)) === known.pem) return known.claims
    verdicts.delete(token)
    return null
  }
}
