import type { Act } from '@erp-steward/contracts/act'
import { RestoreApproved, RestoreRefused } from '@erp-steward/contracts/backup-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import { heldPerson, UnitEntity, type Person } from '@erp-steward/directory/directory'
import { factOf, lockTarget } from '../targets/target.ts'
import { personOf } from './draw-up-plan.ts'
import { lockPlan, planOf, updatePlan, type Plan } from './plan.ts'

/**
 * How long an approval may be used. A week covers a drill planned ahead; what was judged right longer ago rests on a copy
 * and on circumstances that may have changed.
 */
export const APPROVAL_VALID_MS = 7 * 86_400_000

/** Who decides, as the token says. */
export interface Approver {
  readonly roles: readonly string[]
  readonly unitId: string | null
}

export interface ApprovePlan {
  readonly planId: string
  /** The plan that was read: another one is not approved by this. */
  readonly planDigest: string
  readonly comment: string | null
}

/**
 * Somebody in charge of the data, not the planner, approves exactly the plan that was read. The same approval again changes nothing; one
 * that has expired may be given again. Source.
 *
 * @throws Problem `person-required`, `restore-plan-not-found`, `same-person`, `not-plan-approver`, `restore-plan-changed`,
 *   `restore-plan-state`
 */
export async function approvePlan(
  tx: EntityManager,
  { planId, planDigest, comment }: ApprovePlan,
  approver: Approver,
  act: Act,
): Promise<Plan> {
  const person = personOf(act)
  const { targetId } = await planOf(tx, planId)
  const target = await lockTarget(tx, targetId)
  const plan = await lockPlan(tx, planId)
  if (plan.requesterPersonId === person)
    throw new Problem(
      'same-person',
      said('Who drew up the plan does not approve it.', '计划的编制人不得批准该计划。'),
    )
  await assertApprover(tx, plan, person, approver)
  if (plan.planDigest !== planDigest)
    throw new Problem(
      'restore-plan-changed',
      said('The plan was changed after you read it.', '您读取之后该计划已被修改。'),
      {
        planDigest: plan.planDigest,
      },
    )
  const isValid = plan.validUntil !== null && plan.validUntil > act.now
  if (plan.state === 'approved' && isValid && plan.approverPersonId === person) return plan
  if (plan.state !== 'planned' && !(plan.state === 'approved' && !isValid))
    throw new Problem(
      'restore-plan-state',
      said(`The plan is ${plan.state} already.`, `该计划的状态已为 ${plan.state}。`),
    )
  const validUntil = new Date(act.now.getTime() + APPROVAL_VALID_MS)
  const approved = await updatePlan(tx, plan, {
    state: 'approved',
    approverPersonId: person,
    voidedApproverPersonIds: approversBefore(plan, person),
    approvedDigest: planDigest,
    approvalComment: comment,
    approvedAt: act.now,
    validUntil,
  })
  await appendEvent(
    tx,
    'backup-orchestration',
    RestoreApproved,
    plan.id,
    {
      ...factOf(target),
      planId,
      number: plan.number,
      planDigest,
      approverPersonId: person,
      approvedAt: act.now.toISOString(),
      validUntil: validUntil.toISOString(),
    },
    act,
  )
  return approved
}

/**
 * Somebody in charge, not the planner, refuses the plan; it is over. An approved plan may be refused until it is executed.
 *
 * @throws Problem `person-required`, `restore-plan-not-found`, `same-person`, `not-plan-approver`, `restore-plan-state`
 */
export async function refusePlan(
  tx: EntityManager,
  planId: string,
  reason: string,
  approver: Approver,
  act: Act,
): Promise<Plan> {
  const person = personOf(act)
  const { targetId } = await planOf(tx, planId)
  const target = await lockTarget(tx, targetId)
  const plan = await lockPlan(tx, planId)
  if (plan.requesterPersonId === person)
    throw new Problem(
      'same-person',
      said('Who drew up the plan does not decide about it.', '计划的编制人不得对其作出决定。'),
    )
  await assertApprover(tx, plan, person, approver)
  if (plan.state === 'refused' && plan.refusedByPersonId === person) return plan
  if (plan.state !== 'planned' && plan.state !== 'approved')
    throw new Problem(
      'restore-plan-state',
      said(`The plan is ${plan.state} already.`, `该计划的状态已为 ${plan.state}。`),
    )
  const refused = await updatePlan(tx, plan, {
    state: 'refused',
    refusedByPersonId: person,
    refusal: reason,
    refusedAt: act.now,
  })
  await appendEvent(
    tx,
    'backup-orchestration',
    RestoreRefused,
    plan.id,
    {
      ...factOf(target),
      planId,
      number: plan.number,
      approverPersonId: person,
      reason,
      refusedAt: act.now.toISOString(),
    },
    act,
  )
  return refused
}

/** Who approved it before, also those whose approval ran out. */
function approversBefore(
  { approverPersonId, voidedApproverPersonIds }: Plan,
  person: string,
): string[] {
  const before = [
    ...voidedApproverPersonIds,
    ...(approverPersonId === null ? [] : [approverPersonId]),
  ]
  return [...new Set(before)].filter((id) => id !== person)
}

/** @throws Problem `not-plan-approver` */
async function assertApprover(
  tx: EntityManager,
  plan: Plan,
  personId: string,
  { roles, unitId: unitOfToken }: Approver,
) {
  const person = await heldPerson(tx, personId)
  if (person === null || !(await isInCharge(tx, plan, { ...person, roles }, unitOfToken)))
    throw new Problem(
      'not-plan-approver',
      said('The restore is decided by who is in charge of the data.', '恢复须由数据的负责人决定。'),
    )
}

/**
 * Whether somebody with these roles is in charge of the data of a plan: for a unit that uses the ERP its own leader, for
 * other data the O&M authority. Source.
 */
export async function isInCharge(
  tx: EntityManager,
  { unitId }: Pick<Plan, 'unitId'>,
  person: Pick<Person, 'unitId'> & { readonly roles: readonly string[] },
  unitOfToken: string | null = person.unitId,
): Promise<boolean> {
  const unit = await tx.findOneBy(UnitEntity, { id: unitId })
  return unit?.usesErp === false
    ? person.roles.includes('OM_AUTHORITY')
    : person.roles.includes('BUSINESS_OWNER') && person.unitId === unitId && unitOfToken === unitId
}
