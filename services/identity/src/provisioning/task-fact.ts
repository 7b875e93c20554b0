import type { ProvisioningTask } from './provisioning-task.ts'

/** What every event about a task carries. */
export function taskFact({
  id,
  accountId,
  userName,
  kind,
}: Pick<ProvisioningTask, 'id' | 'accountId' | 'userName' | 'kind'>) {
  return { taskId: id, accountId, userName, kind }
}
