import { defineTask } from '@erp-steward/service-kit/jobs'
import { readParameter } from '@erp-steward/service-kit/parameters'
import { Type } from 'typebox'
import { IsNull, Not } from 'typeorm'
import { companyDeadline } from '../deadlines/company-deadline.ts'
import { beginFacts } from '../facts/fact-order.ts'
import { stateLateCorrections } from './late-correction.ts'
import { ObservationEntity } from './observation.ts'

/** Errors looked at in one run; what is left waits a day. */
const MOST = 1_000

/**
 * Each day: gives the data errors that have no due date, because the holidays of a year were not known, the true one once
 * they are; one that was corrected after it meanwhile was late. Without this they would never be late. Source.
 */
export const settleDueDates = defineTask(
  'settle-due-dates',
  Type.Object({}),
  async (tx, _, act) => {
    await beginFacts(tx)
    const open = await tx.find(ObservationEntity, {
      where: { dueFault: Not(IsNull()), standing: Not('voided') },
      order: { id: 'asc' },
      take: MOST,
      lock: { mode: 'pessimistic_write' },
    })
    for (const error of open) {
      const { id, unitId, recordedAt, foundAt, correctedAt } = error
      // Values are never set back in time, so this is the one of its recording.
      const { value } = await readParameter(tx, 'assessment.error.fix_within', unitId, recordedAt)
      const { dueAt, fault } = companyDeadline(value, foundAt)
      if (dueAt === null) continue
      await tx.update(ObservationEntity, { id }, { dueAt, dueFault: fault })
      if (correctedAt !== null && correctedAt > dueAt)
        await stateLateCorrections(tx, [{ ...error, dueAt }], act)
    }
  },
)
