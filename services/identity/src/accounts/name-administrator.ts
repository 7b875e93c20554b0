import type { Act } from '@erp-steward/contracts/act'
import { AdministratorNamed } from '@erp-steward/contracts/account-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { appendEvent } from '@erp-steward/messaging/outbox'
import type { EntityManager } from 'typeorm'
import { revokeAccount } from '../sessions/revoke-account.ts'
import { AccountEntity, type Account } from './account.ts'
import { assertMayAdminister } from './may-administer.ts'
import { stateStanding } from './state-standing.ts'

/**
 * Gives an administrator account to the person it belongs to, for good: it ends with that person's leave. Its tokens are
 * void, for they do not name the person.
 *
 * @throws Problem `account-unknown` when it is no administrator's, `administrator-named`, `person-unknown`,
 *   `administrator-has-business-role`
 */
export async function nameAdministrator(
  tx: EntityManager,
  { accountId, personId }: { readonly accountId: string; readonly personId: string },
  act: Act,
): Promise<void> {
  await assertMayAdminister(tx, personId)
  const account = await tx.findOne(AccountEntity, {
    where: { id: accountId },
    lock: { mode: 'pessimistic_write' },
  })
  const { administratorRole: role, version } = unnamed(account, accountId)
  await tx.update(AccountEntity, accountId, { personId, version: version + 1 })
  await revokeAccount(tx, accountId, 'administrator-named', act)
  const fact = { accountId, role, personId, namedAt: act.now.toISOString() }
  await appendEvent(tx, 'identity', AdministratorNamed, accountId, fact, act)
  await stateStanding(tx, personId, act)
}

/** @throws Problem `account-unknown`, `administrator-named` */
export function unnamed(
  account: Account | null,
  accountId: string,
): Account & { readonly administratorRole: NonNullable<Account['administratorRole']> } {
  const role = account?.administratorRole ?? null
  if (account === null || role === null)
    throw new Problem(
      'account-unknown',
      said(`There is no administrator account ${accountId}.`, `没有管理员账号 ${accountId}。`),
    )
  if (account.personId !== null)
    throw new Problem(
      'administrator-named',
      said('The account belongs to a person.', '该账号属于某位人员。'),
    )
  return { ...account, administratorRole: role }
}
