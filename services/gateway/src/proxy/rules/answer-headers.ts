import type { IncomingHttpHeaders } from 'node:http'

/** What a service may tell a caller; names of software, hop-by-hop headers and whatever else it adds stay inside. */
const PASSED = [
  'content-type',
  'content-length',
  'content-encoding',
  'content-language',
  'content-disposition',
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

/**
 * Headers of the answer, as a flat list of names and values: the allow-list, `no-store` unless the service says how to
 * cache, and no guessing of types.
 */
export function answerHeaders(headers: IncomingHttpHeaders): string[] {
  const list = [
    'cache-control',
    headers['cache-control'] ?? 'no-store',
    'x-content-type-options',
    'nosniff',
  ]
  for (const name of PASSED) {
    const value = headers[name]
    if (typeof value === 'string') list.push(name, value)
    else if (value !== undefined) for (const each of value) list.push(name, each)
  }
  return list
}
