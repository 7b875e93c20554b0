import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import type { EntityManager } from 'typeorm'
import { AccountEntity, type Account } from './account.ts'
import { freezeAccount } from './freeze-account.ts'
import { lockAccount } from './lock-account.ts'
import { userNameLookup } from './sealed-user-name.ts'

/** Which account is to be shut, and why. */
export interface LockDown {
  readonly account: { readonly accountId: string } | { readonly userName: string }
  readonly reason: string
}

/**
 * Shuts an account without asking for its version, for whoever is woken at night; one that is shut already stays as it
 * is. Within `unitId`, or everywhere where it is `null`. Source.
 *
 * @throws Problem `account-unknown`, `last-administrator`
 */
export async function lockDownAccount(
  tx: EntityManager,
  { account: wanted, reason }: LockDown,
  unitId: string | null,
  act: Act,
): Promise<Account> {
  const id = 'accountId' in wanted ? wanted.accountId : await idOf(tx, wanted.userName)
  const held = id === null ? null : await lockAccount(tx, id)
  if (held === null || (unitId !== null && held.holder?.person.unitId !== unitId))
    throw new Problem('account-unknown', said('There is no such account.', '没有该账号。'))
  return held.account.status === 'active' ? freezeAccount(tx, held, reason, act) : held.account
}

async function idOf(tx: EntityManager, userName: string): Promise<string | null> {
  const lookup = userNameLookup(tx, userName)
  const account = await tx.findOneBy(AccountEntity, { userNameLookup: lookup })
  return account?.id ?? null
}
