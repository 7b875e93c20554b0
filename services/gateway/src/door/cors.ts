import type { App } from '@erp-steward/service-kit/app'
import type { FastifyReply, FastifyRequest } from 'fastify'

/** Request headers that have a meaning here and that a browser asks about. */
const ALLOWED = [
  ...['authorization', 'content-type', 'accept-language', 'idempotency-key'],
  ...['if-match', 'if-none-match', 'x-request-id', 'traceparent', 'last-event-id'],
].join(', ')

/** Headers of answers that a page acts on; without being named they are hidden from it. */
const EXPOSED = [
  ...['ETag', 'Location', 'Retry-After', 'RateLimit', 'RateLimit-Policy', 'Idempotency-Replayed'],
  ...['X-Request-Id', 'WWW-Authenticate', 'Allow', 'Content-Disposition', 'Content-Language'],
].join(', ')

const METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE'

/** How long a browser may remember what was allowed, in seconds: a changed setting holds for all after this. */
const REMEMBERED_SECONDS = 600

/**
 * Lets pages of the listed origins call from a browser. Of others a browser keeps the answers from the page.
 *
 * No cookie is ever looked at and none is asked for: a page has the rights of the token that it sends itself. Preflights
 * carry no token, so they are counted by their address.
 *
 * Source: https://fetch.spec.whatwg.org/#http-cors-protocol
 */
export function allowOrigins(
  app: App,
  setting: string,
  countAddress: (request: FastifyRequest, reply: FastifyReply) => void,
): void {
  const origins = new Set(setting.split(',').flatMap((entry) => entry.trim() || []))
  if (origins.size === 0) return
  app.addHook('onRequest', async (request, reply) => {
    void reply.header('vary', 'origin')
    const { origin, 'access-control-request-method': wanted } = request.headers
    if (origin === undefined || !origins.has(origin)) return
    void reply.headers({
      'access-control-allow-origin': origin,
      'access-control-expose-headers': EXPOSED,
    })
    if (request.method !== 'OPTIONS' || wanted === undefined) return
    countAddress(request, reply)
    return reply
      .code(204)
      .headers({
        'access-control-allow-methods': METHODS,
        'access-control-allow-headers': ALLOWED,
        'access-control-max-age': REMEMBERED_SECONDS,
      })
      .send()
  })
}
