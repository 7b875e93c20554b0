import type { Act } from '@erp-steward/contracts/act'
import { ProvisioningFailed } from '@erp-steward/contracts/provisioning-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import { assertHolds, lockTask, type Lease } from './held-task.ts'
import { ProvisioningTaskEntity, type ProvisioningTask } from './provisioning-task.ts'
import { nextTryAt, type FailureClass } from './rules/retry.ts'
import { sealMessage } from './sealed-task.ts'
import { taskFact } from './task-fact.ts'

export interface Failure {
  /** What EBS said, `ORA-20001` for example. */
  readonly code: string
  readonly message: string
  readonly of: FailureClass
}

/**
 * Takes a task back that could not be done: into the queue after a pause, or to a person after the last try or where no
 * further one helps.
 *
 * @throws Problem `not-found`, `lease-lost`
 */
export async function failTask(
  tx: EntityManager,
  lease: Lease,
  { code, message, of }: Failure,
  act: Act,
): Promise<ProvisioningTask> {
  const task = await lockTask(tx, lease.taskId)
  assertHolds(lease, task)
  return takeBack(tx, task, code, message, act, of)
}

/**
 * Into the queue after a pause, or to a person after the last try. A try in which EBS was not reached is none: nothing was
 * asked of it.
 */
export async function takeBack(
  tx: EntityManager,
  task: ProvisioningTask,
  code: string,
  message: string,
  act: Act,
  of: FailureClass = 'other',
): Promise<ProvisioningTask> {
  const notBefore = nextTryAt(task.attempts, act.now, of)
  if (notBefore === null) return failForGood(tx, task, code, message, act)
  const queued: ProvisioningTask = {
    ...task,
    status: 'queued',
    attempts: of === 'unreachable' ? task.attempts - 1 : task.attempts,
    notBefore,
    leaseToken: null,
    leasedUntil: null,
    errorCode: code,
    errorMessage: sealMessage(tx, task.accountId, message),
    version: task.version + 1,
  }
  await tx.save(ProvisioningTaskEntity, queued)
  return queued
}

/** Leaves the task to a person; what follows for the same user waits. */
export async function failForGood(
  tx: EntityManager,
  task: ProvisioningTask,
  code: string,
  message: string,
  act: Act,
): Promise<ProvisioningTask> {
  const errorMessage = sealMessage(tx, task.accountId, message)
  const failed: ProvisioningTask = {
    ...task,
    status: 'failed',
    leaseToken: null,
    leasedUntil: null,
    errorCode: code,
    errorMessage,
    version: task.version + 1,
  }
  await tx.save(ProvisioningTaskEntity, failed)
  await appendEvent(
    tx,
    'identity',
    ProvisioningFailed,
    task.accountId,
    {
      ...taskFact(task),
      code,
      message: errorMessage,
      attempts: task.attempts,
      failedAt: act.now.toISOString(),
    },
    act,
  )
  return failed
}
