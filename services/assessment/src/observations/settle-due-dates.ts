import { defineTask, enqueue } from '@erp-steward/service-kit/jobs'
import { readParameter } from '@erp-steward/service-kit/parameters'
import { Type } from 'typebox'
import { IsNull, Not } from 'typeorm'
import { companyCalendar, companyDeadline } from '@erp-steward/service-kit/company-calendar'
import { beginFacts } from '../facts/fact-order.ts'
import { stateLateCorrections } from './late-correction.ts'
import { ObservationEntity } from './observation.ts'

/** Errors looked at in one run; the next one goes on with what is left. */
const MOST = 1_000

/**
 * Each day, and when a year was loaded: gives the data errors that have no due date, because the holidays of a year were not known, the true one once
 * they are; one that was corrected after it meanwhile was late. Without this they would never be late. Source.
 */
export const settleDueDates = defineTask(
  'settle-due-dates',
  Type.Object({}),
  async (tx, _, act) => {
    await beginFacts(tx)
    const calendar = await companyCalendar(tx)
    const open = await tx.find(ObservationEntity, {
      where: { dueFault: Not(IsNull()), standing: Not('voided') },
      order: { id: 'asc' },
      take: MOST,
      lock: { mode: 'pessimistic_write' },
    })
    let settled = 0
    for (const error of open) {
      const { id, unitId, recordedAt, foundAt, correctedAt } = error
      // Values are never set back in time, so this is the one of its recording.
      const { value } = await readParameter(tx, 'assessment.error.fix_within', unitId, recordedAt)
      const { dueAt } = companyDeadline(calendar, value, foundAt)
      if (dueAt === null) continue
      await tx.update(ObservationEntity, { id }, { dueAt, dueFault: null, dueMissingYear: null })
      settled += 1
      if (correctedAt !== null && correctedAt > dueAt)
        await stateLateCorrections(tx, [{ ...error, dueAt }], act)
    }
    // Where none was settled, the year of all of them is still missing.
    if (open.length === MOST && settled > 0)
      await enqueue(tx, 'assessment', 'settle-due-dates', {}, act)
  },
)
