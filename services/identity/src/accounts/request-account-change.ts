import { randomUUID } from 'node:crypto'
import type { Act } from '@erp-steward/contracts/act'
import { AccountChangeDecided, AccountChangeRequested } from '@erp-steward/contracts/account-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { isConstraintViolation } from '@erp-steward/service-kit/constraint'
import { settleWait } from '@erp-steward/service-kit/waits'
import type { EntityManager } from 'typeorm'
import { AccountEntity } from './account.ts'
import {
  AccountChangeEntity,
  type AccountChange,
  type AccountChangeCommand,
  type AccountChangeKind,
} from './account-change.ts'
import { waitOfChange } from './changes-waiting.ts'
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
    requestedByControllers: [...act.controllers],
    requestedAt: act.now,
    decidedBy: null,
    decidedByPerson: null,
    decidedAt: null,
    decisionReason: null,
    version: 1,
  }
  try {
    await tx.insert(AccountChangeEntity, sealChange(tx, change))
  } catch (error) {
    if (isConstraintViolation(error, 'account_change_one_pending'))
      throw new Problem(
        'account-change-pending',
        said('The same change already waits for a decision.', '同样的变更已在等待决定。'),
      )
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
  await settleWait(tx, 'identity', await waitOfChange(tx, change, act.now), act)
  return change
}

/**
 * Takes back what would give the person rights and waits: the person has moved on, or left, and what was asked for is no
 * longer meant. The caller holds the person's row.
 */
export async function supersedeAsked(tx: EntityManager, personId: string, act: Act): Promise<void> {
  const account = await tx.findOneBy(AccountEntity, { personId })
  const about = (kind: AccountChangeKind, subjectId: string) =>
    ({ kind, subjectId, status: 'pending' }) as const
  const asked = await tx.find(AccountChangeEntity, {
    where: [
      about('grant-position', personId),
      about('create-account', personId),
      ...(account === null ? [] : [about('enable-account', account.id)]),
    ],
    order: { id: 'asc' },
    lock: { mode: 'pessimistic_write' },
  })
  for (const waiting of asked) await supersede(tx, waiting, act)
}

async function supersede(tx: EntityManager, waiting: AccountChange, act: Act): Promise<void> {
  const reason = 'No longer meant: the person moved on.'
  await tx.update(AccountChangeEntity, waiting.id, {
    status: 'rejected',
    decidedBy: 'service:identity',
    decidedAt: act.now,
    decisionReason: reason,
    version: waiting.version + 1,
  })
  await appendEvent(
    tx,
    'identity',
    AccountChangeDecided,
    waiting.id,
    {
      changeId: waiting.id,
      kind: waiting.kind,
      subjectId: waiting.subjectId,
      decision: 'rejected',
      reason,
      requestedBy: waiting.requestedBy,
      decidedAt: act.now.toISOString(),
    },
    act,
  )
}
