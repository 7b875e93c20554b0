/** Tries before a message is given up: with the pauses below about two hours for a mail, and a day for a call. Own choice. */
export const MAX_ATTEMPTS = { mail: 10, webhook: 32 } as const

/** Failed tries after which others are told instead: under a minute with the pauses below. Own choice. */
export const FALL_BACK_AFTER = 3

/** First pause after a failed try, in milliseconds; doubled each time, at most an hour. */
const FIRST_PAUSE_MS = 15_000

/** Pause after the n-th failed try in milliseconds, `null` when the message is given up. */
export function pauseAfter(attempt: number, channel: keyof typeof MAX_ATTEMPTS): number | null {
  if (attempt >= MAX_ATTEMPTS[channel]) return null
  return Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), 3_600_000)
}
