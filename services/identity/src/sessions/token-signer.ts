import { createPrivateKey, randomUUID, sign, type KeyObject } from 'node:crypto'
import {
  ACCESS_TOKEN_TYPE,
  TOKEN_AUDIENCE,
  type AccessToken,
} from '@erp-steward/contracts/access-token'
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

/** Writes a signed token of the type with any payload. */
export type JwsWriter = (key: SealedKey, type: string, payload: object) => string

/** Writes tokens (JWS, ES256, RFC 7515 and 7518) with keys that are opened once. */
export function createJwsWriter(seal: Seal): JwsWriter {
  let last: { readonly id: string; readonly privateKey: KeyObject } | undefined
  const headers = new Map<string, string>()

  return ({ id, sealed_private: sealed }, type, payload) => {
    if (last?.id !== id) {
      last = { id, privateKey: createPrivateKey(seal.open(id, sealed)) }
      headers.clear()
    }
    const header = headers.get(type) ?? part({ alg: 'ES256', typ: type, kid: id })
    headers.set(type, header)
    const signed = `${header}.${part(payload)}`
    const signature = sign('sha256', Buffer.from(signed), {
      key: last.privateKey,
      dsaEncoding: 'ieee-p1363',
    })
    return `${signed}.${signature.toString('base64url')}`
  }
}

/** Writes access tokens of the issuer. */
export function createTokenWriter(writeJws: JwsWriter, issuer: string): TokenWriter {
  return (key, claims, seconds, now) => {
    const iat = Math.floor(now.getTime() / 1_000)
    const whole: AccessToken = {
      ...claims,
      iss: issuer,
      aud: TOKEN_AUDIENCE,
      jti: randomUUID(),
      iat,
      exp: iat + seconds,
    }
    return writeJws(key, ACCESS_TOKEN_TYPE, whole)
  }
}

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

/** The key that signs now, asked for each time: a rotation anywhere holds at once everywhere. */
export type KeyInForce = (tx: EntityManager, act: Act) => Promise<SealedKey>

/** The first token ever makes the first key. */
export function createKeyInForce(seal: Seal): KeyInForce {
  const read = (tx: EntityManager): Promise<SealedKey[]> =>
    tx.query('select id, sealed_private from signing_key where retired_at is null')

  return async (tx, act) => {
    const [key] = await read(tx)
    if (key !== undefined) return key
    await rotateSigningKey(tx, seal, 'first key', act)
    const [first] = await read(tx)
    if (first === undefined) throw new TypeError('no signing key is in force')
    return first
  }
}

/** Signs access tokens with the key in force. */
export function createTokenSigner(keyInForce: KeyInForce, write: TokenWriter): TokenSigner {
  return async (tx, claims, seconds, act) =>
    write(await keyInForce(tx, act), claims, seconds, act.now)
}
