import { Transform, type Readable } from 'node:stream'
import { Problem } from '@erp-steward/contracts/problem'

/** The body of a request with the length the caller declares; `null` when it comes in chunks. */
export interface Body {
  readonly stream: Readable
  readonly length: number | null
}

const tooLarge = (limit: number) =>
  new Problem('body-too-large', `The body may have at most ${String(limit)} bytes.`)

/**
 * The body as it may go on: a declared length is judged at once (the HTTP parser holds the caller to it), chunks are
 * counted on their way.
 *
 * @throws Problem `body-too-large`; for chunks the stream fails with it
 */
export function limitBody({ stream, length }: Body, limit: number): Readable {
  if (length !== null) {
    if (length > limit) throw tooLarge(limit)
    return stream
  }
  let seen = 0
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      seen += chunk.length
      done(seen > limit ? tooLarge(limit) : null, chunk)
    },
  })
  stream.on('error', (error) => counted.destroy(error))
  return stream.pipe(counted)
}
