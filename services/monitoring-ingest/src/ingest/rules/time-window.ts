/**
 * Oldest sample taken, in milliseconds: what a Prometheus keeps for sending when we were away, which is two hours.
 * Source: https://prometheus.io/docs/practices/remote_write/
 */
export const LATE_MS = 2 * 3_600_000
/** How far ahead of ours a source's clock may be, in milliseconds. */
export const AHEAD_MS = 10 * 60_000

/** Why a sample at `atMs` is refused at `nowMs`; `null` when it is taken. Both ends of the window are inside. */
export function timeFault(atMs: number, nowMs: number): 'too-old' | 'in-the-future' | null {
  if (atMs < nowMs - LATE_MS) return 'too-old'
  return atMs > nowMs + AHEAD_MS ? 'in-the-future' : null
}
