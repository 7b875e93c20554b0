import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'

/** Path and query of a request, as they go to the service. */
export interface RequestTarget {
  readonly path: string
  /** With its question mark; empty without a query. */
  readonly query: string
}

/** Longest request target in characters. */
const LONGEST = 8_000

/** Segments of the characters that RFC 3986 allows in a path, without `;`, whose meaning servers disagree about. */
const PATH = /^(?:\/(?:[A-Za-z0-9\-._~!$&'()*+,=:@]|%[0-9A-Fa-f]{2})*)+$/
/** Any visible ASCII but `#`. */
const QUERY = /^[!"$-~]*$/
/** Encoded dot, slash, backslash, percent sign and control characters: a path that reads differently once decoded. */
const DISGUISED = /%(?:2[EeFf5]|5[Cc]|[01][0-9A-Fa-f]|7[Ff])/
const DOT_SEGMENT = /\/\.{1,2}(?:\/|$)/

/**
 * Reads a request target; `null` for every spelling by which a path could mean one thing here and another thing in
 * the service behind: absolute form, dot segments, empty segments, encoded separators, double encoding.
 */
export function plainTarget(url: string): RequestTarget | null {
  const at = url.indexOf('?')
  const path = at < 0 ? url : url.slice(0, at)
  const query = at < 0 ? '' : url.slice(at)
  if (
    url.length > LONGEST ||
    !PATH.test(path) ||
    !QUERY.test(query) ||
    path.includes('//') ||
    DOT_SEGMENT.test(path) ||
    DISGUISED.test(path)
  )
    return null
  return { path, query }
}

/** @throws Problem `malformed-request` where `plainTarget` answers `null` */
export function readTarget(url: string): RequestTarget {
  const target = plainTarget(url)
  if (target === null)
    throw new Problem(
      'malformed-request',
      said('The path is not in its plain form.', '路径不是规范的形式。'),
    )
  return target
}
