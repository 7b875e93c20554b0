/** When a change is to be carried out, as it was approved. */
export interface PlannedTime {
  readonly plannedStart: Date
  readonly plannedEnd: Date
}

/**
 * What keeps a change from starting at an instant, as a sentence; `null` in its planned time, which includes its start
 * and excludes its end. Also an emergency: it is planned for now. Source.
 */
export function objectionToTime(
  { plannedStart, plannedEnd }: PlannedTime,
  at: Date,
): string | null {
  if (at < plannedStart) return `The change is planned to start at ${plannedStart.toISOString()}.`
  return at < plannedEnd
    ? null
    : `The planned time of the change ended at ${plannedEnd.toISOString()}; plan another.`
}
