import { addPeriod } from '@erp-steward/regulation/add-period'
import { durationParts } from '@erp-steward/regulation/duration'
import { chinaDay, startOfChinaDay } from '../../people/rules/china-day.ts'

/**
 * When the next review of a kind falls due: a period of days, months or years after the day in China on which the last one
 * began, at its midnight, so that the hour at which a job ran moves nothing. A period with hours counts from the instant.
 *
 * @param period an ISO 8601 duration, such as `P3M`
 * @throws RangeError if the text is none
 */
export function nextReviewAt(lastAt: Date, period: string): Date {
  const parts = durationParts(period)
  if (parts === undefined) throw new RangeError(`"${period}" is not an ISO 8601 duration`)
  if (parts.hours + parts.minutes + parts.seconds > 0) return addPeriod(lastAt, period)
  // Counted on dates, for midnight in China is the day before in UTC.
  const day = addPeriod(new Date(`${chinaDay(lastAt)}T00:00:00Z`), period)
  return startOfChinaDay(day.toISOString().slice(0, 10))
}
