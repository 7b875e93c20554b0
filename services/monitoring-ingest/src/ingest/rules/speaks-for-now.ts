/** Oldest sample that speaks for now, in milliseconds: "real time" is some turns of an agent. Own choice. */
export const NOW_MS = 5 * 60_000
/**
 * How far ahead of ours the clock of a source may be for its samples to speak for now, in milliseconds. Ingest takes
 * more, so that nothing is lost; but a source ten minutes ahead would seem alive for ten minutes after its end.
 */
export const SKEW_MS = 60_000

/** The sample times that speak for `now`, both ends inside: neither sent after the event nor dated ahead. */
export function speaksForNow(now: Date): { readonly from: Date; readonly to: Date } {
  return { from: new Date(now.getTime() - NOW_MS), to: new Date(now.getTime() + SKEW_MS) }
}
