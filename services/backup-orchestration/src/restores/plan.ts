import { Executor } from '@erp-steward/contracts/backup-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { Instant, InstantOut, Line, nullable, Paragraph, Uuid } from '@erp-steward/contracts/values'
import { entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import { Type, type Static } from 'typebox'
import type { EntityManager } from 'typeorm'

export const PlanState = Type.Enum(['planned', 'approved', 'refused', 'executing', 'finished'], {
  title: 'RestorePlanState',
})

/** What the planner writes. */
export const writtenPlan = {
  purpose: Paragraph(2_000),
  kind: Type.Enum(['drill', 'recovery'], { title: 'RestoreKind' }),
  incidentNumber: nullable(Line(40)),
  steps: Type.Array(Paragraph(2_000), { minItems: 1, maxItems: 100 }),
  checkPoints: Type.Array(Paragraph(2_000), { minItems: 1, maxItems: 100 }),
  fallback: Paragraph(5_000),
  peopleInvolved: Type.Array(Line(200), { minItems: 1, maxItems: 50 }),
  plannedFor: Instant,
}

const RestoreOutcome = Type.Enum(['identical', 'different', 'failed'], {
  title: 'RestoreOutcome',
  description: 'Whether what was restored is what was saved.',
})
export type Outcome = Static<typeof RestoreOutcome>

/** What the catalogue says of the copy; part of what is approved. */
const PlanFacts = Type.Object({
  targetCode: Type.String(),
  systemCode: Type.String(),
  executor: Executor,
  siteCode: Type.String(),
  objectName: Type.String(),
  digest: Type.String({ description: 'SHA-256 of the stored bytes.' }),
  manifestDigest: Type.String({ description: 'SHA-256 of the list of what is inside.' }),
  storedBytes: Type.Number(),
  items: Type.Number({ description: 'Files or tables.' }),
  dataAt: Type.String({ description: 'Whatever came after this instant is lost.' }),
  lastVerifiedAt: Type.String(),
  lossSeconds: Type.Integer({
    description: 'How old the data will be at the planned time, whole seconds.',
  }),
})
export type PlanFacts = Static<typeof PlanFacts>

/** A restore on paper first: which copy, step by step, who, and the way back. Sources. */
export const PlanView = Type.Object(
  {
    id: Uuid,
    number: Type.String(),
    targetId: Uuid,
    unitId: Uuid,
    runId: Uuid,
    copyId: Uuid,
    ...writtenPlan,
    plannedFor: InstantOut,
    facts: PlanFacts,
    planDigest: Type.String({
      description: 'SHA-256 of the plan as it is now; an approval holds for exactly one.',
    }),
    state: PlanState,
    requesterPersonId: Uuid,
    plannedAt: InstantOut,
    approverPersonId: nullable(Uuid),
    approvedDigest: nullable(Type.String()),
    approvalComment: nullable(Type.String()),
    approvedAt: nullable(InstantOut),
    validUntil: nullable(InstantOut, 'When the approval ends.'),
    refusedByPersonId: nullable(Uuid),
    refusal: nullable(Type.String()),
    refusedAt: nullable(InstantOut),
    executorPersonId: nullable(Uuid),
    startedAt: nullable(InstantOut),
    finishedAt: nullable(InstantOut),
    outcome: nullable(RestoreOutcome),
    detail: nullable(Type.String()),
    compared: nullable(Type.Number(), 'Files or tables compared.'),
    scratch: nullable(Type.String(), 'Where it was restored to.'),
    withinRto: nullable(
      Type.Boolean(),
      'Whether all was back as it was saved in the time allowed.',
    ),
    receiptDigest: nullable(Type.String()),
    version: Type.Integer(),
  },
  { title: 'RestorePlan' },
)

const json = { type: 'jsonb', array: false } as const

export const PlanEntity = entityOf(PlanView, {
  table: 'restore_plan',
  kept: {
    /** Who approved an earlier wording, or before the target was changed. */
    voidedApproverPersonIds: Type.Array(Uuid),
    /** Canonical JSON that binds plan, approval, people, times and outcome. */
    receipt: nullable(Type.String()),
  },
  columns: { steps: json, checkPoints: json, peopleInvolved: json },
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
export type Plan = RowOf<typeof PlanEntity>

/** @throws Problem `restore-plan-not-found` */
export async function planOf(tx: EntityManager, id: string): Promise<Plan> {
  const plan = await tx.findOneBy(PlanEntity, { id })
  if (plan === null)
    throw new Problem(
      'restore-plan-not-found',
      said(`There is no restore plan ${id}.`, `没有恢复计划 ${id}。`),
    )
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
  if (plan === null)
    throw new Problem(
      'restore-plan-not-found',
      said(`There is no restore plan ${id}.`, `没有恢复计划 ${id}。`),
    )
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
