/** Minutes for which a new secret can be confirmed: as long as it takes to find the telephone. */
const MINUTES = 15

/** First instant at which a secret that was made at `startedAt` is good for nothing. */
export function beginsUntil(startedAt: Date): Date {
  return new Date(startedAt.getTime() + MINUTES * 60_000)
}
