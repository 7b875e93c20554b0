import { setTimeout as sleep } from 'node:timers/promises'

/** Milliseconds between two looks while a worker waits for a task. */
const LOOK_MS = 500

/**
 * What `look` finds, waiting for it at most `waitMs` milliseconds; nothing when `signal` ends the wait. A worker that waits here
 * gets a task at once, and does not have to ask again and again.
 */
export async function awaitTasks<Task>(
  look: () => Promise<Task[]>,
  waitMs: number,
  signal: AbortSignal,
): Promise<Task[]> {
  const until = performance.now() + waitMs
  for (;;) {
    const found = await look()
    const leftMs = until - performance.now()
    if (found.length > 0 || leftMs <= 0) return found
    await sleep(Math.min(LOOK_MS, leftMs), undefined, { signal }).catch(() => undefined)
    // Whoever is gone would hold the task until the lease ends.
    if (signal.aborted) return []
  }
}
