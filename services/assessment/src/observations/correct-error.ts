import type { Act } from '@erp-steward/contracts/act'
import { ErrorCorrected } from '@erp-steward/contracts/assessment-events'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import { beginFacts } from '../facts/fact-order.ts'
import { lateCorrectionId, stateLateCorrections } from './late-correction.ts'
import {
  lockObservation,
  ObservationEntity,
  voidObservation,
  type Observation,
} from './observation.ts'

/**
 * Takes down when a data error was corrected; at the due date itself is in time. Told late of a correction that was in
 * time, it takes back what the timer stated meanwhile. The same correction told twice is one. Source.
 *
 * @throws Problem `observation-not-found`, `observation-state`, `same-person` when somebody would so clear the own record
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
    throw new Problem('observation-state', 'Only a data error is corrected.')
  if (error.standing === 'voided')
    throw new Problem('observation-state', 'The observation is voided.')
  if (error.correctedAt !== null) {
    if (error.correctedAt.getTime() === correctedAt.getTime()) return error
    throw new Problem('observation-state', 'The error was corrected before.')
  }
  if (correctedAt > act.now || correctedAt < error.foundAt)
    throw new Problem(
      'observation-state',
      'A correction lies between the finding of the error and now.',
    )
  // Without a due date nobody can say that it was kept.
  const withinTarget = error.dueAt === null ? null : correctedAt <= error.dueAt
  const isToldLate = error.dueAt !== null && act.now > error.dueAt
  if (
    withinTarget === true &&
    isToldLate &&
    act.personId !== null &&
    act.personId === error.personId
  )
    throw new Problem('same-person', 'Somebody else must say that you corrected it in time.')
  if (withinTarget === false) await stateLateCorrections(tx, [error], act)
  else if (error.overdueAt !== null)
    await voidObservation(tx, lateCorrectionId(id), 'Corrected in time, told later.', act)
  await tx.update(ObservationEntity, { id }, { correctedAt })
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
    },
    act,
  )
  return lockObservation(tx, id)
}

export interface CorrectError {
  readonly id: string
  readonly correctedAt: Date
  /** Throws when the observation is not in the caller's range. */
  readonly reaches: (error: Observation) => void
}
