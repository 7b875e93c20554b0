import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { unitInRange } from '@erp-steward/service-kit/authentication'
import type { FastifyRequest } from 'fastify'
import type { EntityManager } from 'typeorm'
import { PersonEntity, type Person } from './person.ts'

/** The person, held until the end of the transaction; `null` when there is none with this id. */
export function lockPerson(tx: EntityManager, id: string): Promise<Person | null> {
  return tx.findOne(PersonEntity, { where: { id }, lock: { mode: 'pessimistic_write' } })
}

/**
 * The person, held, whom the caller's range reaches.
 *
 * @throws Problem `not-found` also for a person of another unit
 */
export async function lockPersonInRange(
  tx: EntityManager,
  request: FastifyRequest,
  id: string,
): Promise<Person> {
  const own = unitInRange(request)
  const person = await lockPerson(tx, id)
  if (person === null || (own !== null && person.unitId !== own))
    throw new Problem('not-found', said(`There is no person ${id}.`, `没有人员 ${id}。`))
  return person
}
