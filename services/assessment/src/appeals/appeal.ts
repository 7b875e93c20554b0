import { Problem } from '@erp-steward/contracts/problem'
import { EntitySchema, type EntityManager } from 'typeorm'

/** An objection to a fact behind a score, and what became of it. One fact has at most one; its decision is final. */
export interface Appeal {
  id: string
  observationId: string
  month: string
  unitId: string
  appellantPersonId: string
  /** Account of the appellant. */
  appellant: string
  reason: string
  state: 'filed' | 'decided'
  filedAt: Date
  outcome: 'upheld' | 'voided' | null
  decisionReason: string | null
  deciderPersonId: string | null
  decidedBy: string | null
  decidedAt: Date | null
  version: number
}

export const AppealEntity = new EntitySchema<Appeal>({
  name: 'Appeal',
  tableName: 'appeal',
  columns: {
    id: { type: 'uuid', primary: true, primaryKeyConstraintName: 'appeal_pkey' },
    observationId: { type: 'uuid', name: 'observation_id' },
    month: { type: 'text' },
    unitId: { type: 'uuid', name: 'unit_id' },
    appellantPersonId: { type: 'uuid', name: 'appellant_person_id' },
    appellant: { type: 'text' },
    reason: { type: 'text' },
    state: { type: 'text' },
    filedAt: { type: 'timestamptz', name: 'filed_at' },
    outcome: { type: 'text', nullable: true },
    decisionReason: { type: 'text', name: 'decision_reason', nullable: true },
    deciderPersonId: { type: 'uuid', name: 'decider_person_id', nullable: true },
    decidedBy: { type: 'text', name: 'decided_by', nullable: true },
    decidedAt: { type: 'timestamptz', name: 'decided_at', nullable: true },
    version: { type: 'integer' },
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
  if (appeal === null) throw new Problem('appeal-not-found', `There is no appeal ${id}.`)
  return appeal
}
