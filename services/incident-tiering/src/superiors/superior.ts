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

/**
 * Condition on a person `p`: stands to be called now. They are here, reachable by mail, and their account is not shut; a
 * superior needs none. Source.
 */
export const CALLABLE = `p.active and p.email is not null and p.account_status in ('active', 'none')`

/** Those of a step who stand to be called now. */
export async function superiorsOf(tx: EntityManager, step: SuperiorStep): Promise<Addressee[]> {
  return tx.query(
    `select p.id, p.email from superiors s join person p on p.id = any(s.person_ids)
      where s.step = $1 and ${CALLABLE} order by p.id`,
    [step],
  )
}

/** Whether the person is named on any step. */
export async function isSuperior(tx: EntityManager, personId: string): Promise<boolean> {
  const steps: unknown[] = await tx.query(
    'select from superiors where $1 = any(person_ids) limit 1',
    [personId],
  )
  return steps.length > 0
}

/** Every step of the ladder, lowest first, with those who can be called now; version 0 where nobody was named yet. */
export async function everyStep(
  tx: EntityManager,
): Promise<(Superiors & { callablePersonIds: string[] })[]> {
  const named = await tx.find(SuperiorsEntity)
  const steps = []
  for (const step of superiorSteps) {
    const callablePersonIds = (await superiorsOf(tx, step)).map(({ id }) => id)
    const found = named.find((each) => each.step === step) ?? { step, personIds: [], version: 0 }
    steps.push({ ...found, callablePersonIds })
  }
  return steps
}

/** The superiors of a step as they are now, held until the transaction ends. */
export async function heldSuperiors(tx: EntityManager, step: SuperiorStep): Promise<Superiors> {
  await tx.query('select pg_advisory_xact_lock(hashtext($1))', ['superiors'])
  return (await tx.findOneBy(SuperiorsEntity, { step })) ?? { step, personIds: [], version: 0 }
}
