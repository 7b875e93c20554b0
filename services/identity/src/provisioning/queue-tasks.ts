import { randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { ProvisioningQueued } from '@erp-steward/contracts/provisioning-events'
import { appendEvents } from '@erp-steward/messaging/outbox'
import { insertRows } from '@erp-steward/service-kit/insert-rows'
import type { EntityManager } from 'typeorm'
import type { Account } from '../accounts/account.ts'
import { ProvisioningTaskEntity, type ProvisioningTask } from './provisioning-task.ts'
import type { EbsRequest } from './rules/ebs-request.ts'
import { sealCall, sealState } from './sealed-task.ts'
import { taskFact } from './task-fact.ts'

/** The account whose EBS user is meant, and the unit by which the middleware's range is checked; `null`: the company. */
export interface EbsTarget {
  readonly account: Pick<Account, 'id' | 'userName'>
  readonly unitId: string | null
}

/**
 * Queues calls for the middleware, in order. The caller has locked the account's person, so that the order in which
 * tasks are queued is the order in which the changes happened. Answers them as they are stored.
 *
 * @param dueAt by when they must be done, where something must have ended by then
 */
export async function queueTasks(
  tx: EntityManager,
  { account, unitId }: EbsTarget,
  requests: readonly EbsRequest[],
  act: Act,
  dueAt: Date | null = null,
): Promise<Omit<ProvisioningTask, 'seq'>[]> {
  if (requests.length === 0) return []
  const tasks = requests.map(({ kind, call, expected }): Omit<ProvisioningTask, 'seq'> => ({
    id: randomUUID(),
    accountId: account.id,
    userName: account.userName,
    unitId,
    kind,
    call: sealCall(tx, account.id, call),
    expected: sealState(tx, account.id, expected),
    status: 'queued',
    attempts: 0,
    notBefore: act.now,
    leaseToken: null,
    leasedBy: null,
    leasedUntil: null,
    readBack: null,
    errorCode: null,
    errorMessage: null,
    actor: act.actor,
    requestId: act.requestId,
    queuedAt: act.now,
    endedAt: null,
    version: 1,
  }))
  await insertRows<ProvisioningTask>(tx, ProvisioningTaskEntity, tasks)
  const facts = tasks.map((task) => ({
    ...taskFact(task),
    procedure: task.call.procedure,
    queuedAt: act.now.toISOString(),
    dueAt: dueAt?.toISOString() ?? null,
  }))
  await appendEvents(tx, 'identity', ProvisioningQueued, account.id, facts, act)
  return tasks
}
