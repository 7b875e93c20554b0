import { said } from '@erp-steward/contracts/bilingual'
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

/** What an `If-Match` with tags of ours is: one or several, or `*` for whichever is current. */
export const IF_MATCH_PATTERN = '^(?:\\*|"[0-9]{1,9}"(?:, ?"[0-9]{1,9}")*)$'

const isIdempotencyKey = new RegExp(IDEMPOTENCY_KEY_PATTERN)
const isEntityTag = new RegExp(ENTITY_TAG_PATTERN)
/** A list of entity tags, RFC 9110, 8.8.3 and 5.6.1. */
const TAGS = /^[\s,]*(?:(?:W\/)?"[^"]*"[\s,]*)+$/
const TAG = /(W\/)?"[^"]*"/g
/** How often a change is tried where `If-Match` allows several versions and others change the resource meanwhile. */
const MOST_TRIES = 5

/** Versions that `If-Match` allows: one at least, or any. */
type Allowed = readonly [number, ...number[]] | 'any'

/**
 * Refuses a request that lacks a header its operation declares, before the operation runs.
 *
 * @throws Problem `idempotency-key-missing`, `precondition-required`, `version-stale` (no entity tag of ours)
 */
export function assertPreconditions(request: FastifyRequest): void {
  const { once, versioned } = request.routeOptions.config
  if (once === true) idempotencyKeyOf(request)
  if (versioned === undefined) return
  const allowed = allowedVersions(request)
  if (versioned === true && allowed === null) throw preconditionRequired()
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
      said(
        'Send an Idempotency-Key of 1 to 255 visible ASCII characters.',
        '请发送由 1 至 255 个可见 ASCII 字符组成的 Idempotency-Key。',
      ),
    )
  return key
}

/**
 * Makes a change of the version that `If-Match` names; of several, or of any, of the one that is current.
 *
 * Which one that is, a refusal tells: the change runs again under it, so `apply` must undo what it did where it fails,
 * as a transaction does.
 *
 * @throws Problem `precondition-required` without the header, `version-stale` when it names no tag of ours or none that is
 *   current, whatever `apply` throws, and Error where the operation does not declare `versioned`
 */
export async function atVersion<Result>(
  request: FastifyRequest,
  apply: (expected: number) => Promise<Result>,
): Promise<Result> {
  return atVersionIfAny(request, (expected) => {
    if (expected === null) throw preconditionRequired()
    return apply(expected)
  })
}

/** As `atVersion`, but without the header `apply` is told `null`: a creation. */
export async function atVersionIfAny<Result>(
  request: FastifyRequest,
  apply: (expected: number | null) => Promise<Result>,
): Promise<Result> {
  const allowed = allowedVersions(request)
  if (allowed === null) return apply(null)
  // No version is 0 but that of what is not there yet, where it has one.
  let expected = allowed === 'any' ? 0 : allowed[0]
  for (let tries = 1; ; tries += 1)
    try {
      return await apply(expected)
    } catch (error) {
      const current = currentVersionIn(error)
      const isAllowed = current !== null && (allowed === 'any' || allowed.includes(current))
      if (!isAllowed || current === expected || tries === MOST_TRIES) throw error
      expected = current
    }
}

function currentVersionIn(error: unknown): number | null {
  if (!(error instanceof Problem) || error.code !== 'version-stale') return null
  const { currentVersion } = error.extras
  return typeof currentVersion === 'number' ? currentVersion : null
}

/** Source: RFC 9110, 13.1.1: `*` or a list; a weak tag matches nothing. */
function allowedVersions({ routeOptions, method, headers }: FastifyRequest): Allowed | null {
  const { config, url = '' } = routeOptions
  if (config.versioned === undefined) throw new Error(`${method} ${url} does not declare versioned`)
  const header = headers['if-match']
  if (header === undefined) return null
  if (header.trim() === '*') return 'any'
  const tags = TAGS.test(header) ? [...header.matchAll(TAG)] : []
  const [first, ...others] = tags.flatMap(([tag, weak]) =>
    weak === undefined && isEntityTag.test(tag) ? Number(tag.slice(1, -1)) : [],
  )
  if (first === undefined)
    throw new Problem(
      'version-stale',
      said('If-Match names no version of this resource.', 'If-Match 未指明该资源的任何版本。'),
    )
  return [first, ...others]
}

const preconditionRequired = () =>
  new Problem(
    'precondition-required',
    said('Send the ETag you read in If-Match.', '请在 If-Match 中发送您读到的 ETag。'),
  )
