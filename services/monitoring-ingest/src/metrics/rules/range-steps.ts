/** Most points over all series of one answer. */
export const MAX_POINTS = 20_000
/** Most series of one answer. */
export const MAX_SERIES = 100

/** How many steps lie in the range `[from, to)`; the last may be shorter. */
export function stepsIn(fromMs: number, toMs: number, stepSeconds: number): number {
  return Math.max(0, Math.ceil((toMs - fromMs) / (stepSeconds * 1_000)))
}
