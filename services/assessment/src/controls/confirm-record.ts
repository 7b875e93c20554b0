import type { Act } from '@erp-steward/contracts/act'
import { ControlRecordConfirmed } from '@erp-steward/contracts/assessment-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { assertAnotherPerson } from '@erp-steward/service-kit/another-person'
import { isOfInterest, operation, type Interest } from '@erp-steward/service-kit/measured-interest'
import type { EntityManager } from 'typeorm'
import { ControlRecordEntity, type ConfirmedRecord, type ControlRecord } from './control-record.ts'

/**
 * Confirms what another person recorded of a clause: nobody proves alone what may be the own duty, nor do two of those
 * whose duties these are. Confirmed twice it is confirmed once. Source: B-5.1, B-5.2.
 *
 * @throws Problem `not-found`, `person-required`, `same-person` (also where nobody knows who recorded it), `concerned` where
 *   both are of the operation, `control-validity-refused` when its time is over
 */
export async function confirmRecord(
  tx: EntityManager,
  clauseId: string,
  id: string,
  act: Act,
): Promise<ConfirmedRecord> {
  const { personId } = act
  if (personId === null)
    throw new Problem('person-required', said('Only a person confirms.', '只有人员可以确认。'))
  // Two who confirm at the same moment come one after the other; rows that only grow cannot be locked.
  await tx.query(`select pg_advisory_xact_lock(hashtext($1))`, [`control-confirmation ${id}`])
  const record = await tx.findOneBy(ControlRecordEntity, { id, clauseId })
  if (record === null)
    throw new Problem(
      'not-found',
      said('There is no such record of the clause.', '该条款没有这条记录。'),
    )
  if (record.actor === act.actor || record.personId === null)
    throw new Problem(
      'same-person',
      said('Another person confirms what you recorded.', '您的记录须由另一人确认。'),
    )
  assertAnotherPerson(
    act,
    [record.personId],
    said('Another person confirms what you recorded.', '您登记的记录须由他人确认。'),
  )
  const interest = await interestOfRecorder(tx, record, act.now)
  if (interest !== null && (await isOfInterest(tx, act, interest)))
    throw new Problem(
      'concerned',
      said('Both of you are of those whose duties these are.', '你们两人都属于这些职责的承担者。'),
    )
  if (record.validUntil < act.now)
    throw new Problem(
      'control-validity-refused',
      said('The record is no longer valid.', '该记录已失效。'),
    )
  const [known]: { confirmedAt: Date; confirmedByPersonId: string }[] = await tx.query(
    `select confirmed_at as "confirmedAt", person_id as "confirmedByPersonId"
       from control_confirmation where record_id = $1`,
    [id],
  )
  if (known !== undefined) return { ...record, ...known }
  await tx.query(
    `insert into control_confirmation (record_id, person_id, actor, confirmed_at) values ($1, $2, $3, $4)`,
    [id, personId, act.actor, act.now],
  )
  const confirmedAt = act.now.toISOString()
  const fact = { recordId: id, clauseId, confirmerPersonId: personId, confirmedAt }
  await appendEvent(tx, 'assessment', ControlRecordConfirmed, clauseId, fact, act)
  return { ...record, confirmedAt: act.now, confirmedByPersonId: personId }
}

/** Of whom nobody confirms the record: those who operate, where one of them recorded it. */
export async function interestOfRecorder(
  tx: EntityManager,
  { personId }: Pick<ControlRecord, 'personId'>,
  now: Date,
): Promise<Interest | null> {
  const recorder = { personId, controllers: [], role: '', now }
  return (await isOfInterest(tx, recorder, operation)) ? operation : null
}
