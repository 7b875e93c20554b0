import { administratorRoleNames } from '../account.ts'
import type { AccountChangeKind } from '../account-change.ts'

const administrators: readonly string[] = administratorRoleNames

/**
 * Whether `role` asks for changes of this kind: the system administrator for all; to whom an administrator account belongs
 * any of the three may say, for the one concerned must be among those who can.
 */
export function mayAsk(kind: AccountChangeKind, role: string): boolean {
  return role === 'SYSTEM_ADMIN' || (kind === 'name-administrator' && administrators.includes(role))
}

/** Whether `role` decides changes of this kind: the security administrator; a naming any of the three who is not in it. */
export function mayDecide(kind: AccountChangeKind, role: string): boolean {
  return (
    role === 'SECURITY_ADMIN' || (kind === 'name-administrator' && administrators.includes(role))
  )
}
