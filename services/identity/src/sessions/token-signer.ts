import { createPrivateKey, randomUUID, sign, type KeyObject } from 'node:crypto'
import { TOKEN_AUDIENCE, TOKEN_ISSUER, type AccessToken } from '@erp-steward/contracts/access-token'
import type { Act } from '@erp-steward/contracts/act'
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

/** The key that signs, as it lies in the database. */
export interface SealedKey {
  readonly id: string
  readonly sealed_private: string
}

/** Writes a token of the key that ends `seconds` after `now`. */
export type TokenWriter = (
  key: SealedKey,
  claims: TokenClaims,
  seconds: number,
  now: Date,
) => string

/** The key in force opened, and the first part of its tokens. */
interface OpenKey {
  readonly id: string
  readonly privateKey: KeyObject
  readonly header: string
}

/** Writes tokens (JWS, ES256, RFC 7515 and 7518) with keys that are opened once. */
export function createTokenWriter(seal: Seal): TokenWriter {
  let last: OpenKey | undefined

  const open = ({ id, sealed_private: sealed }: SealedKey): OpenKey => ({
    id,
    privateKey: createPrivateKey(seal.open(id, sealed)),
    header: part({ alg: 'ES256', typ: 'JWT', kid: id }),
  })

  return (key, claims, seconds, now) => {
    if (last?.id !== key.id) last = open(key)
    const iat = Math.floor(now.getTime() / 1_000)
    const whole: AccessToken = {
      ...claims,
      iss: TOKEN_ISSUER,
      aud: TOKEN_AUDIENCE,
      jti: randomUUID(),
      iat,
      exp: iat + seconds,
    }
    const signed = `${last.header}.${part(whole)}`
    const signature = sign('sha256', Buffer.from(signed), {
      key: last.privateKey,
      dsaEncoding: 'ieee-p1363',
    })
    return `${signed}.${signature.toString('base64url')}`
  }
}

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

/**
 * Signs with the key in force, which is asked for each time: a rotation anywhere holds at once everywhere. The first
 * token ever makes the first key.
 */
export function createTokenSigner(seal: Seal, write: TokenWriter): TokenSigner {
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

  return async (tx, claims, seconds, act) =>
    write(await keyInForce(tx, act), claims, seconds, act.now)
}
