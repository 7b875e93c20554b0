import type { ProvisioningTask } from './provisioning-task.ts'

/** What every event about a task carries. */
export function taskFact({ id, accountId, userName, kind }: ProvisioningTask) {
  return { taskId: id, accountId, userName, kind }
}
