import { Connection, type Asker, type ConnectionOwner, type Sent } from './connection.ts'
import { requestHead, type RequestHead } from './request-head.ts'
import type { Readable } from 'node:stream'

/** Connections at once; more requests than these wait. */
const MOST = 128
/** Milliseconds after which a connection that nobody needs is ended: sooner than the services do it. */
const IDLE_MS = 10_000
/** Longest tick in milliseconds; shorter timeouts have ticks of an eighth of them. */
const TICK_MS = 1_000

/** A request for a service. */
export interface UpstreamRequest extends RequestHead {
  readonly body: Readable | null
}

interface Waiting {
  readonly sent: Sent
  readonly asker: Asker
}

/** The connections to one service. The one used last is used next, so that few are open when little is asked. */
export class Connections implements ConnectionOwner {
  readonly #url: URL
  readonly #tickMs: number
  readonly #mostAsked: number
  readonly #mostIdle: number
  readonly #mostPaused: number
  readonly #open = new Set<Connection>()
  readonly #free: Connection[] = []
  readonly #waiting: Waiting[] = []
  #ticking: NodeJS.Timeout | undefined
  #isClosed = false

  /**
   * `timeoutMs`: longest wait for the head of an answer, and between two parts of its body; at most an eighth more.
   * `pausedMs`: how long a caller may take nothing of an answer; default: for ever.
   */
  constructor(url: string, timeoutMs: number, pausedMs = Infinity) {
    this.#url = new URL(url)
    this.#tickMs = Math.min(TICK_MS, Math.ceil(timeoutMs / 8))
    this.#mostAsked = Math.ceil(timeoutMs / this.#tickMs)
    this.#mostIdle = Math.ceil(IDLE_MS / this.#tickMs)
    this.#mostPaused = Math.ceil(pausedMs / this.#tickMs)
  }

  /**
   * Sends a request as soon as there is a connection, and tells `asker` what becomes of it.
   *
   * @throws RangeError when the request cannot be sent as it is
   */
  send(request: UpstreamRequest, asker: Asker): void {
    const { method, body, length } = request
    const head = requestHead(this.#url.host, request)
    if (this.#isClosed) {
      asker.onError(closed())
      return
    }
    this.#waiting.push({ sent: { method, head, body, isChunked: length === null }, asker })
    // What has come together with the request is heard first: it may be the end of the connection that is next.
    if (this.#waiting.length === 1) setImmediate(this.#serve)
  }

  /** Ends all connections; who still asks is told so. */
  close(): void {
    this.#isClosed = true
    for (const { asker } of this.#waiting.splice(0)) asker.onError(closed())
    for (const connection of this.#open) connection.fail(closed())
  }

  onFree(connection: Connection): void {
    this.#free.push(connection)
    this.#serve()
  }

  onGone(connection: Connection): void {
    this.#open.delete(connection)
    this.#serve()
    if (this.#open.size > 0) return
    clearInterval(this.#ticking)
    this.#ticking = undefined
  }

  /** Gives connections to those who wait, as far as there are any. */
  readonly #serve = () => {
    while (this.#waiting.length > 0) {
      const connection = this.#takeFree() ?? this.#more()
      if (connection === null) return
      const next = this.#nextWaiting()
      if (next === undefined) this.#free.push(connection)
      else connection.ask(next.sent, next.asker)
    }
  }

  /** One that is still open; `null` when there is none. */
  #takeFree(): Connection | null {
    for (let last = this.#free.pop(); last !== undefined; last = this.#free.pop())
      if (last.isOpen) return last
    return null
  }

  /** `null` when there are as many as may be. */
  #more(): Connection | null {
    if (this.#open.size >= MOST) return null
    const connection = new Connection(this.#url, this)
    this.#open.add(connection)
    this.#ticking ??= setInterval(() => {
      for (const each of this.#open) each.tick(this.#mostAsked, this.#mostIdle, this.#mostPaused)
    }, this.#tickMs).unref()
    return connection
  }

  /** Who has waited longest and still wants an answer. */
  #nextWaiting(): Waiting | undefined {
    let next = this.#waiting.shift()
    while (next?.asker.isGone === true) next = this.#waiting.shift()
    return next
  }
}

const closed = () => new Error('The gateway is closing.')
