import type { Socket } from 'node:net'
import { LONGEST_TOKEN_LIFE_SECONDS } from '@erp-steward/contracts/access-token'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { publicOperations } from '@erp-steward/contracts/services'
import type { Principal, TokenCheck } from '@erp-steward/service-kit/authentication'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { GatewayConfig } from '../config.ts'
import { sentKey, type ApiKeys } from '../keys/api-keys.ts'
import { createLimiter, type Limiter } from '../limits/limiter.ts'
import { addressKey } from '../limits/rules/address-key.ts'
import { rateHeaders } from '../limits/rules/rate.ts'
import type { Revocations } from '../revocations/revocations.ts'
import { certificateOf } from './client-certificate.ts'
import type { Guard } from './guard.ts'

/** Lets a request through to `path`, or throws why not. */
export type Admit = (request: FastifyRequest, reply: FastifyReply, path: string) => Promise<void>

export interface Door {
  readonly admit: Admit
  /** Counts a request that needs no token against its address. */
  readonly countAddress: (request: FastifyRequest, reply: FastifyReply) => void
  /**
   * Lets a request to `path` through that gives nobody anything to do: its token was verified before and is still good,
   * and its caller has quota left, which is counted. `null` for every other one, and then nothing is counted.
   */
  readonly recognise: (
    method: string,
    path: string,
    authorization: string | undefined,
    from: { readonly address: string; readonly socket: Socket },
  ) => Recognised | null
}

export interface Recognised {
  readonly principal: Principal
  /** What the service is shown: the token, also where an API key was sent. */
  readonly authorization: string
  /** Headers of the answer that tell of the quota: names and values in turn. */
  readonly rate: readonly string[]
}

export interface DoorParts {
  readonly config: GatewayConfig
  readonly guard: Guard
  readonly tokens: TokenCheck
  readonly keys: ApiKeys
  readonly revocations: Revocations
  readonly clock: () => Date
}

/** Operations that start a session or cost a password hash: a smaller quota per address. */
const SIGN_IN = new Set(['POST /v1/sessions', 'POST /v1/authorizations', 'POST /v1/tokens'])
/** Operations that machines call all the time. */
const METRICS = new Set(['POST /v1/metrics/write'])

const open = new Set(publicOperations)
const openPaths = new Set(publicOperations.map((operation) => operation.split(' ')[1]))

/**
 * The check at the door: a token that is genuine, alive and not revoked, and a quota not used up.
 *
 * An API key is exchanged for a token of its machine first. Callers with a token are counted by it. Requests without a
 * valid token are counted by their address, so that forged tokens end in 429 while the neighbours behind the same address
 * go on.
 */
export function createDoor({ config, guard, tokens, keys, revocations, clock }: DoorParts): Door {
  const limiter = (name: string, quota: number) => createLimiter({ name, quota, windowSeconds: 60 })
  const ofCaller = limiter('caller', config.RATE_LIMIT_CALLER)
  const ofAddress = limiter('address', config.RATE_LIMIT_ADDRESS)
  const ofSignIn = limiter('sign-in', config.RATE_LIMIT_SIGN_IN)
  const ofMetrics = limiter('metrics', config.RATE_LIMIT_METRICS)

  const count = (reply: FastifyReply, limited: Limiter, caller: string) => {
    const verdict = limited.take(caller, clock().getTime())
    void reply.headers(rateHeaders(limited.policy, verdict))
    if (!verdict.allowed)
      throw new Problem(
        'quota-exceeded',
        said(
          `The quota "${limited.policy.name}" is used up.`,
          `配额“${limited.policy.name}”已用尽。`,
        ),
        {
          'violated-policies': [limited.policy.name],
          retryAfterSeconds: verdict.retryAfterSeconds,
        },
      )
  }
  const addressOf = (request: FastifyRequest) => addressKey(guard(request.raw).address)

  return {
    async admit(request, reply, path) {
      const operation = `${request.method} ${path}`
      if (open.has(operation)) {
        const limited = SIGN_IN.has(operation)
          ? ofSignIn
          : METRICS.has(operation)
            ? ofMetrics
            : ofAddress
        count(reply, limited, addressOf(request))
        return
      }
      try {
        const key = sentKey(request.headers.authorization)
        // From here on, and for the service, it is a token like any other.
        if (key !== null)
          request.headers.authorization = await keys.exchanged(key, guard(request.raw).address)
        const principal = await tokens.verify(request)
        if (!livesBounded(principal))
          throw new Problem(
            'unauthenticated',
            said(
              'The token lives longer than access tokens may.',
              '该令牌的有效期超过了访问令牌的上限。',
            ),
          )
        if (!isShown(principal, request.raw.socket))
          throw new Problem(
            'unauthenticated',
            said(
              'The token is bound to a certificate that was not shown.',
              '该令牌绑定了证书，而此连接未出示该证书。',
            ),
          )
        const objection = revocations.objectionTo(principal, clock().getTime())
        if (objection !== null) throw objection
        request.principal = principal
      } catch (error) {
        if (error instanceof Problem && (error.status === 401 || error.code === 'network-refused'))
          count(reply, ofAddress, addressOf(request))
        throw error
      }
      count(reply, ofCaller, request.principal.actor)
    },
    countAddress(request, reply) {
      count(reply, ofAddress, addressOf(request))
    },
    recognise(method, path, sent, { address, socket }) {
      if (openPaths.has(path) && open.has(`${method} ${path}`)) return null
      const key = sentKey(sent)
      const authorization = key === null ? sent : keys.known(key, address)
      const principal = tokens.remembered(authorization)
      if (authorization === undefined || principal === undefined || !livesBounded(principal))
        return null
      if (!isShown(principal, socket)) return null
      const now = clock().getTime()
      if (revocations.objectionTo(principal, now) !== null) return null
      const verdict = ofCaller.take(principal.actor, now)
      if (!verdict.allowed) return null
      const { 'ratelimit-policy': policy, ratelimit } = rateHeaders(ofCaller.policy, verdict)
      const rate = ['ratelimit-policy', policy, 'ratelimit', ratelimit]
      return { principal, authorization, rate }
    },
  }
}

/** Whether the certificate that the token is bound to, if any, is the one of the connection. Source: RFC 8705, 3. */
function isShown({ certificate }: Principal, socket: Socket): boolean {
  return certificate === undefined || certificateOf(socket)?.thumbprint === certificate
}

/** A token that lives longer could outlive the memory of its own revocation. */
function livesBounded({ issuedAt, expiresAt }: Principal): boolean {
  return expiresAt - issuedAt <= LONGEST_TOKEN_LIFE_SECONDS * 1_000
}
