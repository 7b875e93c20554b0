import type { Act } from '@erp-steward/contracts/act'
import { AccountUnlocked } from '@erp-steward/contracts/sign-in-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import { AccountEntity } from '../accounts/account.ts'
import { assertAnotherHand, assertNamed } from '../accounts/another-hand.ts'
import { openUserName } from '../accounts/sealed-user-name.ts'
import { nameDigestOf } from './sign-in-guard.ts'

/**
 * Ends a lock that failed attempts brought about and forgets the attempts; only the end of a lock is a fact. Nobody ends
 * the own lock: whoever holds a session of his would guess on without end.
 *
 * @throws Problem `account-unknown`, `same-person`, `administrator-unnamed`
 */
export async function unlockAccount(
  tx: EntityManager,
  { accountId, reason }: { accountId: string; reason: string },
  act: Act,
): Promise<void> {
  const account = await tx.findOneBy(AccountEntity, { id: accountId })
  if (account === null)
    throw new Problem(
      'account-unknown',
      said(`There is no account ${accountId}.`, `没有账号 ${accountId}。`),
    )
  const owner = { actor: accountId, personId: account.personId }
  await assertAnotherHand(
    tx,
    act,
    [owner],
    said('Nobody unlocks the own account.', '不得解锁本人账号。'),
  )
  await assertNamed(tx, act)
  const [guards]: [{ locked: boolean }[], number] = await tx.query(
    // Locked in the order in which attempts lock them.
    `with guard as (
       select source from sign_in_guard where name_digest = $1 order by source for update)
     delete from sign_in_guard using guard
      where name_digest = $1 and sign_in_guard.source = guard.source
     returning held or coalesce(locked_until > $2, false) as locked`,
    [nameDigestOf(tx, openUserName(tx, account)), act.now],
  )
  const [factors]: [{ locked: boolean }[], number] = await tx.query(
    `delete from factor_guard where account_id = $1
     returning held or coalesce(locked_until > $2, false) as locked`,
    [accountId, act.now],
  )
  if (![...guards, ...factors].some(({ locked }) => locked)) return
  await appendEvent(
    tx,
    'identity',
    AccountUnlocked,
    accountId,
    { accountId, reason, unlockedAt: act.now.toISOString() },
    act,
  )
}
