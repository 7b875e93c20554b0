import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'

/** Seconds after which a caller may try again: a service restarts within a few. */
const RETRY_SECONDS = 2

const AWAY = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
])

/** Whether the request cannot have reached the service at all. */
export function isRefused(error: unknown): boolean {
  return codeOf(error) === 'ECONNREFUSED'
}

/** What a caller is told about a failed exchange: 503 never reached, 504 no answer in time, 502 broken off. */
export function upstreamProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  const code = codeOf(error)
  const extras = { retryAfterSeconds: RETRY_SECONDS }
  if (AWAY.has(code))
    return new Problem(
      'unavailable',
      said('The service cannot be reached.', '无法连接该服务。'),
      extras,
    )
  if (code === 'UPSTREAM_SILENT')
    return new Problem(
      'upstream-timeout',
      said('The service did not answer in time.', '该服务未及时应答。'),
      extras,
    )
  return new Problem(
    'upstream-failed',
    said('The service broke the exchange off.', '该服务中断了交互。'),
    extras,
  )
}

function codeOf(error: unknown): string {
  return typeof error === 'object' &&
    error !== null &&
    'code' in error &&
    typeof error.code === 'string'
    ? error.code
    : ''
}
