import type { Act } from '@erp-steward/contracts/act'
import { ErrorCorrected } from '@erp-steward/contracts/assessment-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { assertAnotherPerson, handsOf } from '@erp-steward/service-kit/another-person'
import type { EntityManager } from 'typeorm'
import { beginFacts } from '../facts/fact-order.ts'
import { interestOf } from '../facts/interest.ts'
import { lateCorrectionId, stateLateCorrections } from './late-correction.ts'
import {
  lockObservation,
  ObservationEntity,
  voidObservation,
  type Observation,
} from './observation.ts'

/**
 * Takes down when a data error was corrected; at the due date itself is in time. Told late of a correction that was in
 * time, it takes back what the timer stated meanwhile. The same correction told twice is one. What the unit concerned says
 * in time waits for the word of somebody else, which may be another, and counts as late after two weeks without one.
 * Source.
 *
 * @throws Problem `observation-not-found`, `observation-state`, `same-person` when the unit concerned would clear the own
 *   record, or somebody confirm what they said themselves
 */
export async function correctError(
  tx: EntityManager,
  { id, correctedAt, reaches }: CorrectError,
  act: Act,
): Promise<Observation> {
  await beginFacts(tx)
  const error = await lockObservation(tx, id)
  reaches(error)
  if (error.kind !== 'data-error')
    throw new Problem(
      'observation-state',
      said('Only a data error is corrected.', '只有数据错误可以更正。'),
    )
  if (error.standing === 'voided')
    throw new Problem('observation-state', said('The observation is voided.', '该考核事项已作废。'))
  const hasInterest = await interestOf(tx, act, [error.personId])
  // A client behind whom nobody is known may be the unit's own.
  const isKnown = handsOf(act).length > 0
  if (!isKnown) assertSecondHand(error, act)
  const confirmed =
    isKnown && !hasInterest({ personIds: [error.personId], unitIds: [error.unitId] })
  const isSame = error.correctedAt?.getTime() === correctedAt.getTime()
  if (isSame && (!confirmed || error.correctionConfirmedAt !== null)) return error
  // The word of others takes the place of the unit's own, and is not replaced.
  if (error.correctedAt !== null && (!confirmed || error.correctionConfirmedAt !== null))
    throw new Problem(
      'observation-state',
      said('The error was corrected before.', '该错误此前已更正。'),
    )
  assertSecondHand(error, act)
  if (correctedAt > act.now || correctedAt < error.foundAt)
    throw new Problem(
      'observation-state',
      said(
        'A correction lies between the finding of the error and now.',
        '更正时间须在发现错误之后、当前时间之前。',
      ),
    )
  // Without a due date nobody can say that it was kept.
  const withinTarget = error.dueAt === null ? null : correctedAt <= error.dueAt
  if (withinTarget === true && error.dueAt !== null && act.now > error.dueAt && !confirmed)
    throw new Problem(
      'same-person',
      said(
        'After the due date somebody of another unit says that it was corrected in time.',
        '过期之后，须由其他单位的人员说明已按时更正。',
      ),
    )
  if (withinTarget === false) await stateLateCorrections(tx, [error], act)
  else if (error.overdueAt !== null)
    await voidObservation(tx, lateCorrectionId(id), 'Corrected in time, told later.', act)
  await tx.update(
    ObservationEntity,
    { id },
    {
      correctedAt,
      correctedBy: act.actor,
      correctedByPersonId: act.personId,
      correctedByControllers: [...act.controllers],
      correctionConfirmedAt: confirmed ? act.now : null,
    },
  )
  await appendEvent(
    tx,
    'assessment',
    ErrorCorrected,
    id,
    {
      observationId: id,
      dueAt: error.dueAt?.toISOString() ?? null,
      correctedAt: correctedAt.toISOString(),
      withinTarget,
      confirmed,
    },
    act,
  )
  return lockObservation(tx, id)
}

/** Who said it first, and moved to another unit since, does not confirm it. */
function assertSecondHand(error: Observation, act: Act): void {
  if (error.correctedAt === null) return
  const first = [error.correctedByPersonId, ...error.correctedByControllers]
  const detail = said('Somebody else confirms what you said.', '您的陈述须由他人确认。')
  if (error.correctedBy === act.actor) throw new Problem('same-person', detail)
  assertAnotherPerson(act, first, detail)
}

export interface CorrectError {
  readonly id: string
  readonly correctedAt: Date
  /** Throws when the observation is not in the caller's range. */
  readonly reaches: (error: Observation) => void
}
