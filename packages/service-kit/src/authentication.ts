import { createPublicKey, timingSafeEqual, type JsonWebKey } from 'node:crypto'
import {
  ACCESS_TOKEN_TYPE,
  AccessToken,
  DEFAULT_ISSUER,
  TOKEN_AUDIENCE,
} from '@erp-steward/contracts/access-token'
import type { Act } from '@erp-steward/contracts/act'
import { said, type Bilingual } from '@erp-steward/contracts/bilingual'
import { permissions, type Permission } from '@erp-steward/contracts/permissions'
import { Problem } from '@erp-steward/contracts/problem'
import fastifyJwt from '@fastify/jwt'
import type { FastifyRequest } from 'fastify'
import { Compile } from 'typebox/compile'
import type { App } from './app.ts'

/** Who calls, as the verified token says. */
export interface Principal {
  /** Account or client id. */
  readonly actor: string
  readonly kind: 'person' | 'client'
  readonly personId: string | null
  readonly sessionId: string | null
  readonly unitId: string | null
  readonly range: 'company' | 'unit'
  readonly roles: readonly string[]
  readonly permissions: ReadonlySet<string>
  /** People who can act through the client; empty for people. */
  readonly controllers: readonly string[]
  /** End of the cooling time in milliseconds since 1970, before which the caller may not approve; `null`: none. */
  readonly coolingUntil: number | null
  /** Until when the second factor is fresh enough for a decision, in milliseconds since 1970; `null`: none is asked for. */
  readonly secondFactorUntil: number | null
  readonly epoch: number
  /** The certificate that the token is bound to, by its SHA-256; absent: to none. */
  readonly certificate?: string
  /** When the token was issued, in milliseconds since 1970. */
  readonly issuedAt: number
  /** End of the token's life in milliseconds since 1970. */
  readonly expiresAt: number
}

declare module 'fastify' {
  interface FastifyRequest {
    principal: Principal | null
  }
}

/** Public key (PEM) for a key id, at once when it is at hand; `undefined` when nobody knows it. */
export type KeyFor = (kid: string) => string | undefined | Promise<string | undefined>

export interface TokenKeys {
  readonly keyFor: KeyFor
  /** Whose tokens are taken; default: `DEFAULT_ISSUER`. */
  readonly issuer?: string
  readonly clock: () => Date
}

export interface TokenVerifier extends TokenKeys {
  /** Shared secret between processes of the product; `null` when the app has no internal operation. */
  readonly internalToken: string | null
}

/** Verdicts remembered; an ES256 verification costs some 220 microseconds, a look-up below one. */
const CACHED_VERDICTS = 10_000

const BEARER = /^Bearer [\w.~+/=-]+$/i

const isAccessToken = Compile(AccessToken)

/** What has been verified of a token, and the key it was verified with. */
interface Verdict {
  readonly principal: Principal
  readonly kid: string
  readonly key: string
}

export interface TokenCheck {
  /**
   * Who calls; the signature is checked unless that is remembered.
   *
   * The answer is rejected with a Problem `unauthenticated` that does not say what was wrong with the signature.
   */
  readonly verify: (request: FastifyRequest) => Promise<Principal>
  /** Who calls with this `Authorization` header, if its token was verified before and is still good. */
  readonly remembered: (authorization: string | undefined) => Principal | undefined
}

/**
 * Makes the app able to verify bearer tokens: ES256, our issuer and audience, made to be access tokens.
 *
 * A verdict is remembered for the whole header, every character of it, until the token ends or the key it was verified
 * with is withdrawn or changed. Whether the token has been revoked since is for the caller to ask.
 */
