import { durationParts } from '@erp-steward/regulation/duration'

/** China has been at UTC+8 without summer time since 1992. */
const ZONE_MS = 8 * 3_600_000
const DAY_MS = 86_400_000

/**
 * When the next review of a kind falls due: a period of days, months or years after the day in China on which the last one
 * began, at its midnight, so that the hour at which a job ran moves nothing; a month that lacks the day ends it. A period
 * with hours counts from the instant.
 *
 * @param period an ISO 8601 duration, such as `P3M`
 * @throws RangeError if the text is none
 */
export function nextReviewAt(lastAt: Date, period: string): Date {
  const parts = durationParts(period)
  if (parts === undefined) throw new RangeError(`"${period}" is not an ISO 8601 duration`)
  const { years, months, weeks, days, hours, minutes, seconds } = parts
  const exactMs = ((hours * 60 + minutes) * 60 + seconds) * 1_000
  const local = new Date(lastAt.getTime() + ZONE_MS)
  if (exactMs === 0) local.setUTCHours(0, 0, 0, 0)
  const day = local.getUTCDate()
  local.setUTCDate(1)
  local.setUTCMonth(local.getUTCMonth() + years * 12 + months)
  const last = new Date(Date.UTC(local.getUTCFullYear(), local.getUTCMonth() + 1, 0)).getUTCDate()
  local.setUTCDate(Math.min(day, last))
  return new Date(local.getTime() + (weeks * 7 + days) * DAY_MS + exactMs - ZONE_MS)
}
