import type { ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
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

/** What the caller is answered with besides what the service says. */
export interface OwnAnswer {
  readonly response: ServerResponse
  /** Names and values in turn: request id, rate limit. */
  readonly headers: readonly string[]
}

/** Bodies of a length up to this many bytes wait until they are whole, and go out with the head in one write. */
const ONE_WRITE = 16_384

class CallerGone extends Error {}

/**
 * Sends a request to a service and streams the answer to the caller, at the pace of the slower side.
 *
 * Resolves when the answer has been passed on or the caller has gone; a caller who goes ends the request to the
 * service. An answer that breaks off in the middle breaks off for the caller too.
 *
 * @throws Error of undici or of the body if nothing of an answer has come yet
 */
export function exchange(
  { pool }: Upstream,
  request: UpstreamRequest,
  own: OwnAnswer,
): Promise<void> {
  return new Promise((resolve, reject) => {
    pool.dispatch(request, new Exchange(own, resolve, reject))
  })
}

class Exchange implements Dispatcher.DispatchHandler {
  readonly #response: ServerResponse
  readonly #own: readonly string[]
  readonly #resolve: () => void
  readonly #reject: (error: unknown) => void
  readonly #onClose = () => {
    if (!this.#response.writableFinished) this.#controller?.abort(new CallerGone())
  }
  #controller: Dispatcher.DispatchController | undefined
  #answering = false
  /** Parts of a short body that is not whole yet; `null` where each part goes out as it comes. */
  #held: Buffer[] | null = null

  constructor(
    { response, headers }: OwnAnswer,
    resolve: () => void,
    reject: (error: unknown) => void,
  ) {
    this.#response = response
    this.#own = headers
    this.#resolve = resolve
    this.#reject = reject
    response.once('close', this.#onClose)
  }

  onRequestStart(started: Dispatcher.DispatchController): void {
    this.#controller = started
    if (this.#response.destroyed) started.abort(new CallerGone())
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    head: Parameters<typeof answerHeaders>[0],
  ): void {
    // Interim answers (1xx) concern the connection to the service only.
    if (status < 200) return
    this.#answering = true
    // Put together in the order that Node writes them in; the service's own word comes after ours.
    this.#response.writeHead(status, [...this.#own, ...answerHeaders(head)])
    const length = head['content-length']
    if (length !== undefined && Number(length) <= ONE_WRITE) this.#held = []
  }

  onResponseData(running: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#held !== null) {
      this.#held.push(chunk)
      return
    }
    if (this.#response.write(chunk)) return
    running.pause()
    this.#response.once('drain', () => {
      running.resume()
    })
  }

  onResponseEnd(): void {
    this.#response.off('close', this.#onClose)
    if (this.#held === null) this.#response.end()
    else {
      const [first, ...more] = this.#held
      const body = more.length === 0 ? first : Buffer.concat(this.#held)
      // Text goes out in one piece with the head; in latin1 each byte is one character.
      if (body === undefined) this.#response.end()
      else this.#response.end(body.toString('latin1'), 'latin1')
    }
    this.#resolve()
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#response.off('close', this.#onClose)
    if (this.#answering || error instanceof CallerGone) {
      this.#response.destroy()
      this.#resolve()
    } else this.#reject(error)
  }
}
