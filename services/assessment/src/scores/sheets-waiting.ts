import { someoneCan } from '@erp-steward/service-kit/someone-can'
import type { Wait, Waits } from '@erp-steward/service-kit/waits'
import type { ScoreSheet } from './score-sheet.ts'

type Computed = Pick<
  ScoreSheet,
  'id' | 'computedAt' | 'computedByPersonId' | 'computedByControllers'
>

/** The newest revisions of months that another person than had them computed has to publish. Source: B-5.6. */
export const sheetsWaiting: Waits = async (tx, { now }) => {
  const sheets: Computed[] = await tx.query(`
    select id, computed_at as "computedAt", computed_by_person_id as "computedByPersonId",
           computed_by_controllers as "computedByControllers"
      from (select distinct on (month) * from score_sheet order by month, revision desc) newest
     where state = 'computed' order by computed_at, id`)
  const waits: Wait[] = []
  for (const { id, computedAt, computedByPersonId, computedByControllers } of sheets) {
    const isDecidable = await someoneCan(
      tx,
      'assessment',
      {
        permission: 'score.publish',
        isOfCompany: true,
        notPersonIds: [computedByPersonId, ...computedByControllers],
        notUnitIds: [],
      },
      now,
    )
    waits.push({
      ...{ kind: 'score-sheet.publish', subject: id, permission: 'score.publish' as const },
      ...{ unitIds: [], since: computedAt, expiresAt: null, isDecidable },
    })
  }
  return waits
}
