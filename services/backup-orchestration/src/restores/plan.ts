import type { Executor } from '@erp-steward/contracts/backup-events'
import { Problem } from '@erp-steward/contracts/problem'
import { EntitySchema, type EntityManager } from 'typeorm'

export const planStates = ['planned', 'approved', 'refused', 'executing', 'finished'] as const
export type PlanState = (typeof planStates)[number]
export type Outcome = 'identical' | 'different' | 'failed'

/** What the catalogue says of the copy; part of what is approved. */
export interface PlanFacts {
  targetCode: string
  systemCode: string
  executor: Executor
  siteCode: string
  objectName: string
  /** SHA-256 of the stored bytes. */
  digest: string
  /** SHA-256 of the list of what is inside. */
  manifestDigest: string
  storedBytes: number
  items: number
  /** The instant of the data: whatever came later is lost. */
  dataAt: string
  lastVerifiedAt: string
  /** How old the data will be when the restore is planned for, whole seconds. */
  lossSeconds: number
}

/** A restore on paper first: which copy, step by step, who, and the way back. Sources. */
export interface Plan {
  id: string
  number: string
  targetId: string
  unitId: string
  runId: string
  copyId: string
  kind: 'drill' | 'recovery'
  purpose: string
  incidentNumber: string | null
  steps: string[]
  checkPoints: string[]
  fallback: string
  peopleInvolved: string[]
  plannedFor: Date
  facts: PlanFacts
  /** SHA-256 of the plan as it is now; an approval holds for exactly one. */
  planDigest: string
  state: PlanState
  requesterPersonId: string
  plannedAt: Date
  approverPersonId: string | null
  /** Who approved an earlier wording, or before the target was changed. */
  voidedApproverPersonIds: string[]
  approvedDigest: string | null
  approvalComment: string | null
  approvedAt: Date | null
  validUntil: Date | null
  refusedByPersonId: string | null
  refusal: string | null
  refusedAt: Date | null
  executorPersonId: string | null
  startedAt: Date | null
  finishedAt: Date | null
  outcome: Outcome | null
  detail: string | null
  /** Files or tables compared. */
  compared: number | null
  /** Where it was restored to. */
  scratch: string | null
  /** Whether all was back as it was saved in the time allowed. */
  withinRto: boolean | null
  /** Canonical JSON that binds plan, approval, people, times and outcome. */
  receipt: string | null
  receiptDigest: string | null
  version: number
}

export const PlanEntity = new EntitySchema<Plan>({
  name: 'Plan',
  tableName: 'restore_plan',
  columns: {
    id: { type: 'uuid', primary: true, primaryKeyConstraintName: 'restore_plan_pkey' },
    number: { type: 'text' },
    targetId: { type: 'uuid', name: 'target_id' },
    unitId: { type: 'uuid', name: 'unit_id' },
    runId: { type: 'uuid', name: 'run_id' },
    copyId: { type: 'uuid', name: 'copy_id' },
    kind: { type: 'text' },
    purpose: { type: 'text' },
    incidentNumber: { type: 'text', name: 'incident_number', nullable: true },
    steps: { type: 'jsonb' },
    checkPoints: { type: 'jsonb', name: 'check_points' },
    fallback: { type: 'text' },
    peopleInvolved: { type: 'jsonb', name: 'people_involved' },
    plannedFor: { type: 'timestamptz', name: 'planned_for' },
    facts: { type: 'jsonb' },
    planDigest: { type: 'text', name: 'plan_digest' },
    state: { type: 'text' },
    requesterPersonId: { type: 'uuid', name: 'requester_person_id' },
    plannedAt: { type: 'timestamptz', name: 'planned_at' },
    approverPersonId: { type: 'uuid', name: 'approver_person_id', nullable: true },
    voidedApproverPersonIds: { type: 'uuid', array: true, name: 'voided_approver_person_ids' },
    approvedDigest: { type: 'text', name: 'approved_digest', nullable: true },
    approvalComment: { type: 'text', name: 'approval_comment', nullable: true },
    approvedAt: { type: 'timestamptz', name: 'approved_at', nullable: true },
    validUntil: { type: 'timestamptz', name: 'valid_until', nullable: true },
    refusedByPersonId: { type: 'uuid', name: 'refused_by_person_id', nullable: true },
    refusal: { type: 'text', nullable: true },
    refusedAt: { type: 'timestamptz', name: 'refused_at', nullable: true },
    executorPersonId: { type: 'uuid', name: 'executor_person_id', nullable: true },
    startedAt: { type: 'timestamptz', name: 'started_at', nullable: true },
    finishedAt: { type: 'timestamptz', name: 'finished_at', nullable: true },
    outcome: { type: 'text', nullable: true },
    detail: { type: 'text', nullable: true },
    compared: { type: 'double precision', nullable: true },
    scratch: { type: 'text', nullable: true },
    withinRto: { type: 'boolean', name: 'within_rto', nullable: true },
    receipt: { type: 'text', nullable: true },
    receiptDigest: { type: 'text', name: 'receipt_digest', nullable: true },
    version: { type: 'integer' },
  },
  checks: [
    { name: 'restore_plan_kind_check', expression: `kind in ('drill', 'recovery')` },
    {
      name: 'restore_plan_state_check',
      expression: `state in ('planned', 'approved', 'refused', 'executing', 'finished')`,
    },
    {
      name: 'restore_plan_outcome_check',
      expression: `outcome in ('identical', 'different', 'failed')`,
    },
    {
      name: 'restore_plan_people_check',
      expression: `approver_person_id <> requester_person_id and executor_person_id <> approver_person_id`,
    },
  ],
  uniques: [{ name: 'restore_plan_number_key', columns: ['number'] }],
  indices: [{ name: 'restore_plan_by_planning', columns: ['plannedAt', 'id'] }],
})

/** @throws Problem `restore-plan-not-found` */
export async function planOf(tx: EntityManager, id: string): Promise<Plan> {
  const plan = await tx.findOneBy(PlanEntity, { id })
  if (plan === null) throw new Problem('restore-plan-not-found', `There is no restore plan ${id}.`)
  return plan
}

/**
 * The plan, locked until the transaction ends; after the lock of its target wherever both are taken.
 *
 * @throws Problem `restore-plan-not-found`
 */
export async function lockPlan(tx: EntityManager, id: string): Promise<Plan> {
  const plan = await tx.findOne(PlanEntity, {
    where: { id },
    lock: { mode: 'pessimistic_write' },
  })
  if (plan === null) throw new Problem('restore-plan-not-found', `There is no restore plan ${id}.`)
  return plan
}

/** Writes the changed members with the next version; the caller holds the lock. */
export async function updatePlan(
  tx: EntityManager,
  plan: Plan,
  changes: Partial<Plan>,
): Promise<Plan> {
  const changed = { ...plan, ...changes, version: plan.version + 1 }
  await tx.update(PlanEntity, { id: plan.id }, { ...changes, version: changed.version })
  return changed
}

/** What is left open for a second try stays apart from the first: each lease restores into a place of its own. */
export function scratchName({ number }: Pick<Plan, 'number'>, fencingToken: number): string {
  return `restore_${number.replace(/\D/g, '')}_${String(fencingToken)}`
}
