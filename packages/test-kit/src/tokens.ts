import { generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import {
  ACCESS_TOKEN_TYPE,
  DEFAULT_ISSUER,
  TOKEN_AUDIENCE,
  type AccessToken,
} from '@erp-steward/contracts/access-token'
import { permissionsOf, type Role } from '@erp-steward/contracts/permissions'

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const PUBLIC_PEM = publicKey.export({ type: 'spki', format: 'pem' }).toString()
const KEY_ID = 'test-key'

/** The key set that knows the test key. */
export function testKeys(kid: string): string | undefined {
  return kid === KEY_ID ? PUBLIC_PEM : undefined
}

export interface TestCaller extends Partial<AccessToken> {
  readonly roles: Role[]
}

/**
 * A valid access token with the permissions of the roles; any claim can be overridden, to make it invalid too.
 *
 * Company-wide and without a person unless said otherwise; lives 5 minutes of real time.
 */
export function testToken(
  { roles, ...claims }: TestCaller,
  header: Record<string, unknown> = {},
): string {
  const iat = Math.floor(Date.now() / 1_000)
  return signToken(
    {
      iss: DEFAULT_ISSUER,
      aud: TOKEN_AUDIENCE,
      sub: randomUUID(),
      jti: randomUUID(),
      iat,
      exp: iat + 300,
      kind: 'person',
      sid: randomUUID(),
      epoch: 0,
      person: null,
      unit: null,
      range: 'company',
      roles,
      permissions: permissionsOf(roles),
      coolingUntil: null,
      controllers: [],
      ...claims,
    },
    header,
  )
}

/** Signs any claims with the test key, or leaves them unsigned with `alg: none` in the header. */
export function signToken(claims: object, header: Record<string, unknown> = {}): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const made = { alg: 'ES256', typ: ACCESS_TOKEN_TYPE, kid: KEY_ID, ...header }
  const signed = `${part(made)}.${part(claims)}`
  if (header.alg === 'none') return `${signed}.`
  const signature = sign('sha256', Buffer.from(signed), {
    key: privateKey,
    dsaEncoding: 'ieee-p1363',
  })
  return `${signed}.${signature.toString('base64url')}`
}

/** An `Authorization` header for a caller with the roles. */
export function bearer(caller: TestCaller): { authorization: string } {
  return { authorization: `Bearer ${testToken(caller)}` }
}

/** Seconds since 1970 in 2100: outlives every clock that a test moves. */
const FAR = 4_102_444_800

/** The headers that say who calls. */
export type Caller = Readonly<Record<string, string>>

/** As `bearer`, with a token that is good whatever time the test moves to. */
export function caller(claims: TestCaller): { authorization: string } {
  return bearer({ exp: FAR, ...claims })
}
