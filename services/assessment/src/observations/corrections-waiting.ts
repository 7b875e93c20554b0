import { someoneCan } from '@erp-steward/service-kit/someone-can'
import type { Wait, Waits } from '@erp-steward/service-kit/waits'
import { IsNull, Not } from 'typeorm'
import { CONFIRM_WITHIN_MS } from '../facts/confirm-within.ts'
import { peopleOfInterest } from '../facts/interest.ts'
import { ObservationEntity } from './observation.ts'

/** Corrections of data errors that the unit concerned tells, and nobody else has confirmed yet. Source. */
export const correctionsWaiting: Waits = async (tx, { now }) => {
  const errors = await tx.find(ObservationEntity, {
    where: {
      kind: 'data-error',
      standing: Not('voided'),
      correctedAt: Not(IsNull()),
      correctionConfirmedAt: IsNull(),
    },
    order: { recordedAt: 'asc', id: 'asc' },
  })
  const waits: Wait[] = []
  for (const error of errors) {
    const { id, unitId, personId, correctedByPersonId, correctedByControllers } = error
    const isDecidable = await someoneCan(
      tx,
      'assessment',
      {
        permission: 'observation.record',
        isOfCompany: true,
        notPersonIds: [
          ...[correctedByPersonId, ...correctedByControllers],
          ...(await peopleOfInterest(tx, { personIds: [personId], unitIds: [unitId] }, now)),
        ],
        notUnitIds: [unitId],
      },
      now,
    )
    // Then the own word no longer keeps it from being late.
    const expiresAt =
      error.dueAt === null ? null : new Date(error.dueAt.getTime() + CONFIRM_WITHIN_MS)
    waits.push({
      ...{ kind: 'correction.confirm', subject: id, permission: 'observation.record' as const },
      ...{ unitIds: [unitId], since: error.correctedAt ?? error.recordedAt },
      ...{ expiresAt, isDecidable },
    })
  }
  return waits
}
