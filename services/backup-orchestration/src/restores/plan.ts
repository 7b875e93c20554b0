import { Executor } from '@erp-steward/contracts/backup-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import {
  about,
  Id,
  Instant,
  InstantOut,
  Line,
  nullable,
  Paragraph,
  UnitId,
  Uuid,
  Version,
} from '@erp-steward/contracts/values'
import { entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import { Type, type Static } from 'typebox'
import type { EntityManager } from 'typeorm'

export const PlanState = Type.Enum(['planned', 'approved', 'refused', 'executing', 'finished'], {
  title: 'RestorePlanState',
  description:
    '`planned`: waits for its approval; `approved`: may be started; `refused` ends it; `executing`: an agent restores; `finished`: its outcome is known.',
})

/** What the planner writes. */
export const writtenPlan = {
  purpose: about(Paragraph(2_000), 'What the restore is for.'),
  kind: Type.Enum(['drill', 'recovery'], {
    title: 'RestoreKind',
    description: '`drill`: a rehearsal; `recovery`: after a loss (A-2.4.5).',
  }),
  incidentNumber: nullable(
    Line(40),
    'The ticket of the loss, as people call it; null for a drill.',
  ),
  steps: Type.Array(Paragraph(2_000), {
    minItems: 1,
    maxItems: 100,
    description: 'What is done, step by step. Source: A-2.4.6.',
  }),
  checkPoints: Type.Array(Paragraph(2_000), {
    minItems: 1,
    maxItems: 100,
    description: 'What is looked at on the way, and what it must be.',
  }),
  fallback: about(Paragraph(5_000), 'What is done if it does not succeed.'),
  peopleInvolved: Type.Array(Line(200), {
    minItems: 1,
    maxItems: 50,
    description: 'Who takes part, in words.',
  }),
  plannedFor: about(Instant, 'When it is to begin.'),
}

const RestoreOutcome = Type.Enum(['identical', 'different', 'failed'], {
  title: 'RestoreOutcome',
  description: 'Whether what was restored is what was saved.',
})
export type Outcome = Static<typeof RestoreOutcome>

/** What the catalogue says of the copy; part of what is approved. */
const PlanFacts = Type.Object({
  targetCode: Type.String({ description: 'The target that is restored.' }),
  systemCode: Type.String({ description: 'Its system.' }),
  executor: Executor,
  siteCode: Type.String({ description: 'The site where the copy lies.' }),
  objectName: Type.String({ description: 'Path of the copy below the root of the store.' }),
  digest: Type.String({ description: 'SHA-256 of the stored bytes.' }),
  manifestDigest: Type.String({ description: 'SHA-256 of the list of what is inside.' }),
  storedBytes: Type.Number({ description: 'Bytes in the store.' }),
  items: Type.Number({ description: 'Files or tables.' }),
  dataAt: Type.String({ description: 'Whatever came after this instant is lost.' }),
  lastVerifiedAt: Type.String({
    description: 'When the copy was read to its end last and found good.',
  }),
  lossSeconds: Type.Integer({
    description: 'How old the data will be at the planned time, whole seconds.',
  }),
})
export type PlanFacts = Static<typeof PlanFacts>

/** A restore on paper first: which copy, step by step, who, and the way back. Sources. */
export const PlanView = Type.Object(
  {
    id: Id,
    number: Type.String({ description: 'What people call it: `R-0000042`.' }),
    targetId: about(Uuid, 'The target that is restored.'),
    unitId: UnitId,
    runId: about(Uuid, 'The run that saved the copy.'),
    copyId: about(Uuid, 'The copy that is restored.'),
    ...writtenPlan,
    plannedFor: about(InstantOut, 'When it is to begin.'),
    facts: about(PlanFacts, 'What the catalogue says of the copy; part of what is approved.'),
    planDigest: Type.String({
      description: 'SHA-256 of the plan as it is now; an approval holds for exactly one.',
    }),
    state: PlanState,
    requesterPersonId: about(Uuid, 'Who drew it up.'),
    plannedAt: about(InstantOut, 'When it was drawn up.'),
    approverPersonId: nullable(
      Uuid,
      'Who approved it; null before that, and once the approval is void. Source: A-2.4.7.',
    ),
    approvedDigest: nullable(Type.String(), 'The `planDigest` that was approved.'),
    approvalComment: nullable(Type.String(), 'What the approver added; null for nothing.'),
    approvedAt: nullable(InstantOut, 'When it was approved.'),
    validUntil: nullable(InstantOut, 'When the approval ends.'),
    refusedByPersonId: nullable(Uuid, 'Who refused it.'),
    refusal: nullable(Type.String(), 'Why it was refused.'),
    refusedAt: nullable(InstantOut, 'When it was refused.'),
    executorPersonId: nullable(Uuid, 'Who started it; neither the planner nor the approver.'),
    startedAt: nullable(InstantOut, 'When it was started: the time allowed counts from then.'),
    finishedAt: nullable(InstantOut, 'When the agent reported its end.'),
    outcome: nullable(RestoreOutcome, 'Null until it is finished.'),
    detail: nullable(Type.String(), 'What was found, for people; null until it is finished.'),
    compared: nullable(Type.Number(), 'Files or tables compared.'),
    scratch: nullable(Type.String(), 'Where it was restored to.'),
    withinRto: nullable(
      Type.Boolean(),
      'Whether all was back as it was saved in the time allowed.',
    ),
    receiptDigest: nullable(Type.String(), 'SHA-256 of the receipt; null until it is finished.'),
    version: Version,
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
