import { said, type Bilingual } from '@erp-steward/contracts/bilingual'

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
): Bilingual | null {
  if (at < plannedStart)
    return said(
      `The change is planned to start at ${plannedStart.toISOString()}.`,
      `该变更计划于 ${plannedStart.toISOString()} 开始。`,
    )
  return at < plannedEnd
    ? null
    : said(
        `The planned time of the change ended at ${plannedEnd.toISOString()}; plan another.`,
        `该变更的计划时间已于 ${plannedEnd.toISOString()} 结束；请另行计划。`,
      )
}
