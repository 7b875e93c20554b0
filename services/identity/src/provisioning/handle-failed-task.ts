import type { Act } from '@erp-steward/contracts/act'
import { ProvisioningSuperseded } from '@erp-steward/contracts/provisioning-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { assertVersion } from '@erp-steward/service-kit/commit'
import type { EntityManager } from 'typeorm'
import { lockTask } from './held-task.ts'
import { ProvisioningTaskEntity, type ProvisioningTask } from './provisioning-task.ts'
import { taskFact } from './task-fact.ts'

/**
 * Puts a failed task into the queue again with all its tries.
 *
 * @throws Problem `not-found`, `version-stale`, `task-state` when it has not failed
 */
export async function retryTask(
  tx: EntityManager,
  taskId: string,
  expected: number,
  act: Act,
): Promise<ProvisioningTask> {
  const task = await failedTask(tx, taskId, expected)
  const version = task.version + 1
  const queued: ProvisioningTask = { ...task, status: 'queued', attempts: 0, version }
  queued.notBefore = act.now
  await tx.save(ProvisioningTaskEntity, queued)
  return queued
}

/**
 * Gives a failed task up, because a person did it in EBS or it makes no sense any more; what follows goes on.
 *
 * @throws Problem `not-found`, `version-stale`, `task-state` when it has not failed
 */
export async function dropTask(
  tx: EntityManager,
  taskId: string,
  reason: string,
  expected: number,
  act: Act,
): Promise<ProvisioningTask> {
  const task = await failedTask(tx, taskId, expected)
  const version = task.version + 1
  const dropped: ProvisioningTask = { ...task, status: 'superseded', endedAt: act.now, version }
  await tx.save(ProvisioningTaskEntity, dropped)
  const fact = { ...taskFact(task), reason, supersededAt: act.now.toISOString() }
  await appendEvent(tx, 'identity', ProvisioningSuperseded, task.accountId, fact, act)
  return dropped
}

async function failedTask(tx: EntityManager, id: string, expected: number) {
  const task = await lockTask(tx, id)
  if (task.status !== 'failed')
    throw new Problem(
      'task-state',
      said(`The task is ${task.status}.`, `该任务的状态为 ${task.status}。`),
    )
  assertVersion(task.version, expected)
  return task
}
