import type { Act } from '@erp-steward/contracts/act'
import { ProvisioningFailed } from '@erp-steward/contracts/provisioning-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import { assertHolds, lockTask, type Lease } from './held-task.ts'
import { ProvisioningTaskEntity, type ProvisioningTask } from './provisioning-task.ts'
import { nextTryAt } from './rules/retry.ts'
import { sealMessage } from './sealed-task.ts'
import { taskFact } from './task-fact.ts'

export interface Failure {
  /** What EBS said, `ORA-20001` for example. */
  readonly code: string
  readonly message: string
  /** Nothing will be different at the next try: a person has to look. */
  readonly permanent: boolean
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
  { code, message, permanent }: Failure,
  act: Act,
): Promise<ProvisioningTask> {
  const task = await lockTask(tx, lease.taskId)
  assertHolds(lease, task)
  if (permanent) return failForGood(tx, task, code, message, act)
  return takeBack(tx, task, code, message, act)
}

/** Into the queue after a pause, or to a person after the last try. */
export async function takeBack(
  tx: EntityManager,
  task: ProvisioningTask,
  code: string,
  message: string,
  act: Act,
): Promise<ProvisioningTask> {
  const notBefore = nextTryAt(task.attempts, act.now)
  if (notBefore === null) return failForGood(tx, task, code, message, act)
  const queued: ProvisioningTask = {
    ...task,
    status: 'queued',
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
