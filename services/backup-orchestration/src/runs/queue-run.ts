import { randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import type { EntityManager } from 'typeorm'
import { AgentEntity, refusalOf } from '../agents/agent.ts'
import { assign } from '../assignments/assignment.ts'
import { CopyEntity, newCopy } from '../copies/copy.ts'
import { policyOf, type Policy } from '../targets/policy.ts'
import { lockTarget, type Target } from '../targets/target.ts'
import { failRun } from './finish-run.ts'
import { RunEntity, type Run } from './run.ts'

/** A run as it is queued; `dueAt` and `startBy` for one of the schedule. */
export function newRun(
  target: Target,
  policy: Pick<Policy, 'version'>,
  given: Pick<Run, 'reason' | 'note' | 'dueAt' | 'startBy'>,
  act: Act,
): Run {
  return {
    ...given,
    id: randomUUID(),
    targetId: target.id,
    unitId: target.unitId,
    policyVersion: policy.version,
    source: target.source,
    keyId: target.keyId,
    requestedBy: act.actor,
    state: 'waiting',
    missedAt: null,
    queuedAt: act.now,
    startedAt: null,
    cancelAskedAt: null,
    finishedAt: null,
    dataAt: null,
    agentId: null,
    attempts: 0,
    tool: null,
    items: null,
    sourceBytes: null,
    storedBytes: null,
    digest: null,
    manifestDigest: null,
    cause: null,
    detail: null,
  }
}

/**
 * Asks for a run now. Where the agent has said that it cannot do it, the run is kept as refused, with the reason.
 *
 * @throws Problem `backup-target-not-found`, `backup-target-state`, `run-in-progress`
 */
export async function requestRun(
  tx: EntityManager,
  { targetId, reason }: { readonly targetId: string; readonly reason: string },
  act: Act,
): Promise<Run> {
  const target = await lockTarget(tx, targetId)
  if (!target.active)
    throw new Problem(
      'backup-target-state',
      said(`The target ${target.code} is not active.`, `备份对象 ${target.code} 未启用。`),
    )
  if (target.policyVersion === 0)
    throw new Problem(
      'backup-target-state',
      said(`The target ${target.code} has no policy yet.`, `备份对象 ${target.code} 尚无策略。`),
    )
  const open = await openRun(tx, target.id)
  if (open !== null)
    throw new Problem(
      'run-in-progress',
      said(
        `Run ${open.id} of ${target.code} is ${open.state}.`,
        `${target.code} 的备份任务 ${open.id} 的状态为 ${open.state}。`,
      ),
      {
        runId: open.id,
      },
    )
  const policy = await policyOf(tx, target.id, target.policyVersion)
  const given = { reason: 'request', note: reason, dueAt: null, startBy: null } as const
  const run = newRun(target, policy, given, act)
  const copy = newCopy(
    run,
    { role: 'primary', siteCode: policy.primarySite, dueAt: null, expiresAt: null },
    act.now,
  )
  await tx.insert(RunEntity, run)
  await tx.insert(CopyEntity, copy)
  const agent = await tx.findOneBy(AgentEntity, { id: target.agentId })
  const refusal = refusalOf(agent ?? undefined, target.source, policy.primarySite)
  if (refusal !== null) return failRun(tx, target, run, 'refused', refusal, act)
  await assign(tx, { kind: 'backup', targetId: target.id, runId: run.id, copyId: copy.id }, act)
  return run
}

/** The run of a target that waits or is at work. */
export async function openRun(tx: EntityManager, targetId: string): Promise<Run | null> {
  return tx.findOne(RunEntity, {
    where: [
      { targetId, state: 'waiting' },
      { targetId, state: 'running' },
    ],
  })
}
