import type { Act } from '@erp-steward/contracts/act'
import { ControlRecordConfirmed } from '@erp-steward/contracts/assessment-events'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { assertAnotherPerson } from '@erp-steward/service-kit/another-person'
import type { EntityManager } from 'typeorm'
import { ControlRecordEntity, type ControlRecord } from './control-record.ts'

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
): Promise<ControlRecord> {
  const { personId } = act
  if (personId === null) throw new Problem('person-required', 'Only a person confirms.')
  const record = await tx.findOne(ControlRecordEntity, {
    where: { id, clauseId },
    lock: { mode: 'pessimistic_write' },
  })
  if (record === null) throw new Problem('not-found', 'There is no such record of the clause.')
  if (record.actor === act.actor)
    throw new Problem('same-person', 'Another person confirms what you recorded.')
  assertAnotherPerson(act, [record.personId], 'Another person confirms what you recorded.')
  if (record.confirmedAt !== null) return record
  if (record.validUntil < act.now)
    throw new Problem('control-validity-refused', 'The record is no longer valid.')
  const confirmation = {
    confirmedAt: act.now,
    confirmedBy: act.actor,
    confirmedByPersonId: personId,
  }
  await tx.update(ControlRecordEntity, { id }, confirmation)
  const confirmedAt = act.now.toISOString()
  const fact = { recordId: id, clauseId, confirmerPersonId: personId, confirmedAt }
  await appendEvent(tx, 'assessment', ControlRecordConfirmed, clauseId, fact, act)
  return { ...record, ...confirmation }
}
