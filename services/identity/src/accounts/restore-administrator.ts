import type { Act } from '@erp-steward/contracts/act'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import type { EntityManager } from 'typeorm'
import { noteHostReset } from '../credentials/note-host-reset.ts'
import { issueInitialPassword } from '../credentials/issue-initial-password.ts'
import { unlockAccount } from '../credentials/unlock-account.ts'
import { revokeAccount } from '../sessions/revoke-account.ts'
import { AccountEntity } from './account.ts'
import { lockAccount } from './lock-account.ts'
import { userNameLookup } from './sealed-user-name.ts'

/**
 * Makes an initial password for an administrator who has lost the own one, and ends a lock: the way back in when no
 * second security administrator is there to do it. For whoever runs the host; every step of it is a fact in the ledger.
 *
 * @throws Problem `not-found` when no active administrator has the name
 */
export async function restoreAdministrator(
  tx: EntityManager,
  userName: string,
  act: Act,
): Promise<string> {
  const found = await tx.findOneBy(AccountEntity, {
    userNameLookup: userNameLookup(tx, userName),
  })
  const held = found === null ? null : await lockAccount(tx, found.id)
  if (held?.account.status !== 'active' || held.account.administratorRole === null)
    throw new Problem(
      'not-found',
      said(`There is no active administrator ${userName}.`, `没有启用的管理员 ${userName}。`),
    )
  const { account } = held
  await unlockAccount(tx, { accountId: account.id, reason: 'restored at the host' }, act)
  const epoch = await revokeAccount(tx, account.id, 'initial-password-issued', act)
  const password = await issueInitialPassword(tx, { ...account, epoch }, true, act)
  await noteHostReset(tx, account, act)
  return password
}
