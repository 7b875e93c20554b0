/** Leases that a task gets before it waits for a person. */
export const MOST_ATTEMPTS = 5

/** Pause after the first failed try, doubled each time, in milliseconds. */
const FIRST_PAUSE_MS = 60_000
/** Longest pause between two tries, in milliseconds. */
const LONGEST_PAUSE_MS = 3_600_000

/** When a task that was tried `attempts` times may be tried again; `null` when a person must look. */
export function nextTryAt(attempts: number, now: Date): Date | null {
  if (attempts >= MOST_ATTEMPTS) return null
  const pause = Math.min(FIRST_PAUSE_MS * 2 ** (attempts - 1), LONGEST_PAUSE_MS)
  return new Date(now.getTime() + pause)
}
