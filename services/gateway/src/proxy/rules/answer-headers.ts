/** What a service may tell a caller; names of software, hop-by-hop headers and whatever else it adds stay inside. */
const PASSED = new Set([
  'cache-control',
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
  'content-security-policy',
  'referrer-policy',
  'x-frame-options',
  // By which proxies in front know that each part goes on as it comes.
  'x-accel-buffering',
])

/**
 * Headers of the answer, like those of the service a flat list of names and values: the allow-list, `no-store` unless the
 * service says how to cache, and no guessing of types.
 */
export function answerHeaders(headers: readonly string[]): string[] {
  const list = ['x-content-type-options', 'nosniff']
  let saysHowToCache = false
  for (let at = 0; at < headers.length; at += 2) {
    const [name = '', value = ''] = [headers[at], headers[at + 1]]
    if (!PASSED.has(name)) continue
    saysHowToCache ||= name === 'cache-control'
    list.push(name, value)
  }
  if (!saysHowToCache) list.push('cache-control', 'no-store')
  return list
}
