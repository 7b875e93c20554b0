import { problems, type ProblemCode } from '@erp-steward/contracts/problems'
import type { FastifyContextConfig, FastifySchema } from 'fastify'

declare module 'fastify' {
  interface FastifySchema {
    /**
     * Codes of the problems that the rules of the operation answer. The platform adds those that follow from what it
     * declares; a test that meets another one fails.
     */
    problems?: readonly ProblemCode[]
  }
}

/** Whether a code is of an outage rather than a refusal. */
export const isOutage = (code: ProblemCode): boolean => problems[code].status >= 500

/** What may be answered whatever is asked for. */
export const outages: readonly ProblemCode[] = [
  'internal-error',
  'unavailable',
  'upstream-failed',
  'upstream-timeout',
]

/** Every code that an operation can answer, sorted: those of its rules, and those that follow from its declarations. */
export function problemCodesOf(
  method: string,
  { problems: own = [], querystring }: FastifySchema,
  { access, approves, once, versioned }: FastifyContextConfig,
): readonly ProblemCode[] {
  const { properties = {} } = (querystring ?? {}) as { readonly properties?: object }
  const codes: ProblemCode[] = [
    ...own,
    ...outages,
    ...(['malformed-request', 'validation-failed'] as const),
    ...(['network-refused', 'clear-text-refused', 'quota-exceeded'] as const),
    ...(access === 'public' ? [] : (['unauthenticated', 'token-revoked'] as const)),
    ...(access === 'public' || access === 'signed-in' ? [] : (['permission-missing'] as const)),
    ...(approves === true ? (['approval-cooling', 'second-factor-stale'] as const) : []),
    ...(method === 'GET' ? [] : (['body-too-large', 'media-type-unsupported'] as const)),
    ...('cursor' in properties ? (['cursor-unusable'] as const) : []),
    ...(once === true ? (['idempotency-key-missing', 'idempotency-key-reused'] as const) : []),
    ...(versioned === undefined ? [] : (['precondition-required', 'version-stale'] as const)),
  ]
  return [...new Set(codes)].toSorted()
}
