import type { Act } from '@erp-steward/contracts/act'
import { Problem } from '@erp-steward/contracts/problem'
import type { EntityManager } from 'typeorm'
import { issueInitialPassword } from '../credentials/issue-initial-password.ts'
import { revokeAccount } from '../sessions/revoke-account.ts'
import { lockAccount } from './lock-account.ts'

/**
 * Makes an initial password for an account, voids the earlier one and ends its sessions.
 *
 * Nobody makes one for the own account, and only the security administrator makes one for an administrator: else the
 * system administrator could sign in as the one who confirms the own changes.
 *
 * @throws Problem `not-found`, `account-state` when the account is not active, `same-person`, `permission-missing`
 */
export async function handOutInitialPassword(
  tx: EntityManager,
  accountId: string,
  act: Act,
): Promise<{ userName: string; initialPassword: string }> {
  const held = await lockAccount(tx, accountId)
  if (held === null) throw new Problem('not-found', `There is no account ${accountId}.`)
  const { account } = held
  if (accountId === act.actor)
    throw new Problem('same-person', 'Nobody issues a password for the own account.')
  if (account.administratorRole !== null && act.role !== 'SECURITY_ADMIN')
    throw new Problem(
      'permission-missing',
      'The password of an administrator is issued by the security administrator.',
    )
  if (account.status !== 'active')
    throw new Problem('account-state', `The account is ${account.status}.`)
  const epoch = await revokeAccount(tx, accountId, 'initial-password-issued', act)
  const initialPassword = await issueInitialPassword(tx, { ...account, epoch }, act)
  return { userName: account.userName, initialPassword }
}