export async function createTokenCheck(
  app: App,
  { keyFor, clock, issuer = DEFAULT_ISSUER }: TokenKeys,
): Promise<TokenCheck> {
  const verdicts = new Map<string, Verdict>()
  const keyUsed = new WeakMap<FastifyRequest, Pick<Verdict, 'kid' | 'key'>>()
  app.decorateRequest('principal', null)
  await app.register(fastifyJwt, {
    secret: async (request: FastifyRequest, token: unknown) => {
      const kid = (token as { header?: { kid?: unknown } }).header?.kid
      const key = typeof kid === 'string' ? await keyFor(kid) : undefined
      if (typeof kid !== 'string' || key === undefined)
        throw new Problem(
          'unauthenticated',
          said('The token names no known key.', '令牌所指的密钥未知。'),
        )
      keyUsed.set(request, { kid, key })
      return key
    },
    decode: { complete: true },
    verify: {
      algorithms: ['ES256'],
      allowedIss: issuer,
      allowedAud: TOKEN_AUDIENCE,
      checkTyp: ACCESS_TOKEN_TYPE,
      requiredClaims: ['exp', 'iat', 'sub'],
    },
  })

  const alive = (authorization: string): Verdict | undefined => {
    const verdict = verdicts.get(authorization)
    if (verdict === undefined || verdict.principal.expiresAt > clock().getTime()) return verdict
    verdicts.delete(authorization)
    return undefined
  }

  const remembered = (authorization: string | undefined): Principal | undefined => {
    if (authorization === undefined) return undefined
    const verdict = alive(authorization)
    // A key that must be read first comes as a promise, which is no key that anything was verified with.
    return verdict !== undefined && keyFor(verdict.kid) === verdict.key
      ? verdict.principal
      : undefined
  }

  const verify = async (request: FastifyRequest): Promise<Principal> => {
    const authorization = request.headers.authorization ?? ''
    if (!BEARER.test(authorization))
      throw new Problem('unauthenticated', said('Send a bearer token.', '请发送 Bearer 令牌。'))
    const verdict = alive(authorization)
    if (verdict !== undefined && (await keyFor(verdict.kid)) === verdict.key)
      return verdict.principal
    const claims = await verifiedClaims(request)
    const used = keyUsed.get(request)
    if (used === undefined || claims.exp * 1_000 <= clock().getTime())
      throw new Problem('unauthenticated', said('The token has expired.', '令牌已过期。'))
    const principal = principalFrom(claims)
    if (verdicts.size >= CACHED_VERDICTS) {
      const oldest = verdicts.keys().next().value
      if (oldest !== undefined) verdicts.delete(oldest)
    }
    verdicts.set(authorization, { principal, ...used })
    return principal
  }
  return { verify, remembered }
}
/**
 * Verifies the bearer token of every operation that needs one and checks its permission; who is in the cooling time
 * after a password of another's issue is kept from operations that approve, and who has to prove a second factor for them
 * and has not lately.
 */
export async function authenticate(app: App, verifier: TokenVerifier): Promise<void> {
  const { internalToken, clock } = verifier
  const { verify } = await createTokenCheck(app, verifier)

  app.addHook('onRequest', async (request) => {
    const { access, approves = false } = request.routeOptions.config
    if (access === undefined || access === 'public') return
    if (access === 'internal') {
      if (!matchesSecret(request.headers.authorization, internalToken))
        throw new Problem(
          'unauthenticated',
          said('This operation is for processes of the product.', '此操作仅供本产品内部进程使用。'),
        )
      return
    }
    request.principal = await verify(request)
    if (access !== 'signed-in') assertPermitted(request.principal, access)
    const { coolingUntil } = request.principal
    if (approves && coolingUntil !== null && clock().getTime() < coolingUntil)
      throw new Problem(
        'approval-cooling',
        said('Your password was issued by others a short time ago.', '您的密码不久前由他人签发。'),
        {
          coolingUntil: new Date(coolingUntil).toISOString(),
        },
      )
    if (approves) assertFresh(request.principal, clock())
  })
}

/**
 * Refuses a decision by who must have a second factor and has not proved it lately.
 *
 * @throws Problem `second-factor-stale`
 */
