import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import type { EntityManager } from 'typeorm'
import { AssignmentEntity } from '../assignments/assignment.ts'
import { loseLease } from '../assignments/expire-leases.ts'
import { voidGate } from '../gates/void-gate.ts'
import { voidApprovals } from '../restores/void-approvals.ts'
import { callOff } from '../runs/cancel-run.ts'
import { trackNewest } from '../runs/finish-run.ts'
import { openRun } from '../runs/queue-run.ts'
import { PolicyEntity } from './policy.ts'
import { stateTarget } from './register-target.ts'
import { groundsOf } from './rules/grounds.ts'
import { nextRuns } from './rules/schedule.ts'
import { settleProtection } from './settle-protection.ts'
import { lockTarget, TargetEntity, type Target } from './target.ts'

export type ChangeTarget = Partial<
  Pick<Target, 'name' | 'agentId' | 'source' | 'keyId' | 'requiredBeforeChange' | 'active'>
>

/**
 * Changes a target. A new agent takes over what waits, and the lease of the old one is taken back. An inactive target is
 * not backed up, and its open run is called off; made active again, its schedule goes on from now. What the gate reads is
 * changed by two (`changeOfTarget`), and voids what rests on it.
 *
 * @throws Problem `backup-target-not-found`, `version-stale`
 */
export async function changeTarget(
  tx: EntityManager,
  id: string,
  changes: ChangeTarget,
  expected: number,
  act: Act,
): Promise<Target> {
  const target = await lockTarget(tx, id, expected)
  const policy =
    target.policyVersion === 0
      ? null
      : await tx.findOneByOrFail(PolicyEntity, { targetId: id, version: target.policyVersion })
  const changed: Target = { ...target, ...changes, version: target.version + 1 }
  if (changed.active !== target.active)
    changed.nextRunAt =
      changed.active && policy !== null ? (nextRuns(policy.schedule, act.now, 1)[0] ?? null) : null
  await tx.update(TargetEntity, { id }, changed)
  if (changed.agentId !== target.agentId) {
    const leased = await tx.findOneBy(AssignmentEntity, { targetId: id, state: 'leased' })
    if (leased !== null) await loseLease(tx, leased, act)
  }
  if (target.active && !changed.active) {
    const run = await openRun(tx, id)
    if (run !== null) await callOff(tx, changed, run, act)
  }
  if (changed.active !== target.active) await trackNewest(tx, changed, act)
  await stateTarget(tx, changed, act)
  await settleProtection(tx, changed, act)
  const members = groundsOf(target, changes)
  if (members.length > 0) {
    const detail = said(
      `Changed of ${target.code}: ${members.join(', ')}.`,
      `备份对象 ${target.code} 已修改：${members.join('、')}。`,
    )
    await voidApprovals(tx, changed, detail.en, act)
    await voidGate(tx, target.systemCode, 'target', detail, act)
  }
  return changed
}
