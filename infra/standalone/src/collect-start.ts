/** By then what a start leaves to do is done, and what only it needed is garbage. */
const START_OVER_MS = 60_000

/**
 * Collects once, thoroughly, what the start left. A process at rest makes no garbage, so it would collect none for hours and
 * keep what a start needs besides: a fifth of its heap, and code that nobody calls again.
 *
 * Only where Node was told to show its collector (`--expose-gc`, as `scripts/run.mjs` does).
 */
export function collectStart(afterMs = START_OVER_MS): void {
  setTimeout(() => {
    globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' })
  }, afterMs).unref()
}