function assertFresh({ secondFactorUntil }: Principal, now: Date): void {
  if (secondFactorUntil !== null && secondFactorUntil <= now.getTime())
    throw new Problem(
      'second-factor-stale',
      said(
        'It is too long ago that a code was typed for this session.',
        '本会话最近一次输入验证码的时间已过久。',
      ),
    )
}

/** @throws Problem `permission-missing` */
export function assertPermitted(principal: Principal, permission: Permission): void {
  if (!principal.permissions.has(permission))
    throw new Problem('permission-missing', whyNot(principal, permission), {
      permission,
      roles: [...permissions[permission]],
    })
}

/** Whether a session may do one thing only, before which it may do nothing else. */
export function isLimitedTo(
  { permissions: held, roles }: Pick<Principal, 'permissions' | 'roles'>,
  permission: Permission,
): boolean {
  return held.size === 1 && held.has(permission) && roles.length === 0
}

/** A session that may do one thing only is told what. */
function whyNot(principal: Principal, needed: Permission): Bilingual {
  if (isLimitedTo(principal, 'password.change'))
    return said(
      'Choose your own password first: PUT /v1/accounts/me/password. Then refresh the token: POST /v1/tokens/refresh.',
      '请先设置您自己的密码：PUT /v1/accounts/me/password，然后刷新令牌：POST /v1/tokens/refresh。',
    )
  return isLimitedTo(principal, 'second-factor.manage')
    ? said(
        'Set up your second factor first: POST /v1/accounts/me/second-factor, then its first code to …/confirm. Then refresh the token: POST /v1/tokens/refresh.',
        '请先设置您的第二验证因素：POST /v1/accounts/me/second-factor，再将首个验证码发送到 …/confirm，然后刷新令牌：POST /v1/tokens/refresh。',
      )
    : said(`This operation needs the permission ${needed}.`, `此操作需要权限 ${needed}。`)
}

function principalFrom(claims: AccessToken): Principal {
  return {
    actor: claims.sub,
    kind: claims.kind,
    personId: claims.person,
    sessionId: claims.sid,
    unitId: claims.unit,
    range: claims.range,
    roles: claims.roles,
    permissions: new Set(claims.permissions),
    controllers: claims.controllers,
    coolingUntil: claims.coolingUntil === null ? null : claims.coolingUntil * 1_000,
    secondFactorUntil:
      typeof claims.secondFactorUntil === 'number' ? claims.secondFactorUntil * 1_000 : null,
    epoch: claims.epoch,
    ...(claims.cnf !== undefined && { certificate: claims.cnf['x5t#S256'] }),
    issuedAt: claims.iat * 1_000,
    expiresAt: claims.exp * 1_000,
  }
}

async function verifiedClaims(request: FastifyRequest): Promise<AccessToken> {
  let decoded: unknown
  try {
    decoded = await request.jwtVerify()
  } catch (error) {
    if (error instanceof Problem) throw error
    const { statusCode, code } = error as { statusCode?: number; code?: string }
    // What fast-jwt refuses before it looks at the signature comes with its own code and no status.
    if (statusCode === 401 || code?.startsWith('FAST_JWT_') === true)
      throw new Problem('unauthenticated', said('The token is not valid.', '令牌无效。'))
    throw error
  }
  const payload = (decoded as { payload?: unknown }).payload ?? decoded
  if (!isAccessToken.Check(payload))
    throw new Problem(
      'unauthenticated',
      said('The token lacks claims of an access token.', '令牌缺少访问令牌应有的声明。'),
    )
  return payload
}

function matchesSecret(header: string | undefined, secret: string | null): boolean {
  if (secret === null || header === undefined) return false
  const sent = Buffer.from(header)
  const wanted = Buffer.from(`Bearer ${secret}`)
  return sent.length === wanted.length && timingSafeEqual(sent, wanted)
}

