import { randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { RestorePlanned } from '@erp-steward/contracts/backup-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { assertVersion } from '@erp-steward/service-kit/commit'
import { settleWait } from '@erp-steward/service-kit/waits'
import type { EntityManager } from 'typeorm'
import { assertGood, copyOf, type Copy } from '../copies/copy.ts'
import { runOf } from '../runs/run.ts'
import { factOf, lockTarget, type Target } from '../targets/target.ts'
import { lockPlan, PlanEntity, planOf, updatePlan, type Plan, type PlanFacts } from './plan.ts'
import { waitForApprover } from './plans-waiting.ts'
import { planDigest } from './seal-plan.ts'
import { withoutApproval } from './void-approvals.ts'

/** What a person writes in a plan. */
export type WrittenPlan = Pick<
  Plan,
  | 'purpose'
  | 'kind'
  | 'incidentNumber'
  | 'steps'
  | 'checkPoints'
  | 'fallback'
  | 'peopleInvolved'
  | 'plannedFor'
>

/**
 * The person behind the caller: who plans, approves and executes is known by name.
 *
 * @throws Problem `person-required`
 */
export function personOf(act: Act): string {
  if (act.personId === null)
    throw new Problem(
      'person-required',
      said(
        'Only a person plans, approves or executes a restore.',
        '只有人员可以计划、批准或执行恢复。',
      ),
    )
  return act.personId
}

/**
 * Draws up a plan for the restore of a proven copy; what the catalogue knows of the copy becomes part of it. Source.
 *
 * @throws Problem `person-required`, `backup-copy-not-found`, `backup-copy-state`
 */
export async function drawUpPlan(
  tx: EntityManager,
  { copyId, ...written }: WrittenPlan & { readonly copyId: string },
  act: Act,
): Promise<Plan> {
  const requesterPersonId = personOf(act)
  const { targetId } = await copyOf(tx, copyId)
  const target = await lockTarget(tx, targetId)
  const copy = await copyOf(tx, copyId)
  const [{ number }]: [{ number: string }] = await tx.query(
    `select nextval('restore_plan_number') as number`,
  )
  const sealed = {
    ...written,
    number: `R-${number.padStart(7, '0')}`,
    targetId,
    runId: copy.runId,
    copyId,
    facts: await factsOf(tx, target, copy, written.plannedFor),
    requesterPersonId,
  }
  const plan: Plan = {
    ...sealed,
    id: randomUUID(),
    unitId: target.unitId,
    planDigest: planDigest(sealed),
    state: 'planned',
    plannedAt: act.now,
    approverPersonId: null,
    voidedApproverPersonIds: [],
    approvedDigest: null,
    approvalComment: null,
    approvedAt: null,
    validUntil: null,
    refusedByPersonId: null,
    refusal: null,
    refusedAt: null,
    executorPersonId: null,
    startedAt: null,
    finishedAt: null,
    outcome: null,
    detail: null,
    compared: null,
    scratch: null,
    withinRto: null,
    receipt: null,
    receiptDigest: null,
    version: 1,
  }
  await tx.insert(PlanEntity, plan)
  await statePlan(tx, target, plan, act)
  return plan
}

/**
 * Changes what is written in a plan that is not under way, by its planner alone. Another wording has another digest, so an
 * approval of the former one is void. Sources.
 *
 * @throws Problem `person-required`, `restore-plan-not-found`, `not-planner`, `version-stale`, `restore-plan-state`,
 *   `backup-copy-state`
 */
export async function rewritePlan(
  tx: EntityManager,
  id: string,
  changes: Partial<WrittenPlan>,
  expected: number,
  act: Act,
): Promise<Plan> {
  const person = personOf(act)
  const { targetId } = await planOf(tx, id)
  const target = await lockTarget(tx, targetId)
  const plan = await lockPlan(tx, id)
  if (plan.requesterPersonId !== person)
    throw new Problem(
      'not-planner',
      said('Who drew up the plan changes it.', '只有计划的编制人可以修改它。'),
    )
  assertVersion(plan.version, expected)
  if (plan.state !== 'planned' && plan.state !== 'approved')
    throw new Problem(
      'restore-plan-state',
      said(
        `The plan is ${plan.state}; it is not changed any more.`,
        `该计划的状态为 ${plan.state}，不再修改。`,
      ),
    )
  const written = { ...plan, ...changes }
  const copy = await copyOf(tx, plan.copyId)
  const facts = await factsOf(tx, target, copy, written.plannedFor)
  const rewritten = await updatePlan(tx, plan, {
    ...changes,
    facts,
    planDigest: planDigest({ ...written, facts }),
    ...withoutApproval(plan),
  })
  await statePlan(tx, target, rewritten, act)
  return rewritten
}

/** @throws Problem `backup-copy-state` unless the copy is proven good */
async function factsOf(
  tx: EntityManager,
  target: Target,
  copy: Copy,
  plannedFor: Date,
): Promise<PlanFacts> {
  assertGood(copy)
  const { dataAt, manifestDigest, items, source } = await runOf(tx, copy.runId)
  const { digest, storedBytes, goodAt, lastVerifiedAt } = copy
  if (dataAt === null || manifestDigest === null || digest === null || storedBytes === null)
    throw new Problem(
      'backup-copy-state',
      said('The run of this copy has not ended well.', '产生此副本的备份任务未成功结束。'),
    )
  return {
    targetCode: target.code,
    systemCode: target.systemCode,
    executor: source.executor,
    siteCode: copy.siteCode,
    objectName: copy.objectName,
    digest,
    manifestDigest,
    storedBytes,
    items: items ?? 0,
    dataAt: dataAt.toISOString(),
    lastVerifiedAt: (lastVerifiedAt ?? goodAt ?? dataAt).toISOString(),
    lossSeconds: Math.max(0, Math.floor((plannedFor.getTime() - dataAt.getTime()) / 1_000)),
  }
}

async function statePlan(tx: EntityManager, target: Target, plan: Plan, act: Act) {
  await appendEvent(
    tx,
    'backup-orchestration',
    RestorePlanned,
    plan.id,
    {
      ...factOf(target),
      planId: plan.id,
      number: plan.number,
      runId: plan.runId,
      copyId: plan.copyId,
      planDigest: plan.planDigest,
      requesterPersonId: plan.requesterPersonId,
      plannedAt: act.now.toISOString(),
    },
    act,
  )
  await settleWait(tx, 'backup-orchestration', await waitForApprover(tx, plan, act.now), act)
}
