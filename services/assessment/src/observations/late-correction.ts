import type { Act } from '@erp-steward/contracts/act'
import type { EntityManager } from 'typeorm'
import { derivedId } from '../facts/derived-id.ts'
import type { Observation } from './observation.ts'
import { stateObservations } from './state-observations.ts'

/** The id of the observation that an error was not corrected in time. */
export function lateCorrectionId(errorId: string): string {
  return derivedId('late-correction', errorId)
}

/**
 * States that errors were not corrected by their due dates, at most once each: it occurred at the due date, whoever
 * notices. The caller has begun a change of facts and holds the errors. Source.
 */
export async function stateLateCorrections(
  tx: EntityManager,
  errors: readonly Observation[],
  act: Act,
): Promise<void> {
  await stateObservations(
    tx,
    errors.flatMap((error) =>
      error.dueAt === null
        ? []
        : [
            {
              ...error,
              id: lateCorrectionId(error.id),
              kind: 'late-correction' as const,
              severity: null,
              description: `Not corrected by ${error.dueAt.toISOString()}: ${error.description}`,
              occurredAt: error.dueAt,
              foundAt: act.now,
              fingerprint: lateCorrectionId(error.id),
              originId: error.id,
              dueAt: null,
              dueFault: null,
              dueMissingYear: null,
              dueParameterVersion: null,
              byConcerned: false,
            },
          ],
    ),
    act,
  )
  await tx.query(
    'update observation set overdue_at = coalesce(overdue_at, $2) where id = any($1)',
    [errors.map(({ id }) => id), act.now],
  )
}
