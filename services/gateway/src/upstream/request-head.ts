/** A request without its body. */
export interface RequestHead {
  readonly method: string
  /** With the query. */
  readonly path: string
  /** Names and values in turn, without `host` and those of the framing. */
  readonly headers: readonly string[]
  /** Bytes of the body, `null` for one in chunks; `undefined` without a body. */
  readonly length: number | null | undefined
}

const PATH = /^\/[!-~]*$/
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/
/** Methods of which a server expects to be told that there is no body. */
const EXPECTING = new Set(['POST', 'PUT', 'PATCH'])

/**
 * The first bytes of a request on a connection that is to be kept, as latin1 text.
 *
 * @throws RangeError when a part of it could begin a line of its own
 */
export function requestHead(host: string, { method, path, headers, length }: RequestHead): string {
  if (!PATH.test(path)) throw new RangeError('The path cannot be sent.')
  let text = `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: keep-alive\r\n`
  for (let at = 0; at < headers.length; at += 2) {
    const [name = '', value = ''] = [headers[at], headers[at + 1]]
    if (!VALUE.test(value)) throw new RangeError(`The header ${name} cannot be sent.`)
    text += `${name}: ${value}\r\n`
  }
  if (length === null) text += 'transfer-encoding: chunked\r\n'
  else if (length !== undefined || EXPECTING.has(method))
    text += `content-length: ${String(length ?? 0)}\r\n`
  return `${text}\r\n`
}
