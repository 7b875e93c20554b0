import type { Act } from '@erp-steward/contracts/act'
import type { EntityManager } from 'typeorm'
import { assertHolds, lockTask, type Lease } from './held-task.ts'
import { ProvisioningTaskEntity, type ProvisioningTask } from './provisioning-task.ts'

/**
 * Lets the holder keep a task for `leaseSeconds` from now on, for a call in EBS that takes longer than was thought.
 *
 * @throws Problem `not-found`, `lease-lost`
 */
export async function renewLease(
  tx: EntityManager,
  lease: Lease,
  leaseSeconds: number,
  act: Act,
): Promise<ProvisioningTask> {
  const task = await lockTask(tx, lease.taskId)
  assertHolds(lease, task)
  const leasedUntil = new Date(act.now.getTime() + leaseSeconds * 1_000)
  const renewed: ProvisioningTask = { ...task, leasedUntil, version: task.version + 1 }
  await tx.save(ProvisioningTaskEntity, renewed)
  return renewed
}
