import { randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { AccountChangeRequested } from '@erp-steward/contracts/identity-events'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { isConstraintViolation } from '@erp-steward/service-kit/constraint'
import type { EntityManager } from 'typeorm'
import {
  AccountChangeEntity,
  type AccountChange,
  type AccountChangeCommand,
} from './account-change.ts'
import { sealChange } from './sealed-user-name.ts'

export interface RequestAccountChange {
  /** The account, person, position or client that the change is about. */
  readonly subjectId: string
  readonly command: AccountChangeCommand
  readonly reason: string
}

/**
 * Records a change that takes effect only when a security administrator approves it.
 *
 * @throws Problem `account-change-pending` when the same kind of change already waits for this subject
 */
export async function requestAccountChange(
  tx: EntityManager,
  { subjectId, command, reason }: RequestAccountChange,
  act: Act,
): Promise<AccountChange> {
  const change: AccountChange = {
    id: randomUUID(),
    kind: command.kind,
    subjectId,
    command,
    reason,
    status: 'pending',
    requestedBy: act.actor,
    requestedByPerson: act.personId,
    requestedAt: act.now,
    decidedBy: null,
    decidedAt: null,
    decisionReason: null,
    version: 1,
  }
  try {
    await tx.insert(AccountChangeEntity, sealChange(tx, change))
  } catch (error) {
    if (isConstraintViolation(error, 'account_change_one_pending'))
      throw new Problem('account-change-pending', 'The same change already waits for a decision.')
    throw error
  }
  await appendEvent(
    tx,
    'identity',
    AccountChangeRequested,
    change.id,
    {
      changeId: change.id,
      kind: change.kind,
      subjectId,
      reason,
      requestedAt: act.now.toISOString(),
    },
    act,
  )
  return change
}
