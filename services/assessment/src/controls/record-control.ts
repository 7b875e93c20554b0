import { randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { ControlRecorded } from '@erp-steward/contracts/assessment-events'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { Clause } from '@erp-steward/regulation/clause'
import type { EntityManager } from 'typeorm'
import { ControlRecordEntity, type ControlRecord } from './control-record.ts'
import { addPeriod } from './rules/period.ts'

/** Oldest observation that may still be recorded. Own choice: a quarter, as reviews are. */
const OBSERVED_WITHIN = 'P3M'
/** Longest that an observation may serve: a year and the month until the next yearly review. Own choice. */
const VALID_AT_MOST = 'P13M'

export interface RecordControl {
  readonly statement: string
  readonly reference: string | null
  readonly observedAt: string
  readonly validUntil: string
}

/**
 * Keeps what a person saw of a clause that only a person can prove; it counts when a second person has confirmed it: an
 * account whose person nobody knows could not be told from the second. Renewing a record needs a new observation: a later
 * end alone would let a proof live for ever.
 *
 * @throws Problem `person-required`, `control-not-recordable` (the software proves the clause, or there is no duty),
 *   `control-observation-refused` (in the future, too old, or not newer than the last), `control-validity-refused`
 */
export async function recordControl(
  tx: EntityManager,
  { id: clauseId, mode }: Clause,
  { statement, reference, ...command }: RecordControl,
  act: Act,
): Promise<ControlRecord> {
  if (act.personId === null) throw new Problem('person-required', 'Only a person records.')
  if (mode !== 'P' && mode !== 'W')
    throw new Problem(
      'control-not-recordable',
      `Clause ${clauseId} is of mode ${mode}: a person's word proves modes P and W only.`,
    )
  const observedAt = new Date(command.observedAt)
  const validUntil = new Date(command.validUntil)
  if (observedAt > act.now)
    throw new Problem('control-observation-refused', 'The observation lies in the future.')
  if (addPeriod(observedAt, OBSERVED_WITHIN) < act.now)
    throw new Problem('control-observation-refused', 'The observation is older than three months.')
  if (validUntil <= act.now || validUntil > addPeriod(observedAt, VALID_AT_MOST))
    throw new Problem(
      'control-validity-refused',
      'A record is valid until after now and at most thirteen months after the observation.',
    )
  // Records of a clause come one after the other, so that "newer than the last" has one answer.
  await tx.query(`select pg_advisory_xact_lock(hashtext($1))`, [`control-record ${clauseId}`])
  const [last]: { observedAt: Date | null }[] = await tx.query(
    'select max(observed_at) as "observedAt" from control_record where clause_id = $1',
    [clauseId],
  )
  if (last?.observedAt && observedAt <= last.observedAt)
    throw new Problem(
      'control-observation-refused',
      `The last observation is of ${last.observedAt.toISOString()}: renew with a newer one.`,
    )
  const record: ControlRecord = {
    id: randomUUID(),
    clauseId,
    personId: act.personId,
    actor: act.actor,
    statement,
    reference,
    observedAt,
    validUntil,
    recordedAt: act.now,
  }
  await tx.insert(ControlRecordEntity, record)
  const { id: recordId, personId } = record
  await appendEvent(
    tx,
    'assessment',
    ControlRecorded,
    clauseId,
    {
      recordId,
      clauseId,
      personId,
      statement,
      reference,
      observedAt: observedAt.toISOString(),
      validUntil: validUntil.toISOString(),
      recordedAt: act.now.toISOString(),
    },
    act,
  )
  return record
}
