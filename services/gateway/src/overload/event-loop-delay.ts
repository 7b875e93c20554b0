import { StandingDelay } from './rules/standing-delay.ts'

/** Pause between two looks in milliseconds. */
const EVERY_MS = 100

export interface EventLoopDelay {
  /** Milliseconds that whatever comes now has to wait, at least. */
  readonly ms: () => number
  readonly stop: () => void
}

/** Watches how late the event loop of this process is, which it shares with all services in the standalone host. */
export function watchEventLoop(): EventLoopDelay {
  const delay = new StandingDelay()
  let due = performance.now() + EVERY_MS
  const timer = setInterval(() => {
    const now = performance.now()
    delay.note(Math.max(0, now - due))
    due = now + EVERY_MS
  }, EVERY_MS).unref()
  return {
    ms: () => delay.ms,
    stop: () => {
      clearInterval(timer)
    },
  }
}
