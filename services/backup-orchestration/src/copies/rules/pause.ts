const MINUTE = 60_000

/** Tries of a copy to the other site before it is given up: with the pauses between them some twenty hours. */
export const MOST_TRIES = 12

/** How long to wait after that many failed tries, milliseconds: one minute, doubled each time, four hours at most. */
export function pauseAfter(tries: number): number {
  return Math.min(MINUTE * 2 ** (tries - 1), 240 * MINUTE)
}
