import type { Act } from '@erp-steward/contracts/act'
import { RestoreFinished } from '@erp-steward/contracts/backup-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { durationMs } from '@erp-steward/regulation/duration'
import { readParameter } from '@erp-steward/service-kit/parameters'
import type { EntityManager } from 'typeorm'
import { runOf } from '../runs/run.ts'
import { factOf, type Target } from '../targets/target.ts'
import { canonicalJson, sha256 } from './canonical-json.ts'
import { lockPlan, updatePlan, type Outcome, type Plan } from './plan.ts'
import { sealedPlan } from './seal-plan.ts'

export interface RestoreEnd {
  readonly outcome: Outcome
  readonly detail: string
  readonly compared?: number
  readonly scratch?: string
}

/**
 * Ends a restore and writes its receipt, which binds plan, approval, people, times and outcome. The caller holds the lock
 * of the target; a plan that is not being executed is left alone. Sources.
 */
export async function finishRestore(
  tx: EntityManager,
  target: Target,
  planId: string,
  { outcome, detail, compared = 0, scratch }: RestoreEnd,
  act: Act,
): Promise<void> {
  const plan = await lockPlan(tx, planId)
  if (plan.state !== 'executing') return
  const startedAt = plan.startedAt ?? act.now
  const seconds = Math.max(0, Math.floor((act.now.getTime() - startedAt.getTime()) / 1_000))
  const rto = await readParameter(tx, 'backup.rto', plan.unitId, act.now)
  const withinRto = outcome === 'identical' && seconds * 1_000 <= durationMs(rto.value)
  const ended: Plan = {
    ...plan,
    state: 'finished',
    finishedAt: act.now,
    outcome,
    detail,
    compared,
    scratch: scratch ?? null,
    withinRto,
  }
  const { tool } = await runOf(tx, plan.runId)
  const receipt = canonicalJson({
    ...sealedPlan(ended),
    planDigest: ended.planDigest,
    people: {
      requesterPersonId: ended.requesterPersonId,
      approverPersonId: ended.approverPersonId,
      executorPersonId: ended.executorPersonId,
    },
    approval: {
      digest: ended.approvedDigest,
      comment: ended.approvalComment,
      at: ended.approvedAt,
      validUntil: ended.validUntil,
    },
    plannedAt: ended.plannedAt,
    startedAt,
    finishedAt: act.now,
    seconds,
    rto: { value: rto.value, parameterVersion: rto.version, isKept: withinRto },
    outcome,
    detail,
    compared,
    tool,
    scratch: ended.scratch,
  })
  const receiptDigest = sha256(receipt)
  await updatePlan(tx, plan, { ...ended, receipt, receiptDigest })
  await appendEvent(
    tx,
    'backup-orchestration',
    RestoreFinished,
    plan.id,
    {
      ...factOf(target),
      planId: plan.id,
      number: plan.number,
      outcome,
      detail,
      compared,
      seconds,
      withinRto,
      receiptDigest,
      finishedAt: act.now.toISOString(),
    },
    act,
  )
}
