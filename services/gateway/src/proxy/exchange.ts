import type { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import type { Dispatcher } from 'undici'
import { answerHeaders } from './rules/answer-headers.ts'
import type { Upstream } from '../routing/upstreams.ts'

/** A request as it goes to the service. */
export interface UpstreamRequest {
  readonly method: string
  readonly path: string
  /** Names and values in turn. */
  readonly headers: string[]
  readonly body: Readable | null
}

class CallerGone extends Error {}

/**
 * Sends a request to a service and streams the answer to the caller, at the pace of the slower side.
 *
 * Resolves when the answer has been passed on or the caller has gone; a caller who goes ends the request to the
 * service. An answer that breaks off in the middle breaks off for the caller too.
 *
 * @throws Error of undici or of the body if nothing of an answer has been sent yet
 */
export function exchange(
  { pool }: Upstream,
  { method, path, headers, body }: UpstreamRequest,
  reply: FastifyReply,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>()
  const { raw } = reply
  let controller: Dispatcher.DispatchController | undefined
  let answering = false
  const onClose = () => {
    if (!raw.writableFinished) controller?.abort(new CallerGone())
  }
  raw.once('close', onClose)
  pool.dispatch(
    { method, path, headers, body },
    {
      onRequestStart(started) {
        controller = started
        if (raw.destroyed) started.abort(new CallerGone())
      },
      onResponseStart(_controller, status, head) {
        // Interim answers (1xx) concern the connection to the service only.
        if (status < 200) return
        answering = true
        reply.hijack()
        raw.writeHead(status, { ...ownHeaders(reply), ...answerHeaders(head) })
      },
      onResponseData(running, chunk) {
        if (raw.write(chunk)) return
        running.pause()
        raw.once('drain', () => {
          running.resume()
        })
      },
      onResponseEnd() {
        raw.off('close', onClose)
        raw.end()
        resolve(undefined)
      },
      onResponseError(_controller, error) {
        raw.off('close', onClose)
        if (answering || error instanceof CallerGone) {
          if (!answering) reply.hijack()
          raw.destroy()
          resolve(undefined)
        } else reject(error)
      },
    },
  )
  return promise
}

/** Headers the hooks have put on the reply: request id, rate limit. */
function ownHeaders(reply: FastifyReply): Record<string, string | string[]> {
  const own: Record<string, string | string[]> = {}
  for (const [name, value] of Object.entries(reply.getHeaders()))
    if (value !== undefined) own[name] = typeof value === 'number' ? String(value) : value
  return own
}