/** @throws Problem `unauthenticated` where an operation without a token asks for the caller */
export function principalOf(request: FastifyRequest): Principal {
  if (request.principal === null)
    throw new Problem('unauthenticated', said('Send a bearer token.', '请发送 Bearer 令牌。'))
  return request.principal
}

/** The caller's act at `now`; the acting role is the one that carries the operation's permission. */
export function actOf(request: FastifyRequest, now: Date): Act {
  const { access } = request.routeOptions.config
  const principal = request.principal
  if (principal === null)
    return {
      actor: 'anonymous',
      personId: null,
      controllers: [],
      role: 'NONE',
      unitId: null,
      requestId: request.id,
      traceparent: request.traceparent,
      now,
    }
  const carrying: readonly string[] =
    access !== undefined && access in permissions ? permissions[access as Permission] : []
  return {
    actor: principal.actor,
    personId: principal.personId,
    controllers: principal.controllers,
    role: principal.roles.find((role) => carrying.includes(role)) ?? principal.roles[0] ?? 'NONE',
    unitId: principal.unitId,
    requestId: request.id,
    traceparent: request.traceparent,
    now,
  }
}

/**
 * Refuses a caller whose range does not reach the unit; `null` is the company as a whole.
 *
 * @throws Problem `outside-unit`
 */
export function assertReaches(request: FastifyRequest, unitId: string | null): void {
  const { range, unitId: own } = principalOf(request)
  if (range !== 'company' && (unitId === null || own !== unitId))
    throw new Problem('outside-unit', said('Your range is your own unit.', '您的范围仅限本单位。'))
}

/**
 * The unit that a list is cut to, `null` for a caller who sees every unit.
 *
 * @throws Problem `outside-unit` if the range is the caller's own unit and the caller has none
 */
export function unitInRange(request: FastifyRequest): string | null {
  const { range, unitId } = principalOf(request)
  if (range === 'company') return null
  if (unitId === null)
    throw new Problem('outside-unit', said('Your range is your own unit.', '您的范围仅限本单位。'))
  return unitId
}

/**
 * Public keys of identity, read from its JWKS and kept.
 *
 * An unknown key id reads it again, at most once per `retryMs` while identity answers. Keys older than `maxAgeMs` are read again behind the
 * requests that go on with them, so that a withdrawn key is forgotten; while identity is away they stay.
 */
export function createKeySet(jwksUrl: string, retryMs = 2_000, maxAgeMs = 60_000): KeyFor {
  let keys = new Map<string, string>()
  let readAt = -Infinity
  let triedAt = -Infinity
  let reading: Promise<void> | undefined

  async function read() {
    triedAt = performance.now()
    const response = await fetch(jwksUrl, { signal: AbortSignal.timeout(3_000) })
    if (!response.ok) throw new Error(`${jwksUrl} answered ${String(response.status)}`)
    const { keys: listed } = (await response.json()) as { keys: (JsonWebKey & { kid: string })[] }
    keys = new Map(
      listed.map((jwk) => [
        jwk.kid,
        createPublicKey({ key: jwk, format: 'jwk' })
          .export({ type: 'spki', format: 'pem' })
          .toString(),
      ]),
    )
    readAt = performance.now()
  }

  function readOnce() {
    reading ??= read().finally(() => {
      reading = undefined
    })
    return reading
  }

  async function afterReading(kid: string): Promise<string | undefined> {
    try {
      await readOnce()
    } catch (error) {
      throw new Problem(
        'unavailable',
        said('The keys of identity cannot be read.', '无法读取身份服务的密钥。'),
        { retryAfterSeconds: 2, cause: error instanceof Error ? error.name : 'Error' },
      )
    }
    return keys.get(kid)
  }

  return (kid) => {
    const now = performance.now()
    const key = keys.get(kid)
    if (key === undefined) return now - readAt > retryMs ? afterReading(kid) : undefined
    if (now - readAt > maxAgeMs && now - triedAt > retryMs) readOnce().catch(() => undefined)
    return key
  }
}
