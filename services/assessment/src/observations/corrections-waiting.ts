import { someoneCan } from '@erp-steward/service-kit/someone-can'
import type { Wait, Waits } from '@erp-steward/service-kit/waits'
import { IsNull, Not } from 'typeorm'
import { peopleLatelyOf } from '../facts/interest.ts'
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
          ...[personId, correctedByPersonId, ...correctedByControllers],
          ...(await peopleLatelyOf(tx, [unitId], now)),
        ],
        notUnitIds: [unitId],
      },
      now,
    )
    waits.push({
      ...{ kind: 'correction.confirm', subject: id, permission: 'observation.record' as const },
      ...{ unitIds: [unitId], since: error.correctedAt ?? error.recordedAt },
      ...{ expiresAt: null, isDecidable },
    })
  }
  return waits
}
