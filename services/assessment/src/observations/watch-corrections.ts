import { defineTask } from '@erp-steward/service-kit/jobs'
import { Type } from 'typebox'
import { beginFacts } from '../facts/fact-order.ts'
import { stateLateCorrections } from './late-correction.ts'
import { ObservationEntity } from './observation.ts'

/** Errors looked at in one run; what is left waits a minute. */
const MOST = 1_000

/** Each minute: states which data errors passed their due date uncorrected. Source. */
export const watchCorrections = defineTask(
  'watch-corrections',
  Type.Object({}),
  async (tx, _, act) => {
    await beginFacts(tx)
    const overdue = await tx
      .createQueryBuilder(ObservationEntity, 'error')
      .where('error.dueAt < :now and error.correctedAt is null and error.overdueAt is null', {
        now: act.now,
      })
      .andWhere(`error.standing <> 'voided'`)
      .orderBy('error.id')
      .limit(MOST)
      .setLock('pessimistic_write')
      .setOnLocked('skip_locked')
      .getMany()
    if (overdue.length > 0) await stateLateCorrections(tx, overdue, act)
  },
)
