import type { AlertLevel } from '../../alerts/rules/alert-machine.ts'

/** What decides whether a sample may still change an item. */
export interface ItemState {
  readonly verdict: 'normal' | 'abnormal' | null
  readonly recordedAt: Date | null
  readonly overruledLevel: AlertLevel | null
}

/**
 * Whether a sample of this level changes the item: nobody has spoken yet and it is not known to be bad, or the sample is
 * graver than what was recorded as normal or overruled. Source.
 */
export function isOpenToSamples(
  { verdict, recordedAt, overruledLevel }: ItemState,
  level: AlertLevel | null,
): boolean {
  if (verdict === 'abnormal') return false
  if (overruledLevel !== null) return overruledLevel === 'warning' && level === 'critical'
  return recordedAt === null || level !== null
}
