import type { Act } from '@erp-steward/contracts/act'
import { RestoreStarted } from '@erp-steward/contracts/backup-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import { assign } from '../assignments/assignment.ts'
import { assertGood, copyOf } from '../copies/copy.ts'
import { heldPerson, mayDo } from '@erp-steward/directory/directory'
import { assertAnotherPerson } from '@erp-steward/service-kit/another-person'
import { factOf, lockTarget } from '../targets/target.ts'
import { isInCharge } from './decide-plan.ts'
import { personOf } from './draw-up-plan.ts'
import { lockPlan, planOf, updatePlan, type Plan } from './plan.ts'
import { planDigest } from './seal-plan.ts'

/**
 * Starts the restore of an approved plan at its time or later, by somebody who neither drew it up nor ever approved it,
 * while the approval and the approver's right hold and the copy is good; what is stored must still be the very plan that was approved. Started twice it is started once. Sources.
 *
 * @throws Problem `person-required`, `restore-plan-not-found`, `same-person`, `restore-plan-state`, `approval-expired`,
 *   `restore-plan-changed`, `not-plan-executor`, `backup-copy-state`
 */
export async function executePlan(tx: EntityManager, planId: string, act: Act): Promise<Plan> {
  const person = personOf(act)
  const { targetId } = await planOf(tx, planId)
  const target = await lockTarget(tx, targetId)
  const plan = await lockPlan(tx, planId)
  assertAnotherPerson(
    act,
    [plan.approverPersonId, ...plan.voidedApproverPersonIds],
    said('Who approved the plan does not execute it.', '计划审批人不得执行该计划。'),
  )
  assertAnotherPerson(
    act,
    [plan.requesterPersonId],
    said('Who drew up the plan does not execute it.', '计划编制人不得执行该计划。'),
  )
  if (plan.state === 'executing' && plan.executorPersonId === person) return plan
  if (plan.state !== 'approved')
    throw new Problem(
      'restore-plan-state',
      said(
        `The plan is ${plan.state}; it must be approved.`,
        `该计划的状态为 ${plan.state}；须先经批准。`,
      ),
    )
  if (plan.validUntil === null || plan.validUntil <= act.now)
    throw new Problem(
      'approval-expired',
      said('The approval was valid for seven days.', '批准的有效期为七天，现已过期。'),
    )
  if (plan.plannedFor > act.now)
    throw new Problem(
      'restore-plan-state',
      said(
        `The plan is for ${plan.plannedFor.toISOString()}; it does not start before.`,
        `该计划定于 ${plan.plannedFor.toISOString()}，不得提前开始。`,
      ),
    )
  if (plan.approvedDigest !== plan.planDigest || planDigest(plan) !== plan.planDigest)
    throw new Problem(
      'restore-plan-changed',
      said('The plan is not the one that was approved.', '该计划与所批准的不一致。'),
    )
  await assertRights(tx, plan, person)
  assertGood(await copyOf(tx, plan.copyId))
  const { runId, copyId } = plan
  await assign(tx, { kind: 'restore', targetId, runId, copyId, planId }, act)
  const started = await updatePlan(tx, plan, {
    state: 'executing',
    executorPersonId: person,
    startedAt: act.now,
  })
  await appendEvent(
    tx,
    'backup-orchestration',
    RestoreStarted,
    plan.id,
    {
      ...factOf(target),
      planId,
      number: plan.number,
      planDigest: plan.planDigest,
      executorPersonId: person,
      startedAt: act.now.toISOString(),
    },
    act,
  )
  return started
}

/** @throws Problem `not-plan-executor`, `approval-expired` when who approved could not approve any more */
async function assertRights(tx: EntityManager, plan: Plan, executorPersonId: string) {
  const executor = await heldPerson(tx, executorPersonId)
  if (executor === null || !mayDo(executor, 'restore.execute'))
    throw new Problem(
      'not-plan-executor',
      said('You may not execute restores any more.', '您已无权执行恢复。'),
    )
  const { approverPersonId } = plan
  const approver = approverPersonId === null ? null : await heldPerson(tx, approverPersonId)
  if (
    approver === null ||
    !mayDo(approver, 'restore.approve') ||
    !(await isInCharge(tx, plan, approver))
  )
    throw new Problem(
      'approval-expired',
      said(
        'Who approved the plan is no longer in charge of the data.',
        '批准该计划的人员已不再负责这些数据。',
      ),
    )
}
