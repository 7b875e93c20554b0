import { Uuid } from '@erp-steward/contracts/values'
import { entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'
import type { Addressee } from '../key-users/people-in-charge.ts'
import { superiorSteps, type SuperiorStep } from '../tickets/rules/clocks-of-priority.ts'

export const Step = Type.Enum([...superiorSteps], {
  title: 'SuperiorStep',
  description:
    'Whom an unrestored P1 reaches, in the order of the ladder. Source: A-4.4.5, B-5.3.2.',
})

/** Who is called when an unrestored P1 reaches a step. */
export const SuperiorsView = Type.Object(
  {
    step: Step,
    personIds: Type.Array(Uuid, { description: 'Who is called; at most 20.' }),
    version: Type.Integer({ description: '0: nobody was named yet.' }),
  },
  { title: 'Superiors' },
)

/** The same with who of them is there. */
export const StepView = Type.Object(
  {
    ...SuperiorsView.properties,
    callablePersonIds: Type.Array(Uuid, {
      description: 'Who of them can be called now; empty: the next step is called instead.',
    }),
  },
  { title: 'SuperiorsOfStep' },
)

export const SuperiorsEntity = entityOf(SuperiorsView, { table: 'superiors', key: ['step'] })
export type Superiors = RowOf<typeof SuperiorsEntity>

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
