import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import type { EntityManager } from 'typeorm'
import { AssignmentEntity } from '../assignments/assignment.ts'
import { lockTarget, type Target } from '../targets/target.ts'
import { failRun } from './finish-run.ts'
import { RunEntity, runOf, type Run } from './run.ts'

/**
 * Calls a run off. One that waits has failed at once; one at work ends when its agent hears of it. A run that is good before
 * the agent hears of it stays good. Called off twice is called off once.
 *
 * @throws Problem `backup-run-not-found`, `backup-run-state` when it has ended otherwise
 */
export async function cancelRun(tx: EntityManager, id: string, act: Act): Promise<Run> {
  const { targetId } = await runOf(tx, id)
  const target = await lockTarget(tx, targetId)
  const run = await runOf(tx, id)
  if (run.state === 'failed' && run.cause === 'cancelled') return run
  if (run.state === 'succeeded' || run.state === 'failed')
    throw new Problem(
      'backup-run-state',
      said(
        `The run has ${run.state}; there is nothing to call off.`,
        `该备份任务的状态为 ${run.state}，无可取消。`,
      ),
    )
  return callOff(tx, target, run, act)
}

/** Calls an open run off; the caller holds the lock of the target. */
export async function callOff(tx: EntityManager, target: Target, run: Run, act: Act): Promise<Run> {
  if (run.cancelAskedAt !== null) return run
  await tx.update(RunEntity, { id: run.id }, { cancelAskedAt: act.now })
  const asked = { ...run, cancelAskedAt: act.now }
  const leased = await tx.findOneBy(AssignmentEntity, {
    runId: run.id,
    kind: 'backup',
    state: 'leased',
  })
  if (leased !== null) {
    await tx.update(AssignmentEntity, { id: leased.id }, { cancelAskedAt: act.now })
    return asked
  }
  await tx.update(
    AssignmentEntity,
    { runId: run.id, kind: 'backup', state: 'waiting' },
    { state: 'cancelled', endedAt: act.now },
  )
  return failRun(tx, target, asked, 'cancelled', `Called off by ${act.actor}.`, act)
}
