import type { Act } from '@erp-steward/contracts/act'
import { AccountRevoked } from '@erp-steward/contracts/sign-in-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import { noteRevocation } from './revocation.ts'

/**
 * Makes every token of the account void and ends its sessions; answers the new epoch. Every gateway hears of it by
 * event and refuses older tokens from then on.
 *
 * The caller's change (disable, freeze, new roles) belongs in the same transaction. The account's `version` stays:
 * the epoch is no part of what callers edit.
 *
 * @throws Problem `account-unknown`
 */
export async function revokeAccount(
  tx: EntityManager,
  accountId: string,
  reason: string,
  act: Act,
): Promise<number> {
  // The increment locks the row: concurrent revocations queue up, and none is lost.
  const [[row]]: [{ epoch: number }[], number] = await tx.query(
    'update account set epoch = epoch + 1 where id = $1 returning epoch',
    [accountId],
  )
  if (row === undefined)
    throw new Problem(
      'account-unknown',
      said(`There is no account ${accountId}.`, `没有账号 ${accountId}。`),
    )
  await tx.query(
    `update session set ended_at = $2, end_reason = 'revoked' where account_id = $1 and ended_at is null`,
    [accountId, act.now],
  )
  await noteRevocation(tx, accountId, row.epoch, act.now)
  await appendEvent(
    tx,
    'identity',
    AccountRevoked,
    accountId,
    { accountId, epoch: row.epoch, reason, revokedAt: act.now.toISOString() },
    act,
  )
  return row.epoch
}
