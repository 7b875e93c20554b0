import { someoneCan } from '@erp-steward/service-kit/someone-can'
import type { Wait, Waits } from '@erp-steward/service-kit/waits'
import { ChangeEntity } from './change.ts'

/** Changes that were carried out and that neither requester nor executor has to look back at. Source. */
export const reviewsWaiting: Waits = async (tx, { now }) => {
  const changes = await tx.find(ChangeEntity, {
    where: { state: 'finished' },
    order: { submittedAt: 'asc', id: 'asc' },
  })
  const waits: Wait[] = []
  for (const { id, unitId, executorPersonId, requesterPersonId, submittedAt } of changes) {
    const reviewer = {
      permission: 'change.review' as const,
      notPersonIds: [executorPersonId, requesterPersonId],
      notUnitIds: [],
    }
    const isDecidable =
      (await someoneCan(tx, 'incident-tiering', { ...reviewer, isOfCompany: true }, now)) ||
      (await someoneCan(tx, 'incident-tiering', { ...reviewer, isOfCompany: false, unitId }, now))
    waits.push({
      ...{ kind: 'change.review', subject: id, permission: reviewer.permission },
      ...{ unitIds: [unitId], since: submittedAt, expiresAt: null, isDecidable },
    })
  }
  return waits
}
