import { randomBytes, randomUUID } from 'node:crypto'
import type { App } from './app.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** W3C trace context of this request: the caller's trace with our own span, or a new trace. */
    traceparent: string
  }
}

const TRACEPARENT = /^00-([0-9a-f]{32})-[0-9a-f]{16}-([0-9a-f]{2})$/
const REQUEST_ID = /^[\w.:-]{8,64}$/

/** Gives each request a trace and echoes its id. */
export function registerTrace(app: App): void {
  app.decorateRequest('traceparent', '')
  app.addHook('onRequest', (request, reply, done) => {
    request.traceparent = traceparentOf(request.headers.traceparent)
    void reply.header('x-request-id', request.id)
    done()
  })
}

/** The trace of a request that came with this header, with a span of our own. */
export function traceparentOf(header: string | string[] | undefined): string {
  const caller = typeof header === 'string' ? TRACEPARENT.exec(header) : null
  return caller === null
    ? `00-${randomHex(32)}-${randomHex(16)}-01`
    : `00-${caller[1] ?? ''}-${randomHex(16)}-${caller[2] ?? '00'}`
}

/** A caller's request id is kept if it is harmless in a log line. */
export function requestIdOf(header: string | string[] | undefined): string {
  return typeof header === 'string' && REQUEST_ID.test(header) ? header : randomUUID()
}

/** Bytes of chance that are drawn at once: each draw is a call into OpenSSL. */
const DRAWN = 4_096
let drawn = ''
let used = 0

function randomHex(digits: number): string {
  if (used + digits > drawn.length) {
    drawn = randomBytes(DRAWN).toString('hex')
    used = 0
  }
  used += digits
  return drawn.slice(used - digits, used)
}
