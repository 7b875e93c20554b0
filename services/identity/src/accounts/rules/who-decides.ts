import { administratorRoleNames } from '../account.ts'
import type { AccountChangeCommand, AccountChangeKind } from '../account-change.ts'

const administrators: readonly string[] = administratorRoleNames

/** What may be about any of the three, so that any two of them who are not in it do it. */
const aboutAdministrators: readonly AccountChangeKind[] = [
  'name-administrator',
  'reset-second-factor',
]

/**
 * Whether `role` asks for changes of this kind: the system administrator for all; to whom an administrator account belongs,
 * and that a lost second factor is reset, any of the three may say, for the one concerned must be among those who can.
 */
export function mayAsk(kind: AccountChangeKind, role: string): boolean {
  return (
    role === 'SYSTEM_ADMIN' || (aboutAdministrators.includes(kind) && administrators.includes(role))
  )
}

/**
 * Whether `role` decides changes of this kind: the security administrator; a naming, and the reset of a second factor, any
 * of the three who is not in it.
 */
export function mayDecide(kind: AccountChangeKind, role: string): boolean {
  return (
    role === 'SECURITY_ADMIN' ||
    (aboutAdministrators.includes(kind) && administrators.includes(role))
  )
}

/** What gives somebody the rights of the position, and is not for whoever gave the position. */
const givesRights: readonly AccountChangeKind[] = [
  'grant-position',
  'create-account',
  'enable-account',
  'adopt-ebs-users',
]

/** Who decides that a position's rights begin, in this order. */
const deciders = ['SECURITY_ADMIN', 'AUDIT_ADMIN', 'OM_AUTHORITY'] as const
export type Decider = (typeof deciders)[number]

/**
 * Whose place `role` takes for changes of this kind: it decides only while everybody of all these roles is concerned. `null`
 * where it never does. A grant is asked for by whoever moved the person, through a client by all who took a half of its
 * secret; without another to decide it, it would wait for ever.
 */
export function standsInFor(kind: AccountChangeKind, role: string): readonly Decider[] | null {
  const place = deciders.findIndex((each) => each === role)
  return givesRights.includes(kind) && place > 0 ? deciders.slice(0, place) : null
}

/**
 * Whether administrators who are not named yet may decide it among themselves: what their naming takes, and no more. The
 * three are taken into the register first, by a script.
 */
export function isSetUp(command: AccountChangeCommand): boolean {
  if (command.kind === 'create-client') return command.role === 'SCRIPT'
  return command.kind === 'name-administrator'
}
