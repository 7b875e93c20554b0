/** Exchanges in a row that fail before a service is cut off. */
const FAILURES = 5
/** Requests that wait for a service that says nothing at all, before it is cut off. */
const UNANSWERED = 16
/** First and longest time in milliseconds until a service that was cut off is asked whether it can work. */
const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 5_000

export type CircuitState = 'closed' | 'open' | 'half-open'

/**
 * Whether requests are passed on to a service. One that fails again and again, or keeps everybody waiting, is cut off, so that
 * its callers are told at once, and are not in the way of those of other services. Then the gateway itself asks it, after
 * ever longer pauses, and lets requests through again when it can work.
 *
 * What counts is what happens to the exchange: an answer is an answer, whatever its status. Instants are milliseconds of
 * one clock that never goes back.
 */
export class Circuit {
  readonly #stallMs: number
  #state: CircuitState = 'closed'
  #failures = 0
  #waiting = 0
  /** Since when nothing has been heard, while somebody waited. */
  #quietSince = 0
  #pauseMs = FIRST_PAUSE_MS
  #askAt = 0

  /** `stallMs`: how long a service may say nothing while many wait. */
  constructor(stallMs: number) {
    this.#stallMs = stallMs
  }

  get state(): CircuitState {
    return this.#state
  }

  /** Milliseconds until it is worth coming again; 0: requests go through. */
  waitMs(now: number): number {
    if (
      this.#state === 'closed' &&
      this.#waiting >= UNANSWERED &&
      now - this.#quietSince >= this.#stallMs
    )
      this.#open(now)
    if (this.#state === 'closed') return 0
    return Math.max(1, this.#askAt - now)
  }

  /** A request is on its way to the service. */
  asked(now: number): void {
    if (this.#waiting === 0) this.#quietSince = now
    this.#waiting += 1
  }

  /** The service has begun to answer a request. */
  answered(now: number): void {
    this.#waiting -= 1
    this.#quietSince = now
    this.#failures = 0
  }

  /** Nobody wants the answer any more, for a reason that is not the service's. */
  left(): void {
    this.#waiting -= 1
  }

  /** The service has failed a request. */
  failed(now: number): void {
    this.#waiting -= 1
    this.#failures += 1
    if (this.#state === 'closed' && this.#failures >= FAILURES) this.#open(now)
  }

  /** Whether the service shall be asked now whether it can work; who asks tells `heard` what it said. */
  takeQuestion(now: number): boolean {
    if (this.#state !== 'open' || now < this.#askAt) return false
    this.#state = 'half-open'
    return true
  }

  heard(canWork: boolean, now: number): void {
    if (canWork) {
      this.#state = 'closed'
      this.#failures = 0
      this.#quietSince = now
      this.#pauseMs = FIRST_PAUSE_MS
    } else {
      this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS)
      this.#open(now)
    }
  }

  #open(now: number): void {
    this.#state = 'open'
    this.#askAt = now + this.#pauseMs
  }
}
