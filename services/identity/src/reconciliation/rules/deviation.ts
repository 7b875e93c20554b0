import { responsibilityName } from '../../grants/rules/grant-item.ts'
import type { EbsAccess } from '../../provisioning/rules/access-difference.ts'
import type { AccountStatus } from '../../accounts/account.ts'
import { isGenericName } from './generic-name.ts'
import type { HeldUser } from './held.ts'

/** How what EBS holds can differ from what was approved. */
export const findingKinds = [
  'unknown-account',
  'generic-name',
  'not-disabled',
  'reopened',
  'missing-account',
  'unapproved-grant',
  'missing-grant',
  'profile-option',
] as const
export type FindingKind = (typeof findingKinds)[number]

/** What a difference is about, beside the user. */
export const heldKinds = ['ebs-responsibility', 'ebs-role', 'profile-option'] as const
export type HeldKind = (typeof heldKinds)[number]

/** A difference between EBS and the register. */
export interface Deviation {
  readonly kind: FindingKind
  /** `null`: the user itself. */
  readonly holds: HeldKind | null
  /** Responsibility, role or profile option by name; `null`: the user itself. */
  readonly name: string | null
  readonly expected: string | null
  readonly found: string | null
}

/** A user as the register wants it. */
export interface Wanted {
  readonly status: AccountStatus
  /** Whether EBS has told after the last call that the user was ended. */
  readonly wasEnded: boolean
  /** What is approved; nothing for an account that is ended, or whose rights wait. */
  readonly access: EbsAccess
}

/** Workflow's name of a responsibility, which is compared as what it is. Source: EBS conventions 4.2. */
const RESPONSIBILITY_ROLE = 'FND_RESP'

/** Access ends at the beginning of the day of its end date. */
const lasts = (endDate: string | null, day: string) => endDate === null || endDate > day

/**
 * How a user of EBS differs from what is wanted.
 *
 * @param wanted `null` where the register has no account of that name
 * @param day in China, on which EBS was read
 */
export function deviationsOf(held: HeldUser, wanted: Wanted | null, day: string): Deviation[] {
  const isOpen = lasts(held.endDate, day)
  const generic = isOpen && isGenericName(held.userName) ? [ofUser('generic-name', held)] : []
  if (wanted === null) {
    if (!isOpen) return []
    return generic.length > 0 ? generic : [ofUser('unknown-account', held)]
  }
  return [...generic, ...standingOf(held, wanted, isOpen), ...grantsOf(held, wanted, day)]
}

function standingOf(held: HeldUser, { status, wasEnded }: Wanted, isOpen: boolean): Deviation[] {
  if (status === 'active') return isOpen ? [] : [missingAccount(held.endDate)]
  if (!isOpen) return []
  return [ofUser(wasEnded ? 'reopened' : 'not-disabled', held)]
}

const ofUser = (kind: FindingKind, { endDate }: HeldUser): Deviation => ({
  kind,
  holds: null,
  name: null,
  expected: kind === 'generic-name' ? null : 'ended',
  found: endDate ?? 'open',
})

/** An account that may be used, whose user EBS lacks (`null`) or has ended. */
export const missingAccount = (endDate: string | null): Deviation => ({
  kind: 'missing-account',
  holds: null,
  name: null,
  expected: 'open',
  found: endDate,
})

function grantsOf(held: HeldUser, { status, access }: Wanted, day: string): Deviation[] {
  const direct = held.responsibilities.filter(
    ({ indirect = false, endDate }) => !indirect && lasts(endDate, day),
  )
  const roles = held.roles.filter(
    ({ name, endDate }) => lasts(endDate, day) && !name.startsWith(RESPONSIBILITY_ROLE),
  )
  const compared = [
    [
      'ebs-responsibility',
      direct.map(responsibilityName),
      access.responsibilities.map(responsibilityName),
    ],
    ['ebs-role', roles.map(({ name }) => name), access.ebsRoles],
  ] as const
  return compared.flatMap(([holds, has, may]): Deviation[] => [
    ...[...new Set(has)]
      .filter((name) => !may.includes(name))
      .map(
        (name) =>
          ({ kind: 'unapproved-grant', holds, name, expected: null, found: 'held' }) as const,
      ),
    // What is wanted of a user who is shut out counts when the user is back.
    ...(status === 'active' ? may : [])
      .filter((name) => !has.includes(name))
      .map(
        (name) => ({ kind: 'missing-grant', holds, name, expected: 'held', found: null }) as const,
      ),
  ])
}
