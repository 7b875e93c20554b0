import type { Act } from '@erp-steward/contracts/act'
import { ProvisioningSuperseded } from '@erp-steward/contracts/provisioning-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import type { EbsCall, ProvisioningKind } from './provisioning-task.ts'

export interface Superseded {
  readonly id: string
  readonly userName: string
  readonly kind: ProvisioningKind
  readonly call: EbsCall
  readonly attempts: number
}

/**
 * Takes out of the queue what would still give the account something in EBS: after a leave nothing of it may happen,
 * and nothing of it may stand in the way of the end date. What is leased right now goes on, and is ended after.
 */
export async function supersedeGrants(
  tx: EntityManager,
  accountId: string,
  reason: string,
  act: Act,
): Promise<Superseded[]> {
  const [superseded]: [Superseded[], number] = await tx.query(
    `update provisioning_task
        set status = 'superseded', ended_at = $2, version = version + 1
      where account_id = $1 and status in ('queued', 'failed')
        and kind in ('create-user', 'update-user', 'enable-user', 'add-responsibility', 'add-role', 'reset-password')
      returning id, user_name as "userName", kind, call, attempts`,
    [accountId, act.now],
  )
  for (const { id, userName, kind } of superseded)
    await appendEvent(
      tx,
      'identity',
      ProvisioningSuperseded,
      accountId,
      { taskId: id, accountId, userName, kind, reason, supersededAt: act.now.toISOString() },
      act,
    )
  return superseded
}
