import type { Act } from '@erp-steward/contracts/act'
import { AccountFrozen, AccountUnfrozen } from '@erp-steward/contracts/account-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import { queueUserFreeze, queueUserRelease } from '../provisioning/queue-access.ts'
import { assertNoOpenCase } from '../detection/account-case.ts'
import { revokeAccount } from '../sessions/revoke-account.ts'
import { AccountEntity, type Account } from './account.ts'
import { assertNotLastAdministrator } from './assert-not-last-administrator.ts'
import type { HeldAccount } from './lock-account.ts'
import { stateStanding } from './state-standing.ts'

/**
 * Shuts an account at once because of a risk: every token void, no login in EBS. Source.
 *
 * @throws Problem `account-state` when it is not active, `last-administrator`
 */
export async function freezeAccount(
  tx: EntityManager,
  { account, owner, holder }: HeldAccount,
  reason: string,
  act: Act,
): Promise<Account> {
  if (account.status !== 'active')
    throw new Problem(
      'account-state',
      said(`The account is ${account.status}.`, `该账号的状态为 ${account.status}。`),
    )
  await assertNotLastAdministrator(tx, account)
  const { id, userName, personId } = account
  const version = account.version + 1
  await tx.update(AccountEntity, id, { status: 'frozen', version })
  const fact = { accountId: id, userName, personId, reason, frozenAt: act.now.toISOString() }
  await appendEvent(tx, 'identity', AccountFrozen, id, fact, act)
  const epoch = await revokeAccount(tx, id, reason, act)
  if (holder !== null) await queueUserFreeze(tx, { account, unitId: holder.person.unitId }, act)
  if (owner !== null) await stateStanding(tx, owner.id, act)
  return { ...account, status: 'frozen', version, epoch }
}

/**
 * Releases a frozen account; only the security administrator may. Source.
 *
 * @throws Problem `account-state` when it is not frozen, `account-case-open`
 */
export async function unfreezeAccount(
  tx: EntityManager,
  { account, owner, holder }: HeldAccount,
  reason: string,
  act: Act,
): Promise<Account> {
  if (account.status !== 'frozen')
    throw new Problem(
      'account-state',
      said(`The account is ${account.status}.`, `该账号的状态为 ${account.status}。`),
    )
  await assertNoOpenCase(tx, account.id)
  const { id, userName, personId } = account
  const version = account.version + 1
  await tx.update(AccountEntity, id, { status: 'active', version })
  const fact = { accountId: id, userName, personId, reason, unfrozenAt: act.now.toISOString() }
  await appendEvent(tx, 'identity', AccountUnfrozen, id, fact, act)
  if (holder !== null) await queueUserRelease(tx, { account, unitId: holder.person.unitId }, act)
  if (owner !== null) await stateStanding(tx, owner.id, act)
  return { ...account, status: 'active', version }
}
