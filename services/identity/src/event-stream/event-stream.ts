import { Readable } from 'node:stream'
import type { FactsFor } from './facts-for.ts'
import { firstFrame, frame, positionFrame } from './rules/frame.ts'

/** How long a reader waits before it comes back, in milliseconds. */
const RETRY_MS = 1_000
/** What waits in memory for one reader, in bytes; with it at most one fact more. */
const BUFFER_BYTES = 65_536
/** How long the word of the end waits for a reader who takes nothing, in milliseconds. */
const LAST_WORD_MS = 500

/** Why the stream of a reader ended; a reader comes back with the id of the last frame it has. */
export type StreamEnd =
  'token-revoked' | 'token-expired' | 'reader-too-slow' | 'closing' | 'unavailable'

/**
 * What one reader is told, as server-sent events, at the reader's pace: facts are read when there is room for them, so a
 * reader who is slow is behind and costs no memory.
 */
export class EventStream extends Readable {
  readonly #factsAfter: (position: number) => Promise<FactsFor>
  readonly #onFailure: (error: unknown) => void
  #position: number
  #hasRoom = true
  #isReading = false
  /** Woken while it read. */
  #isWokenAgain = false
  #isOver = false
  /** Of the process's own clock, in milliseconds: since when there is no room, and when something was last said. */
  #fullSince: number | null = null
  #saidAt = performance.now()

  /** Begins behind the fact with the number `position`; `onFailure` is told of a reading that failed and is tried again. */
  constructor(
    position: number,
    factsAfter: (position: number) => Promise<FactsFor>,
    onFailure: (error: unknown) => void,
  ) {
    super({ highWaterMark: BUFFER_BYTES })
    this.#position = position
    this.#factsAfter = factsAfter
    this.#onFailure = onFailure
    this.#say(firstFrame(position, RETRY_MS))
  }

  /** Since how long the reader has taken nothing though there is something, in milliseconds; 0: it keeps up. */
  get stalledMs(): number {
    return this.#fullSince === null ? 0 : performance.now() - this.#fullSince
  }

  /** Since how long nothing was said, in milliseconds. */
  get quietMs(): number {
    return performance.now() - this.#saidAt
  }

  override _read(): void {
    this.#hasRoom = true
    this.#fullSince = null
    this.wake()
  }

  /** There may be more to tell. */
  wake(): void {
    if (this.#isOver || !this.#hasRoom) return
    if (this.#isReading) {
      this.#isWokenAgain = true
      return
    }
    this.#isReading = true
    this.#isWokenAgain = false
    this.#tell()
      .catch((error: unknown) => {
        this.#onFailure(error)
      })
      .finally(() => {
        this.#isReading = false
        if (this.#isWokenAgain) this.wake()
      })
  }

  /** Says that it is still there, and where the reader stands. */
  beat(): void {
    if (this.#hasRoom && !this.#isOver) this.#say(positionFrame(this.#position))
  }

  /** Says why, and ends; a reader who takes nothing is not waited for. */
  endFor(reason: StreamEnd, detail: string): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#say(frame(this.#position, 'end', JSON.stringify({ reason, detail })))
    this.push(null)
    const last = setTimeout(() => this.destroy(), LAST_WORD_MS)
    this.once('close', () => {
      clearTimeout(last)
    })
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#isOver = true
    done(error)
  }

  async #tell(): Promise<void> {
    for (;;) {
      const from = this.#position
      const { facts, through } = await this.#factsAfter(from)
      for (const { seq, type, envelope } of facts) {
        if (this.#isOver || !this.#hasRoom) return
        this.#position = seq
        this.#say(frame(seq, type, envelope))
      }
      if (this.#isOver) return
      this.#position = Math.max(this.#position, through)
      if (this.#position === from || !this.#hasRoom) return
    }
  }

  #say(text: string): void {
    this.#saidAt = performance.now()
    if (this.push(text)) return
    this.#hasRoom = false
    this.#fullSince ??= performance.now()
  }
}
