import { Problem } from '@erp-steward/contracts/problem'
import type { FastifyRequest } from 'fastify'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** A creation that takes effect once per `Idempotency-Key`; whoever calls `createOnce` declares it. */
    once?: boolean
    /**
     * A change of the version that `If-Match` names; whoever calls `change` declares it. `if-exists`: a PUT that may be
     * the creation, too, and asks for the header only where there is something to change.
     */
    versioned?: true | 'if-exists'
  }
}

/** What an `Idempotency-Key` is: 1 to 255 visible ASCII characters. */
export const IDEMPOTENCY_KEY_PATTERN = '^[!-~]{1,255}$'
/** What an entity tag of ours is: a version of up to nine digits. */
export const ENTITY_TAG_PATTERN = '^"[0-9]{1,9}"$'

const isIdempotencyKey = new RegExp(IDEMPOTENCY_KEY_PATTERN)
const isEntityTag = new RegExp(ENTITY_TAG_PATTERN)

/**
 * Refuses a request that lacks a header its operation declares, before the operation runs.
 *
 * @throws Problem `idempotency-key-missing`, `precondition-required`, `version-stale` (no entity tag of ours)
 */
export function assertPreconditions(request: FastifyRequest): void {
  const { once, versioned } = request.routeOptions.config
  if (once === true) idempotencyKeyOf(request)
  if (versioned === true) expectedVersion(request)
}

/**
 * The key of a creation.
 *
 * @throws Problem `idempotency-key-missing`, and Error where the operation does not declare `once`
 */
export function idempotencyKeyOf(request: FastifyRequest): string {
  const { config, url = '' } = request.routeOptions
  if (config.once !== true) throw new Error(`${request.method} ${url} does not declare once`)
  const header = request.headers['idempotency-key']
  // The draft standard makes it a quoted string; scripts send it bare. Both are taken.
  const key = typeof header === 'string' ? header.replace(/^"(.+)"$/, '$1') : ''
  if (!isIdempotencyKey.test(key))
    throw new Problem(
      'idempotency-key-missing',
      'Send an Idempotency-Key of 1 to 255 visible ASCII characters.',
    )
  return key
}

/**
 * The version named by `If-Match`.
 *
 * @throws Problem `precondition-required` without the header, `version-stale` when it names none of our tags, and Error
 *   where the operation does not declare `versioned`
 */
export function expectedVersion(request: FastifyRequest): number {
  const expected = expectedVersionIfAny(request)
  if (expected === null)
    throw new Problem('precondition-required', 'Send the ETag you read in If-Match.')
  return expected
}

/** The version named by `If-Match`, `null` without the header: a creation. Else as `expectedVersion`. */
export function expectedVersionIfAny(request: FastifyRequest): number | null {
  const { config, url = '' } = request.routeOptions
  if (config.versioned === undefined)
    throw new Error(`${request.method} ${url} does not declare versioned`)
  const header = request.headers['if-match']
  if (header === undefined) return null
  if (!isEntityTag.test(header))
    throw new Problem('version-stale', 'If-Match names no version of this resource.')
  return Number(header.slice(1, -1))
}
