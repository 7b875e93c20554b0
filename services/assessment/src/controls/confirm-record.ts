import type { Act } from '@erp-steward/contracts/act'
import { ControlRecordConfirmed } from '@erp-steward/contracts/assessment-events'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { assertAnotherPerson } from '@erp-steward/service-kit/another-person'
import type { EntityManager } from 'typeorm'
import { ControlRecordEntity, type ConfirmedRecord } from './control-record.ts'

/**
 * Confirms what another person recorded of a clause: nobody proves alone what may be the own duty. Confirmed twice it is
 * confirmed once. Source: B-5.1, B-5.2.
 *
 * @throws Problem `not-found`, `person-required`, `same-person`, `control-validity-refused` when its time is over
 */
export async function confirmRecord(
  tx: EntityManager,
  clauseId: string,
  id: string,
  act: Act,
): Promise<ConfirmedRecord> {
  const { personId } = act
  if (personId === null) throw new Problem('person-required', 'Only a person confirms.')
  // Two who confirm at the same moment come one after the other; rows that only grow cannot be locked.
  await tx.query(`select pg_advisory_xact_lock(hashtext($1))`, [`control-confirmation ${id}`])
  const record = await tx.findOneBy(ControlRecordEntity, { id, clauseId })
  if (record === null) throw new Problem('not-found', 'There is no such record of the clause.')
  if (record.actor === act.actor)
    throw new Problem('same-person', 'Another person confirms what you recorded.')
  assertAnotherPerson(act, [record.personId], 'Another person confirms what you recorded.')
  if (record.validUntil < act.now)
    throw new Problem('control-validity-refused', 'The record is no longer valid.')
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
