/** Looks in a row that all have to be late: one long turn is a pause, four are a queue that stands. */
const LOOKS = 4

/** How late the event loop is, of the looks at it, in milliseconds. */
export class StandingDelay {
  readonly #latest: number[] = []

  note(delayMs: number): void {
    this.#latest.push(delayMs)
    if (this.#latest.length > LOOKS) this.#latest.shift()
  }

  /** The least of the last looks, 0 while there are too few: what nobody who comes can get around. */
  get ms(): number {
    return this.#latest.length < LOOKS ? 0 : Math.min(...this.#latest)
  }
}
