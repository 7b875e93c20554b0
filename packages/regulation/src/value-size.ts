import { durationParts, nominalSeconds } from './duration.ts'

/**
 * A value as a number, to compare it with another of its parameter: numbers as they are, lengths of time in seconds,
 * times of day in minutes; `undefined` for what has no size.
 */
export function valueSize(value: unknown): number | undefined {
  if (typeof value === 'number') return value
  if (typeof value !== 'string') return undefined
  const clock = /^(\d\d):(\d\d)$/.exec(value)
  if (clock !== null) return Number(clock[1]) * 60 + Number(clock[2])
  const parts = durationParts(value)
  return parts && nominalSeconds(parts)
}
