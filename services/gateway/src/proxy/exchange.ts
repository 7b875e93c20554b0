import type { ServerResponse } from 'node:http'
import type { Circuit } from '../upstream/circuit.ts'
import type { Asker, Connection } from '../upstream/connection.ts'
import type { Connections, UpstreamRequest } from '../upstream/connections.ts'
import { answerHeaders } from './rules/answer-headers.ts'

/** What the caller is answered with besides what the service says. */
export interface OwnAnswer {
  readonly response: ServerResponse
  /** Names and values in turn: request id, rate limit. */
  readonly headers: readonly string[]
}

/** The connections that a request takes, and the circuit that is told what becomes of it. */
export interface Way {
  readonly connections: Connections
  readonly circuit: Circuit
}

/** Bodies of a length up to this many bytes wait until they are whole, and go out with the head in one write. */
const ONE_WRITE = 16_384

/**
 * Sends a request to a service and streams the answer to the caller, at the pace of the slower side.
 *
 * Resolves when the answer has been passed on or the caller has gone; a caller who goes ends the request to the
 * service. An answer that breaks off in the middle breaks off for the caller too.
 *
 * @throws Error of the connection or of the body if nothing of an answer has come yet
 */
export function exchange(
  { connections, circuit }: Way,
  request: UpstreamRequest,
  own: OwnAnswer,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const asker = new Exchange(own, circuit, resolve, reject)
    request.body?.on('error', (error) => {
      asker.giveUp(error)
    })
    connections.send(request, asker)
    asker.onSent()
  })
}

class Exchange implements Asker {
  readonly #response: ServerResponse
  readonly #own: readonly string[]
  readonly #circuit: Circuit
  readonly #resolve: () => void
  readonly #reject: (error: unknown) => void
  readonly #onClose = () => {
    if (this.#response.writableFinished) return
    this.#connection?.abandon()
    this.#tell('left')
    this.#leave()
    this.#resolve()
  }
  #connection: Connection | null = null
  #isAnswering = false
  #isOver = false
  #isPaused = false
  /** Whether the circuit waits to be told what has become of it. */
  #isAwaited = false
  #isOwnFault = false
  /** A short body as far as it has come; `null` where each part goes out as it comes. */
  #held: string | null = null

  constructor(
    { response, headers }: OwnAnswer,
    circuit: Circuit,
    resolve: () => void,
    reject: (error: unknown) => void,
  ) {
    this.#response = response
    this.#own = headers
    this.#circuit = circuit
    this.#resolve = resolve
    this.#reject = reject
    response.once('close', this.#onClose)
  }

  get isGone(): boolean {
    return this.#isOver || this.#response.destroyed
  }

  onSent(): void {
    if (this.#isOver) return
    this.#isAwaited = true
    this.#circuit.asked(performance.now())
  }

  /** The request cannot be sent whole. */
  giveUp(error: unknown): void {
    this.#isOwnFault = true
    if (this.#connection !== null) this.#connection.fail(error)
    else if (!this.#isOver) this.onError(error)
  }

  onStart(connection: Connection): void {
    this.#connection = connection
  }

  onHead(status: number, headers: readonly string[], length: number | null): void {
    this.#isAnswering = true
    this.#tell('answered')
    // Put together in the order that Node writes them in; the service's own word comes after ours.
    this.#response.writeHead(status, [...this.#own, ...answerHeaders(headers)])
    if (length !== null && length <= ONE_WRITE) this.#held = ''
  }

  onBody(part: string): void {
    if (this.#held !== null) this.#held += part
    else if (!this.#response.write(part, 'latin1') && !this.#isPaused) this.#pause()
  }

  onEnd(): void {
    this.#leave()
    // Text goes out in one piece with the head.
    if (this.#held === null || this.#held === '') this.#response.end()
    else this.#response.end(this.#held, 'latin1')
    this.#resolve()
  }

  onError(error: unknown): void {
    this.#tell(this.#isOwnFault ? 'left' : 'failed')
    this.#leave()
    if (this.#isAnswering) {
      this.#response.destroy()
      this.#resolve()
    } else this.#reject(error)
  }

  #tell(what: 'answered' | 'failed' | 'left'): void {
    if (!this.#isAwaited) return
    this.#isAwaited = false
    this.#circuit[what](performance.now())
  }

  #leave(): void {
    this.#isOver = true
    this.#connection = null
    this.#response.off('close', this.#onClose)
  }

  #pause(): void {
    this.#isPaused = true
    this.#connection?.pause()
    this.#response.once('drain', () => {
      this.#isPaused = false
      this.#connection?.resume()
    })
  }
}
