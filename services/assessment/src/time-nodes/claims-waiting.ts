import { someoneCan } from '@erp-steward/service-kit/someone-can'
import type { Wait, Waits } from '@erp-steward/service-kit/waits'
import { peopleOfInterest } from '../facts/interest.ts'
import { confirmBy } from './complete-time-node.ts'
import { TimeNodeEntity } from './time-node.ts'

/** Steps that the unit concerned says are finished, and nobody else has yet. Source. */
export const claimsWaiting: Waits = async (tx, { now }) => {
  const nodes = await tx.find(TimeNodeEntity, {
    where: { state: 'claimed' },
    order: { dueAt: 'asc', id: 'asc' },
  })
  const waits: Wait[] = []
  for (const node of nodes) {
    const { id, unitId, personId, completedByPersonId, completedByControllers } = node
    const isDecidable = await someoneCan(
      tx,
      'assessment',
      {
        permission: 'time-node.complete',
        isOfCompany: true,
        notPersonIds: [
          ...[completedByPersonId, ...completedByControllers],
          ...(await peopleOfInterest(tx, { personIds: [personId], unitIds: [unitId] }, now)),
        ],
        notUnitIds: [unitId],
      },
      now,
    )
    waits.push({
      ...{ kind: 'time-node.confirm', subject: id, permission: 'time-node.complete' as const },
      ...{ unitIds: [unitId], since: node.completedAt ?? node.plannedAt },
      ...{ expiresAt: confirmBy(node), isDecidable },
    })
  }
  return waits
}
