const FIRST_MS = 500
const LONGEST_MS = 30_000

/**
 * How long to wait after the `failures`th failure in a row (from 1): doubles from half a second to half a minute, and
 * a random half of it is left out, so that many agents do not come back at once.
 *
 * `chance` is within 0..1.
 */
export function backoffMs(failures: number, chance: number): number {
  const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 10))
  return Math.round(full * (1 - chance / 2))
}
