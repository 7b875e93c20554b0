import type { Act } from '@erp-steward/contracts/act'
import { SuperiorsNamed } from '@erp-steward/contracts/incident-events'
import { Problem } from '@erp-steward/contracts/problem'
import { activePerson } from '@erp-steward/directory/directory'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { assertAnotherPerson } from '@erp-steward/service-kit/another-person'
import { assertVersion } from '@erp-steward/service-kit/commit'
import { EntitySchema, type EntityManager } from 'typeorm'
import type { Addressee } from '../key-users/people-in-charge.ts'
import { superiorSteps, type SuperiorStep } from '../tickets/rules/clocks-of-priority.ts'

/** Who is called when an unrestored P1 reaches a step. */
export interface Superiors {
  step: SuperiorStep
  personIds: string[]
  version: number
}

export const SuperiorsEntity = new EntitySchema<Superiors>({
  name: 'Superiors',
  tableName: 'superiors',
  columns: {
    step: { type: 'text', primary: true, primaryKeyConstraintName: 'superiors_pkey' },
    personIds: { type: 'uuid', array: true, name: 'person_ids' },
    version: { type: 'integer' },
  },
})

/** Those of a step who can be reached now. */
export async function superiorsOf(tx: EntityManager, step: SuperiorStep): Promise<Addressee[]> {
  return tx.query(
    `select p.id, p.email from superiors s join person p on p.id = any(s.person_ids)
      where s.step = $1 and p.active and p.email is not null order by p.id`,
    [step],
  )
}

/** Every step of the ladder, lowest first; version 0 where nobody was named yet. */
export async function everyStep(tx: EntityManager): Promise<Superiors[]> {
  const named = await tx.find(SuperiorsEntity)
  return superiorSteps.map(
    (step) => named.find((each) => each.step === step) ?? { step, personIds: [], version: 0 },
  )
}

/**
 * Names who is called at a step, in place of those before; nobody names himself. Source, B-5.3.2.
 *
 * @throws Problem `version-stale`, `person-unknown`, `person-unreachable`, `same-person`
 */
export async function nameSuperiors(
  tx: EntityManager,
  { step, personIds }: { step: SuperiorStep; personIds: readonly string[] },
  expected: number,
  act: Act,
): Promise<Superiors> {
  assertAnotherPerson(act, personIds, 'Nobody names himself.')
  await tx.query('select pg_advisory_xact_lock(hashtext($1))', ['superiors'])
  const before = await tx.findOneBy(SuperiorsEntity, { step })
  assertVersion(before?.version ?? 0, expected)
  for (const id of personIds)
    if ((await activePerson(tx, id)).email === null)
      throw new Problem('person-unreachable', `The person ${id} has no mail address.`)
  const named = { step, personIds: [...new Set(personIds)], version: expected + 1 }
  await tx.upsert(SuperiorsEntity, named, ['step'])
  await appendEvent(tx, 'incident-tiering', SuperiorsNamed, step, named, act)
  return named
}
