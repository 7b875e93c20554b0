import { Readable, type Transform } from 'node:stream'
import { promisify } from 'node:util'
import {
  brotliCompress,
  constants,
  createBrotliCompress,
  createGzip,
  gzip,
  type BrotliOptions,
} from 'node:zlib'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { App } from './app.ts'

/** Answers of fewer bytes go as they are: they fit into a few packets. */
const SMALLEST = 8_192
/** As small as gzip's, in less time; the default 11 is for what is compressed once. */
const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } }

const TEXT = /^(?:text\/(?!event-stream)|application\/(?:json|javascript|x-ndjson)|image\/svg)/

const brotli = promisify<string | Buffer, BrotliOptions, Buffer>(brotliCompress)

const codings = {
  br: {
    whole: (text: string | Buffer) => brotli(text, BROTLI),
    stream: () => createBrotliCompress(BROTLI),
  },
  gzip: { whole: promisify<string | Buffer, Buffer>(gzip), stream: () => createGzip() },
}
type Coding = keyof typeof codings

/**
 * Compresses large answers to reads, by `Accept-Encoding`.
 *
 * The length of a compressed text betrays how much of what its reader chose it repeats, letter by letter (BREACH). So only
 * reads are compressed: tokens, first passwords and secrets of clients are answers to changes, problems repeat what was
 * sent, and both stay as they are. So does an answer with a strong entity tag, which names the very bytes, and of which
 * `If-Match` lives.
 *
 * Source: RFC 9110, 8.8.3.3 and 12.5.3.
 */
export function compressAnswers(app: App): void {
  app.addHook('onSend', (request, reply, payload, done) => {
    if (request.method !== 'GET' || !isCompressible(reply, payload)) {
      done(null, payload)
      return
    }
    const varied = reply.getHeader('vary')
    void reply.header(
      'vary',
      varied === undefined ? 'accept-encoding' : `${String(varied)}, accept-encoding`,
    )
    const coding = codingOf(request)
    if (coding === null) {
      done(null, payload)
      return
    }
    void reply.header('content-encoding', coding).removeHeader('content-length')
    const { whole, stream } = codings[coding]
    if (payload instanceof Readable) done(null, through(stream(), payload))
    else
      whole(payload as string | Buffer).then((compressed) => {
        done(null, compressed)
      }, done)
  })
}

/** What ends one of the two ends the other, so that nothing is left open. */
function through(compressor: Transform, source: Readable): Transform {
  source.once('error', (error) => compressor.destroy(error))
  compressor.once('close', () => source.destroy())
  return source.pipe(compressor)
}

function isCompressible(reply: FastifyReply, payload: unknown): boolean {
  const tag = reply.getHeader('etag')
  return (
    reply.statusCode === 200 &&
    sizeOf(reply, payload) >= SMALLEST &&
    !reply.hasHeader('content-encoding') &&
    (tag === undefined || String(tag).startsWith('W/')) &&
    TEXT.test(String(reply.getHeader('content-type')))
  )
}

/** In bytes; of a stream what it says of itself, else without bound. */
function sizeOf(reply: FastifyReply, payload: unknown): number {
  if (typeof payload === 'string' || Buffer.isBuffer(payload)) return Buffer.byteLength(payload)
  if (!(payload instanceof Readable)) return 0
  const length = reply.getHeader('content-length')
  return length === undefined ? Infinity : Number(length)
}

/** The coding that the caller ranks highest, Brotli before gzip; `null` where only the plain text is wanted. */
function codingOf({ headers }: FastifyRequest): Coding | null {
  const accepted = new Map(
    (headers['accept-encoding']?.toString() ?? '').split(',').map((entry): [string, number] => {
      const [name = '', quality] = entry
        .trim()
        .toLowerCase()
        .split(/\s*;\s*q=/)
      return [name, quality === undefined ? 1 : Number(quality)]
    }),
  )
  const qualityOf = (name: Coding) => accepted.get(name) ?? accepted.get('*') ?? 0
  const [br, gz] = [qualityOf('br'), qualityOf('gzip')]
  if (br > 0 && br >= gz) return 'br'
  return gz > 0 ? 'gzip' : null
}
