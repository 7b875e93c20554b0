import { METHODS, type IncomingHttpHeaders } from 'node:http'

/** What Node says of a request that its parser stopped at. */
export interface Unreadable extends Error {
  readonly code?: string
  readonly reason?: string
  /** Bytes of the packet that were read before the fault. */
  readonly bytesParsed?: number
  readonly rawPacket?: unknown
}

/** A request in which the parser knew everything but the method. */
export interface UnknownMethod {
  readonly method: string
  /** Without the query. */
  readonly path: string
  readonly headers: IncomingHttpHeaders
}

/** Longest head in bytes that is looked at: as much as Node's parser takes. */
const LONGEST_HEAD = 16_384
/**
 * A request line as RFC 9112, 3 has it, with a token of RFC 9110, 5.6.2 for its method and a path for its target. The absolute
 * form is for proxies and `*` for OPTIONS alone: with a method that nobody knows they are malformed rather than not allowed.
 */
const REQUEST_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) (\/[!-~]*) HTTP\/1\.[01]$/

/**
 * The request at whose method the parser stopped; `null` if the fault is elsewhere or the head did not come in one piece,
 * for then who asks, which proxies say in a header, is not certain.
 *
 * Only a packet that begins with the request is read: behind other bytes its beginning would be a guess.
 */
export function unknownMethodIn(error: Unreadable): UnknownMethod | null {
  const { bytesParsed, rawPacket } = error
  if (!isAboutMethod(error) || !Buffer.isBuffer(rawPacket) || bytesParsed === undefined) return null
  const [head = '', ...rest] = rawPacket.toString('latin1', 0, LONGEST_HEAD).split('\r\n\r\n', 2)
  const [line = '', ...fields] = head.split('\r\n')
  const [, method = '', target = ''] = REQUEST_LINE.exec(line) ?? []
  if (rest.length === 0 || method === '' || METHODS.includes(method) || bytesParsed > line.length)
    return null
  const headers = headersOf(fields)
  const path = target.split('?', 1).join()
  return headers === null ? null : { method, path, headers }
}

/** The parser knows the methods of RTSP, too, and takes offence at them only at the version of the protocol. */
const isAboutMethod = ({ code, reason }: Unreadable) =>
  code === 'HPE_INVALID_METHOD' || reason === 'Invalid method for HTTP/x.x request'

/** `null` if one of the lines is no header. */
function headersOf(lines: readonly string[]): IncomingHttpHeaders | null {
  const headers = new Headers()
  try {
    for (const line of lines) {
      const [name = ''] = line.split(':', 1)
      headers.append(name, line.slice(name.length + 1))
    }
  } catch {
    // Told by a TypeError; the request is as unreadable as before.
    return null
  }
  return Object.fromEntries(headers)
}
