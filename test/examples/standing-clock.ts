/**
 * Makes the clock of this process stand: `new Date()` and `Date.now()` answer what was said last, so that what is
 * played twice happens at the same moments. Answers how it is set, and how it goes on.
 */
export function standingClock(beginning: Date): { set(now: Date): void; release(): void } {
  const RealDate = globalThis.Date
  let standing = beginning.getTime()
  class StandingDate extends RealDate {
    constructor(...given: [] | [value: number | string | Date]) {
      if (given.length === 0) super(standing)
      else super(...given)
    }

    static override now(): number {
      return standing
    }

    // What was made before the clock stood is a date, too.
    static override [Symbol.hasInstance](value: unknown): boolean {
      return value instanceof RealDate
    }
  }
  globalThis.Date = StandingDate as DateConstructor
  return {
    set(now) {
      standing = now.getTime()
    },
    release() {
      globalThis.Date = RealDate
    },
  }
}
