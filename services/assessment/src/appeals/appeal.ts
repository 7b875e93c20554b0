import { Month } from '@erp-steward/contracts/assessment-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import {
  about,
  Id,
  InstantOut,
  nullable,
  UnitId,
  Uuid,
  Version,
} from '@erp-steward/contracts/values'
import { entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'

export const AppealState = Type.Enum(['filed', 'decided'], {
  title: 'AppealState',
  description: '`filed`: waits for somebody who had no part in the fact; `decided`: for good.',
})
export const AppealOutcome = Type.Enum(['upheld', 'voided'], {
  title: 'AppealOutcome',
  description: '`upheld`: the fact stands; `voided`: it no longer counts.',
})

/** An objection to a fact behind a score, and what became of it. One fact has at most one; its decision is final. */
export const AppealView = Type.Object(
  {
    id: Id,
    observationId: about(Uuid, 'The fact that is objected to.'),
    month: Month,
    unitId: UnitId,
    appellantPersonId: about(Uuid, 'Who objects.'),
    reason: Type.String({ description: 'Why the fact is said to be wrong.' }),
    state: AppealState,
    filedAt: about(InstantOut, 'When it was filed.'),
    outcome: nullable(AppealOutcome, 'Null until it is decided.'),
    decisionReason: nullable(Type.String(), 'Why it was decided so; null until then.'),
    deciderPersonId: nullable(Uuid, 'Who decided; null until then.'),
    decidedAt: nullable(InstantOut, 'When it was decided; null until then.'),
    version: Version,
  },
  { title: 'Appeal' },
)

export const AppealEntity = entityOf(AppealView, {
  table: 'appeal',
  kept: {
    /** Account of the appellant. */
    appellant: Type.String(),
    decidedBy: nullable(Type.String()),
  },
  checks: [
    { name: 'appeal_state_check', expression: `state in ('filed', 'decided')` },
    { name: 'appeal_outcome_check', expression: `outcome in ('upheld', 'voided')` },
    {
      name: 'appeal_decided_check',
      expression: `(state = 'decided') = (outcome is not null)`,
    },
  ],
  uniques: [{ name: 'appeal_observation_key', columns: ['observationId'] }],
  indices: [{ name: 'appeal_by_filing', columns: ['filedAt', 'id'] }],
})
export type Appeal = RowOf<typeof AppealEntity>

/**
 * The appeal, locked until the transaction ends.
 *
 * @throws Problem `appeal-not-found`
 */
export async function lockAppeal(tx: EntityManager, id: string): Promise<Appeal> {
  const appeal = await tx.findOne(AppealEntity, {
    where: { id },
    lock: { mode: 'pessimistic_write' },
  })
  if (appeal === null)
    throw new Problem('appeal-not-found', said(`There is no appeal ${id}.`, `没有申诉 ${id}。`))
  return appeal
}
