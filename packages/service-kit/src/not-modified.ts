import type { App } from './app.ts'

/**
 * A reader who names in `If-None-Match` the entity tag of what he would get is answered 304 without a body.
 *
 * Source: RFC 9110, 13.1.2: `*` or a list; tags are compared weakly.
 */
export function answerNotModified(app: App): void {
  app.addHook('onSend', (request, reply, payload, done) => {
    const known = request.headers['if-none-match']
    const current = reply.getHeader('etag')
    const isRead = request.method === 'GET' || request.method === 'HEAD'
    if (!isRead || known === undefined || reply.statusCode !== 200 || typeof current !== 'string') {
      done(null, payload)
      return
    }
    const tags = known.split(',').map((tag) => tag.trim().replace(/^W\//, ''))
    if (!tags.includes('*') && !tags.includes(current.replace(/^W\//, ''))) {
      done(null, payload)
      return
    }
    void reply.code(304).removeHeader('content-length').removeHeader('content-type')
    done(null, null)
  })
}
