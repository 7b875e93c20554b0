import type { AdministratorRole } from '../../accounts/account.ts'

/**
 * Who may have a half of the password of a person: an administrator of accounts, the authority, the own leader, and a program
 * that delivers sealed halves.
 */
const ofPeople: readonly string[] = [
  'SYSTEM_ADMIN',
  'SECURITY_ADMIN',
  'OM_AUTHORITY',
  'BUSINESS_OWNER',
  'DELIVERY_AGENT',
]
const administrators: readonly string[] = ['SYSTEM_ADMIN', 'SECURITY_ADMIN', 'AUDIT_ADMIN']

/**
 * Whether somebody in `role` may have a half of the password of an account; the halves go to two roles. An administrator is
 * reset by the two others only: with a third hand in it, none of the three can become another.
 *
 * @param administratorRole of the account; `null` for the account of a person
 *
 * Source: defaults 2.9, three administrators.
 */
export function mayHoldHalf(role: string, administratorRole: AdministratorRole | null): boolean {
  if (administratorRole === null) return ofPeople.includes(role)
  return role !== administratorRole && administrators.includes(role)
}
