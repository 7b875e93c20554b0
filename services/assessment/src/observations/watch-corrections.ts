import { defineTask } from '@erp-steward/service-kit/jobs'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'
import { CONFIRM_WITHIN_MS } from '../facts/confirm-within.ts'
import { beginFacts } from '../facts/fact-order.ts'
import { stateLateCorrections } from './late-correction.ts'
import { ObservationEntity, type Observation } from './observation.ts'

/** Errors looked at in one run; what is left waits a minute. */
const MOST = 1_000

/**
 * Each minute: states which data errors passed their due date uncorrected, or two weeks ago with no other word for the
 * correction than the unit's own. Source.
 */
export const watchCorrections = defineTask(
  'watch-corrections',
  Type.Object({}),
  async (tx, _, act) => {
    await beginFacts(tx)
    const unconfirmedSince = new Date(act.now.getTime() - CONFIRM_WITHIN_MS)
    const overdue = [
      ...(await passed(tx, 'error.correctedAt is null', act.now)),
      ...(await passed(
        tx,
        'error.correctedAt is not null and error.correctionConfirmedAt is null',
        unconfirmedSince,
      )),
    ]
    if (overdue.length > 0) await stateLateCorrections(tx, overdue, act)
  },
)

/** The errors in this state that were due before then, held; the most that one run looks at. */
function passed(tx: EntityManager, state: string, before: Date): Promise<Observation[]> {
  return tx
    .createQueryBuilder(ObservationEntity, 'error')
    .where(`error.dueAt < :before and error.overdueAt is null and ${state}`, { before })
    .andWhere(`error.standing <> 'voided'`)
    .orderBy('error.id')
    .limit(MOST)
    .setLock('pessimistic_write')
    .setOnLocked('skip_locked')
    .getMany()
}
