import { setTimeout as sleep } from 'node:timers/promises'

export interface Waiter {
  /** Waits so many milliseconds; `false` at once when everybody is to stop. */
  readonly pause: (ms: number) => Promise<boolean>
  /** Ends every wait, now and later. */
  readonly stop: () => void
}

/** Waits that can all be ended together. */
export function waiter(): Waiter {
  const ended = new AbortController()
  return {
    pause: (ms) => sleep(ms, true, { signal: ended.signal }).catch(() => false),
    stop: () => {
      ended.abort()
    },
  }
}
