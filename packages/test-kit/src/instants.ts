/** Milliseconds. */
export const SECOND = 1_000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

/** That many milliseconds after an instant. */
export function after(instant: Date | string, ms: number): Date {
  return new Date(new Date(instant).getTime() + ms)
}
