import { connect, isIP, type Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import { AnswerReader, type AnswerListener } from './answer-reader.ts'

/** A request as it goes out. */
export interface Sent {
  readonly method: string
  /** As `requestHead` writes it. */
  readonly head: string
  readonly body: Readable | null
  readonly isChunked: boolean
}

/** Who asks a service, is told of the answer and sets its pace. */
export interface Asker extends AnswerListener {
  /** Whether nobody wants the answer any more. */
  readonly isGone: boolean
  /** The request leaves by `connection`. */
  onStart(connection: Connection): void
  /** Once, instead of `onEnd`: why there is no whole answer. */
  onError(error: unknown): void
}

/** What the owner of a connection is told. */
export interface ConnectionOwner {
  /** An answer is whole, and the next request may go. */
  onFree(connection: Connection): void
  /** It has ended, for whatever reason. */
  onGone(connection: Connection): void
}

/** There was no connection in time, so nothing of a request has left. */
export class NoConnection extends Error {
  readonly code = 'ETIMEDOUT'
}

/** A service said nothing for too long. */
export class UpstreamSilent extends Error {
  readonly code = 'UPSTREAM_SILENT'
}

/** A caller took nothing of an answer for too long. */
export class ReaderStalled extends Error {
  readonly code = 'READER_STALLED'
}

/** Longest wait for a connection in milliseconds; services are near. */
const CONNECT_MS = 2_000
/** Bytes read at once, for which each connection has its room: nearly all answers come in one piece. */
const READ_BYTES = 16_384

/**
 * One HTTP/1.1 connection to a service, which carries a request at a time.
 *
 * It reads into one buffer of its own and keeps no clock: the owner's `tick` counts how long it is silent.
 */
export class Connection {
  readonly #socket: Socket
  readonly #owner: ConnectionOwner
  readonly #reader = new AnswerReader()
  #asker: Asker | null = null
  /** What is still being sent. */
  #body: Readable | null = null
  #isPaused = false
  #silentTicks = 0
  #error: Error | null = null

  constructor(url: URL, owner: ConnectionOwner) {
    this.#owner = owner
    this.#socket = open(url, (text) => {
      this.#hear(text)
    })
      .on('drain', () => this.#body?.resume())
      .on('end', () => {
        this.#hearEnd()
      })
      .on('error', (error) => {
        this.#error = error
      })
      .on('close', () => {
        this.fail(this.#error ?? new Error('The service ended the connection.'))
        owner.onGone(this)
      })
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed
  }

  /** Sends a request; only while no other is under way. */
  ask({ method, head, body, isChunked }: Sent, asker: Asker): void {
    this.#asker = asker
    this.#silentTicks = 0
    this.#reader.expect(method, asker)
    asker.onStart(this)
    this.#socket.write(head, 'latin1')
    if (body !== null) this.#send(body, isChunked)
  }

  /** Reads no further until `resume`. */
  pause(): void {
    this.#isPaused = true
    this.#silentTicks = 0
    this.#socket.pause()
  }

  resume(): void {
    this.#isPaused = false
    this.#silentTicks = 0
    this.#socket.resume()
  }

  /** Ends the connection; who asks is told why. */
  fail(error: unknown): void {
    const asker = this.#asker
    this.#asker = null
    this.#end()
    if (!this.#reader.isBetween) asker?.onError(error)
  }

  /** Ends the connection; whoever asks is not told. */
  abandon(): void {
    this.#asker = null
    this.#end()
  }

  /**
   * Counts another tick of silence, and ends what has been silent for more than so many while it had to speak, was idle, or
   * waited for a caller who takes nothing.
   */
  tick(mostAsked: number, mostIdle: number, mostPaused: number): void {
    this.#silentTicks += 1
    if (this.#asker === null) {
      if (this.#silentTicks > mostIdle) this.#end()
      return
    }
    if (this.#isPaused && this.#silentTicks > mostPaused) {
      this.fail(new ReaderStalled('The caller took nothing for too long.'))
      return
    }
    // A caller who sends or takes slowly is not the service's fault.
    const waitsForCaller =
      this.#isPaused || (this.#body !== null && !this.#socket.writableNeedDrain)
    if (this.#silentTicks > mostAsked && !waitsForCaller)
      this.fail(new UpstreamSilent('The service said nothing for too long.'))
  }

  #send(body: Readable, isChunked: boolean): void {
    const socket = this.#socket
    this.#body = body
    body.on('data', (chunk: Buffer) => {
      this.#silentTicks = 0
      if (isChunked) {
        socket.cork()
        socket.write(`${chunk.length.toString(16)}\r\n`, 'latin1')
        socket.write(chunk)
        socket.write('\r\n', 'latin1')
        socket.uncork()
      } else socket.write(chunk)
      if (socket.writableNeedDrain) body.pause()
    })
    body.once('end', () => {
      this.#silentTicks = 0
      this.#body = null
      if (isChunked) socket.write('0\r\n\r\n', 'latin1')
    })
  }

  #hear(text: string): void {
    this.#silentTicks = 0
    try {
      this.#reader.read(text)
    } catch (error) {
      this.fail(error)
      return
    }
    if (this.#reader.isBetween) this.#answered()
  }

  #hearEnd(): void {
    try {
      this.#reader.end()
    } catch (error) {
      this.fail(error)
      return
    }
    this.#end()
  }

  #answered(): void {
    this.#asker = null
    // A service may answer before it has read the body; what is left of it belongs to nobody.
    if (this.#body !== null || !this.#reader.keepsOpen) this.#end()
    else {
      if (this.#isPaused) this.resume()
      this.#owner.onFree(this)
    }
  }

  #end(): void {
    this.#body?.destroy()
    this.#body = null
    this.#socket.destroy()
  }
}

/** A connection to a service that passes on what it hears as latin1 text. */
function open(url: URL, hear: (text: string) => void): Socket {
  const isTls = url.protocol === 'https:'
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const port = Number(url.port === '' ? (isTls ? 443 : 80) : url.port)
  let socket: Socket
  if (isTls)
    socket = connectTls({ host, port, ...(isIP(host) === 0 && { servername: host }) }).on(
      'data',
      (chunk: Buffer) => {
        hear(chunk.toString('latin1'))
      },
    )
  else {
    const buffer = Buffer.allocUnsafeSlow(READ_BYTES)
    const callback = (length: number) => {
      hear(buffer.toString('latin1', 0, length))
      return true
    }
    socket = connect({ host, port, noDelay: true, onread: { buffer, callback } })
  }
  socket.setTimeout(CONNECT_MS, () => {
    socket.destroy(new NoConnection('The service could not be reached in time.'))
  })
  return socket.once(isTls ? 'secureConnect' : 'connect', () => {
    socket.setTimeout(0)
  })
}
