import type { IncomingHttpHeaders } from 'node:http'

/** What a service may tell a caller; names of software, hop-by-hop headers and whatever else it adds stay inside. */
const PASSED = [
  'content-type',
  'content-length',
  'content-encoding',
  'content-language',
  'content-disposition',
  'cache-control',
  'etag',
  'last-modified',
  'location',
  'operation-location',
  'retry-after',
  'vary',
  'allow',
  'www-authenticate',
  'link',
  'deprecation',
  'sunset',
  'idempotency-replayed',
] as const

/** Headers of the answer: the allow-list, `no-store` unless the service says how to cache, and no guessing of types. */
export function answerHeaders(headers: IncomingHttpHeaders): Record<string, string | string[]> {
  const passed: Record<string, string | string[]> = {
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  }
  for (const name of PASSED) {
    const value = headers[name]
    if (value !== undefined) passed[name] = value
  }
  return passed
}
