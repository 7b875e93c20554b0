import type { Act } from '@erp-steward/contracts/act'
import { RestoreApprovalVoided } from '@erp-steward/contracts/backup-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import { factOf, type Target } from '../targets/target.ts'
import { PlanEntity, updatePlan, type Plan } from './plan.ts'

/** What an approval leaves when it is void: who gave it stays on record and never becomes the executor. */
export function withoutApproval({
  approverPersonId,
  voidedApproverPersonIds,
}: Pick<Plan, 'approverPersonId' | 'voidedApproverPersonIds'>): Pick<
  Plan,
  | 'state'
  | 'approverPersonId'
  | 'approvedDigest'
  | 'approvalComment'
  | 'approvedAt'
  | 'validUntil'
  | 'voidedApproverPersonIds'
> {
  const voided = approverPersonId === null ? [] : [approverPersonId]
  return {
    state: 'planned',
    approverPersonId: null,
    approvedDigest: null,
    approvalComment: null,
    approvedAt: null,
    validUntil: null,
    voidedApproverPersonIds: [...new Set([...voidedApproverPersonIds, ...voided])],
  }
}

/** Voids the approvals of plans that wait to be executed on a target that was changed. The caller holds its lock. Source. */
export async function voidApprovals(
  tx: EntityManager,
  target: Target,
  reason: string,
  act: Act,
): Promise<void> {
  const plans = await tx.find(PlanEntity, {
    where: { targetId: target.id, state: 'approved' },
    lock: { mode: 'pessimistic_write' },
    order: { id: 'asc' },
  })
  for (const plan of plans) {
    await updatePlan(tx, plan, withoutApproval(plan))
    if (plan.approverPersonId === null) continue
    await appendEvent(
      tx,
      'backup-orchestration',
      RestoreApprovalVoided,
      plan.id,
      {
        ...factOf(target),
        planId: plan.id,
        number: plan.number,
        approverPersonId: plan.approverPersonId,
        reason,
        voidedAt: act.now.toISOString(),
      },
      act,
    )
  }
}
