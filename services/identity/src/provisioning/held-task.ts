import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import type { EntityManager } from 'typeorm'
import { ProvisioningTaskEntity, type ProvisioningTask } from './provisioning-task.ts'

export interface Lease {
  readonly taskId: string
  readonly leaseToken: string
}

/**
 * The task, held until the end of the transaction.
 *
 * @throws Problem `not-found`
 */
export async function lockTask(tx: EntityManager, id: string): Promise<ProvisioningTask> {
  const task = await tx.findOne(ProvisioningTaskEntity, {
    where: { id },
    lock: { mode: 'pessimistic_write' },
  })
  if (task === null)
    throw new Problem(
      'not-found',
      said(`There is no provisioning task ${id}.`, `没有 EBS 任务 ${id}。`),
    )
  return task
}

/**
 * Refuses a worker that no longer holds the task. A lease that ran out still counts while nobody else got the task,
 * for what was done in EBS was done.
 *
 * @throws Problem `lease-lost`
 */
export function assertHolds({ leaseToken }: Lease, task: ProvisioningTask): void {
  if (task.status !== 'leased' || task.leaseToken !== leaseToken)
    throw new Problem(
      'lease-lost',
      said('The task is not leased under this token.', '该任务未以此租约令牌领取。'),
    )
}
