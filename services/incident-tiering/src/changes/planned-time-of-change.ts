import { said, type Bilingual } from '@erp-steward/contracts/bilingual'
import { durationMs } from '@erp-steward/regulation/duration'
import { readParameter } from '@erp-steward/service-kit/parameters'
import type { EntityManager } from 'typeorm'
import type { PlannedTime } from './rules/planned-time.ts'

/** How long a planned time may be at most. */
export const LONGEST_PLANNED_TIME = 'incident.change.planned_time'

/** When a change may start as far as its plan goes, and under which version of the parameter. */
export interface PlannedTimeOfChange extends PlannedTime {
  readonly versions: Readonly<Record<string, number>>
}

/**
 * The planned time as it counts: a longer one, of before the parameter or of before it was lowered, ends where the longest
 * would. Source.
 */
export async function plannedTimeOfChange(
  tx: EntityManager,
  { unitId, plannedStart, plannedEnd }: PlannedTime & { readonly unitId: string },
  now: Date,
): Promise<PlannedTimeOfChange> {
  const { value, version } = await readParameter(tx, LONGEST_PLANNED_TIME, unitId, now)
  const latestEnd = new Date(plannedStart.getTime() + durationMs(value))
  return {
    plannedStart,
    plannedEnd: plannedEnd < latestEnd ? plannedEnd : latestEnd,
    versions: { [LONGEST_PLANNED_TIME]: version },
  }
}

/** What is wrong with the length of a planned time, as a sentence; `null` when it is not too long. Source. */
export async function objectionToLength(
  tx: EntityManager,
  planned: PlannedTime & { readonly unitId: string },
  now: Date,
): Promise<Bilingual | null> {
  const { plannedEnd } = await plannedTimeOfChange(tx, planned, now)
  return planned.plannedEnd <= plannedEnd
    ? null
    : said(
        `By ${LONGEST_PLANNED_TIME} the planned time ends by ${plannedEnd.toISOString()}; plan a shorter one.`,
        `按 ${LONGEST_PLANNED_TIME}，计划时间须在 ${plannedEnd.toISOString()} 前结束；请缩短计划时间。`,
      )
}
