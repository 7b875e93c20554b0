import { randomUUID } from 'node:crypto'
import type { App } from './app.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** W3C trace context of this request: the caller's trace with our own span, or a new trace. */
    traceparent: string
  }
}

const TRACEPARENT = /^00-([0-9a-f]{32})-[0-9a-f]{16}-([0-9a-f]{2})$/

/** Gives each request a trace and an id, echoes the id, and writes one log line when it is answered. */
export function registerTrace(app: App): void {
  app.decorateRequest('traceparent', '')
  // Its members are fixed and hold no secret; looking for some in each line cost a sixth of a request at the gateway.
  const accessLog = app.log.child({}, { redact: [] })
  app.addHook('onRequest', (request, reply, done) => {
    const span = randomHex().slice(16)
    const caller = TRACEPARENT.exec(String(request.headers.traceparent ?? ''))
    request.traceparent =
      caller === null
        ? `00-${randomHex()}-${span}-01`
        : `00-${caller[1] ?? ''}-${span}-${caller[2] ?? '00'}`
    void reply.header('x-request-id', request.id)
    done()
  })
  app.addHook('onResponse', (request, reply, done) => {
    const path = request.url.split('?', 1)[0]
    // What is asked every few seconds, and what processes of the product ask each other: its success is no news.
    const quiet =
      reply.statusCode < 400 &&
      (path === '/metrics' ||
        path === '/openapi.json' ||
        path?.startsWith('/health') === true ||
        path?.startsWith('/internal/') === true)
    if (!quiet)
      accessLog.info(
        {
          reqId: request.id,
          method: request.method,
          path,
          status: reply.statusCode,
          ms: Math.round(reply.elapsedTime * 10) / 10,
          actor: request.principal?.actor,
          traceparent: request.traceparent,
        },
        'request',
      )
    done()
  })
}

/** 32 hexadecimal digits; `randomUUID` draws them from a buffer, several times faster than `randomBytes`. */
function randomHex(): string {
  return randomUUID().replaceAll('-', '')
}
