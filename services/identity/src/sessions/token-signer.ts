import { randomUUID } from 'node:crypto'
import { TOKEN_AUDIENCE, TOKEN_ISSUER, type AccessToken } from '@erp-steward/contracts/access-token'
import type { Act } from '@erp-steward/contracts/act'
import type { App } from '@erp-steward/service-kit/app'
import type { Seal } from '@erp-steward/service-kit/seal'
import type { EntityManager } from 'typeorm'
import { rotateSigningKey } from './rotate-signing-key.ts'

/** What the caller knows of a token; the rest is the same for all. */
export type TokenClaims = Omit<AccessToken, 'iss' | 'aud' | 'jti' | 'iat' | 'exp'>

/** Signs an access token that ends `seconds` after `act.now`. */
export type TokenSigner = (
  tx: EntityManager,
  claims: TokenClaims,
  seconds: number,
  act: Act,
) => Promise<string>

interface SealedKey {
  readonly id: string
  readonly sealed_private: string
}

/**
 * Signs with the key in force, which is asked for each time: a rotation anywhere holds at once everywhere. The first
 * token ever makes the first key.
 */
export function createTokenSigner(app: App, seal: Seal): TokenSigner {
  const unsealed = new Map<string, string>()

  async function keyInForce(tx: EntityManager, act: Act): Promise<SealedKey> {
    const read = (): Promise<SealedKey[]> =>
      tx.query('select id, sealed_private from signing_key where retired_at is null')
    const [key] = await read()
    if (key !== undefined) return key
    await rotateSigningKey(tx, seal, 'first key', act)
    const [first] = await read()
    if (first === undefined) throw new TypeError('no signing key is in force')
    return first
  }

  return async (tx, claims, seconds, act) => {
    const { id, sealed_private: sealed } = await keyInForce(tx, act)
    let pem = unsealed.get(id)
    if (pem === undefined) {
      pem = seal.open(id, sealed)
      unsealed.clear()
      unsealed.set(id, pem)
    }
    const iat = Math.floor(act.now.getTime() / 1_000)
    return app.jwt.sign(
      {
        ...claims,
        iss: TOKEN_ISSUER,
        aud: TOKEN_AUDIENCE,
        jti: randomUUID(),
        iat,
        exp: iat + seconds,
      },
      { algorithm: 'ES256', kid: id, key: pem },
    )
  }
}
