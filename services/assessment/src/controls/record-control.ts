import { randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { ControlRecorded } from '@erp-steward/contracts/assessment-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { Clause } from '@erp-steward/regulation/clause'
import type { EntityManager } from 'typeorm'
import { ControlRecordEntity, type ControlRecord } from './control-record.ts'
import { addPeriod } from '@erp-steward/regulation/add-period'

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
  if (act.personId === null)
    throw new Problem('person-required', said('Only a person records.', '只有人员可以记录。'))
  if (mode !== 'P' && mode !== 'W')
    throw new Problem(
      'control-not-recordable',
      said(
        `Clause ${clauseId} is of mode ${mode}: a person's word proves modes P and W only.`,
        `条款 ${clauseId} 的方式为 ${mode}：人员的说明只能证明方式 P 和 W。`,
      ),
    )
  const observedAt = new Date(command.observedAt)
  const validUntil = new Date(command.validUntil)
  if (observedAt > act.now)
    throw new Problem(
      'control-observation-refused',
      said('The observation lies in the future.', '观察时间在将来。'),
    )
  if (addPeriod(observedAt, OBSERVED_WITHIN) < act.now)
    throw new Problem(
      'control-observation-refused',
      said('The observation is older than three months.', '观察时间早于三个月前。'),
    )
  if (validUntil <= act.now || validUntil > addPeriod(observedAt, VALID_AT_MOST))
    throw new Problem(
      'control-validity-refused',
      said(
        'A record is valid until after now and at most thirteen months after the observation.',
        '记录的有效期须晚于当前时间，且不超过观察之后十三个月。',
      ),
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
      said(
        `The last observation is of ${last.observedAt.toISOString()}: renew with a newer one.`,
        `最近一次观察的时间为 ${last.observedAt.toISOString()}：请以更新的观察续期。`,
      ),
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
