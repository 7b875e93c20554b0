/** Chinese time is eight hours ahead of UTC all year. */
const ZONE_MS = 8 * 3_600_000
const DAY_MS = 86_400_000

/** The calendar day in China, `2026-11-22`. */
export function dayInChina(at: Date): string {
  return new Date(at.getTime() + ZONE_MS).toISOString().slice(0, 10)
}

/** The instant of a time of day (`09:30`) on a calendar day in China. */
export function instantInChina(day: string, timeOfDay: string): Date {
  return new Date(Date.parse(`${day}T${timeOfDay}:00Z`) - ZONE_MS)
}

/** Days from the first calendar day to the second; negative when the second is earlier. */
export function daysBetween(from: string, to: string): number {
  return (Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / DAY_MS
}
