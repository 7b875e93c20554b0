/** First pause after a failed try, in milliseconds; doubled each time, at most an hour. */
const FIRST_PAUSE_MS = 15_000
const LONGEST_PAUSE_MS = 3_600_000

/** For how long a fact is tried before it is given up, in milliseconds: a day. Own choice. */
const TRIED_FOR_MS = 24 * 3_600_000

/**
 * When a fact is tried again after the n-th failed try; `null` when the next one would come a day after it was queued: it is
 * given up.
 */
export function nextTryAt(attempt: number, queuedAt: Date, now: Date): Date | null {
  const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), LONGEST_PAUSE_MS)
  const at = now.getTime() + pauseMs
  return at > queuedAt.getTime() + TRIED_FOR_MS ? null : new Date(at)
}
