import type { EntityManager } from 'typeorm'
import { PersonEntity, type Person } from './person.ts'

/** The person, held until the end of the transaction; `null` when there is none with this id. */
export function lockPerson(tx: EntityManager, id: string): Promise<Person | null> {
  return tx.findOne(PersonEntity, { where: { id }, lock: { mode: 'pessimistic_write' } })
}
