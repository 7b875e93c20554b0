import { Transform, type Readable } from 'node:stream'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'

/** The body of a request with the length the caller declares; `null` when it comes in chunks. */
export interface Body {
  readonly stream: Readable
  readonly length: number | null
}

/** How many times the limit is read and thrown away of a body that nobody wants, before the connection is ended. */
const PATIENCE = 8

const tooLarge = (limit: number) =>
  new Problem(
    'body-too-large',
    said(
      `The body may have at most ${String(limit)} bytes.`,
      `请求正文最多 ${String(limit)} 字节。`,
    ),
  )

/**
 * The body as it may go on: a declared length is judged at once (the HTTP parser holds the caller to it), chunks are
 * counted on their way.
 *
 * A service may answer before it has read the body, and then what goes on is destroyed. The rest is read and thrown
 * away: a caller who is still sending would lose the answer with the connection, or wait for ever with the next request.
 *
 * @throws Problem `body-too-large`; for chunks the stream fails with it
 */
export function limitBody({ stream, length }: Body, limit: number): Readable {
  if (length !== null && length > limit) {
    discard(stream, limit * PATIENCE)
    throw tooLarge(limit)
  }
  let seen = 0
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      seen += chunk.length
      done(seen > limit ? tooLarge(limit) : null, chunk)
    },
  })
  stream.on('error', (error) => counted.destroy(error))
  counted.once('close', () => {
    if (stream.readableEnded) return
    stream.unpipe(counted)
    discard(stream, limit * PATIENCE)
  })
  return stream.pipe(counted)
}

function discard(stream: Readable, most: number): void {
  let left = most
  stream.on('error', () => undefined)
  stream.on('data', (chunk: Buffer) => {
    left -= chunk.length
    if (left < 0) stream.destroy()
  })
  stream.resume()
}
