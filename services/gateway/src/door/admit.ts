import { LONGEST_TOKEN_LIFE_SECONDS } from '@erp-steward/contracts/access-token'
import { Problem } from '@erp-steward/contracts/problem'
import { publicOperations } from '@erp-steward/contracts/services'
import type { Principal } from '@erp-steward/service-kit/authentication'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { GatewayConfig } from '../config.ts'
import { createLimiter, type Limiter } from '../limits/limiter.ts'
import { addressKey } from '../limits/rules/address-key.ts'
import { rateHeaders } from '../limits/rules/rate.ts'
import type { Revocations } from '../revocations/revocations.ts'
import { callerAddress } from './guard.ts'

/** Lets a request through to `path`, or throws why not. */
export type Admit = (request: FastifyRequest, reply: FastifyReply, path: string) => Promise<void>

export interface Door {
  readonly admit: Admit
  /** Counts a request that needs no token against its address. */
  readonly countAddress: (request: FastifyRequest, reply: FastifyReply) => void
}

export interface DoorParts {
  readonly config: GatewayConfig
  readonly checkToken: (request: FastifyRequest) => Promise<Principal>
  readonly revocations: Revocations
  readonly clock: () => Date
}

/** Operations that start a session or cost a password hash: a smaller quota per address. */
const SIGN_IN = new Set(['POST /v1/sessions', 'POST /v1/tokens'])
/** Operations that machines call all the time. */
const METRICS = new Set(['POST /v1/metrics/write'])

const open = new Set(publicOperations)

/**
 * The check at the door: a token that is genuine, alive and not revoked, and a quota not used up.
 *
 * Callers with a token are counted by it. Requests without a valid token are counted by their address, so that forged
 * tokens end in 429 while the neighbours behind the same address go on.
 */
export function createDoor({ config, checkToken, revocations, clock }: DoorParts): Door {
  const limiter = (name: string, quota: number) => createLimiter({ name, quota, windowSeconds: 60 })
  const ofCaller = limiter('caller', config.RATE_LIMIT_CALLER)
  const ofAddress = limiter('address', config.RATE_LIMIT_ADDRESS)
  const ofSignIn = limiter('sign-in', config.RATE_LIMIT_SIGN_IN)
  const ofMetrics = limiter('metrics', config.RATE_LIMIT_METRICS)

  const count = (reply: FastifyReply, limited: Limiter, caller: string) => {
    const verdict = limited.take(caller, clock().getTime())
    void reply.headers(rateHeaders(limited.policy, verdict))
    if (!verdict.allowed)
      throw new Problem('quota-exceeded', `The quota "${limited.policy.name}" is used up.`, {
        'violated-policies': [limited.policy.name],
        retryAfterSeconds: verdict.retryAfterSeconds,
      })
  }
  const addressOf = (request: FastifyRequest) => addressKey(callerAddress(request))

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
        const principal = await checkToken(request)
        assertLifeIsBounded(principal)
        revocations.assertValid(principal, clock().getTime())
        request.principal = principal
      } catch (error) {
        if (error instanceof Problem && error.status === 401)
          count(reply, ofAddress, addressOf(request))
        throw error
      }
      count(reply, ofCaller, request.principal.actor)
    },
    countAddress(request, reply) {
      count(reply, ofAddress, addressOf(request))
    },
  }
}

/** A token that lives longer could outlive the memory of its own revocation. */
function assertLifeIsBounded({ issuedAt, expiresAt }: Principal): void {
  if (expiresAt - issuedAt > LONGEST_TOKEN_LIFE_SECONDS * 1_000)
    throw new Problem('unauthenticated', 'The token lives longer than access tokens may.')
}
