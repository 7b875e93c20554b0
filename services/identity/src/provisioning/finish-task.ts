import type { Act } from '@erp-steward/contracts/act'
import { ProvisioningDone, ProvisioningDrift } from '@erp-steward/contracts/provisioning-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import { takeBack } from './fail-task.ts'
import { assertHolds, lockTask, type Lease } from './held-task.ts'
import {
  ProvisioningTaskEntity,
  type EbsState,
  type ProvisioningTask,
} from './provisioning-task.ts'
import { readBackFits } from './rules/read-back-fits.ts'
import { openState, sealState } from './sealed-task.ts'
import { taskFact } from './task-fact.ts'

/**
 * Ends a task with what was read back from EBS, which is the evidence. What does not fit is kept and announced, and
 * the task is not done. A repeated report of the same lease changes nothing.
 *
 * Source: EBS conventions 4.1, read back after each call.
 *
 * @throws Problem `not-found`, `lease-lost`
 */
export async function finishTask(
  tx: EntityManager,
  lease: Lease,
  found: EbsState,
  act: Act,
): Promise<ProvisioningTask> {
  const before = await lockTask(tx, lease.taskId)
  if (before.status === 'done' && before.leaseToken === lease.leaseToken) return before
  assertHolds(lease, before)
  const readBack = sealState(tx, before.accountId, found)
  const task = { ...before, readBack }
  const at = act.now.toISOString()
  if (!readBackFits(openState(tx, task.accountId, task.expected), found)) {
    const drift = { ...taskFact(task), expected: task.expected, readBack, foundAt: at }
    await appendEvent(tx, 'identity', ProvisioningDrift, task.accountId, drift, act)
    const message = 'What was read back is not what was asked.'
    return takeBack(tx, task, 'read-back-differs', message, act)
  }
  const done: ProvisioningTask = {
    ...task,
    status: 'done',
    endedAt: act.now,
    leasedUntil: null,
    errorCode: null,
    errorMessage: null,
    version: task.version + 1,
  }
  await tx.save(ProvisioningTaskEntity, done)
  const fact = { ...taskFact(task), readBack, doneAt: at }
  await appendEvent(tx, 'identity', ProvisioningDone, task.accountId, fact, act)
  return done
}
