import { personalDataOf } from '@erp-steward/service-kit/personal-data'
import type { EntityManager } from 'typeorm'
import type { Account } from './account.ts'
import type { AccountChange } from './account-change.ts'

/** The user name as it is stored: companies make it from a name or an employee number. Source. */
export function sealUserName(
  tx: EntityManager,
  accountId: string,
  userName: string,
): Pick<Account, 'userName' | 'userNameLookup'> {
  return {
    userName: personalDataOf(tx).seal(accountId, 'user-name', userName),
    userNameLookup: userNameLookup(tx, userName),
  }
}

/** By what the account of a user name is found, whatever its case. */
export function userNameLookup(tx: EntityManager, userName: string): string {
  return personalDataOf(tx).lookup('user-name', userName)
}

/** @throws Error if it was sealed under keys that are not configured */
export function openUserName(
  tx: EntityManager,
  { id, userName }: Pick<Account, 'id' | 'userName'>,
): string {
  return personalDataOf(tx).open(id, 'user-name', userName)
}

/** The change as it is stored: the user name that it asks for is sealed for its subject. */
export function sealChange(tx: EntityManager, change: AccountChange): AccountChange {
  const { seal } = personalDataOf(tx)
  return mapChange(change, (userName) => seal(change.subjectId, 'user-name', userName))
}

/** The change as it was asked for. */
export function openChange(tx: EntityManager, change: AccountChange): AccountChange {
  const { open } = personalDataOf(tx)
  return mapChange(change, (userName) => open(change.subjectId, 'user-name', userName))
}

/** The change with the user name in it put through `alter`. */
export function mapChange(
  change: AccountChange,
  alter: (userName: string) => string,
): AccountChange {
  const { command } = change
  return 'userName' in command
    ? { ...change, command: { ...command, userName: alter(command.userName) } }
    : change
}
