import type { Position } from '../../organisation/position.ts'
import type { Responsibility } from '../../organisation/responsibility-value.ts'
import type { EbsAccess } from '../../provisioning/rules/access-difference.ts'
import type { GrantKind } from '../access-grant.ts'

/** What one grant gives. */
export interface GrantItem {
  readonly kind: GrantKind
  readonly name: string
}

/** What a position gives its holders here and in EBS, or a part of it. */
export type Rights = Pick<Position, 'roles' | 'responsibilities' | 'ebsRoles'>

/** A responsibility as the name of a grant; none of the three parts has the bar in it. */
export const responsibilityName = ({ application, key, securityGroup }: Responsibility): string =>
  `${application}|${key}|${securityGroup}`

/** Each thing that the rights consist of. */
export function itemsOf({ roles, responsibilities, ebsRoles }: Rights): GrantItem[] {
  return [
    ...roles.map((name) => ({ kind: 'role', name }) as const),
    ...responsibilities.map(
      (each) => ({ kind: 'ebs-responsibility', name: responsibilityName(each) }) as const,
    ),
    ...ebsRoles.map((name) => ({ kind: 'ebs-role', name }) as const),
  ]
}

/** What of the things concerns EBS. */
export function accessOf(items: readonly GrantItem[]): EbsAccess {
  const named = (kind: GrantKind) =>
    items.filter((item) => item.kind === kind).map(({ name }) => name)
  return {
    responsibilities: named('ebs-responsibility').map((name) => {
      const [application = '', key = '', securityGroup = ''] = name.split('|')
      return { application, key, securityGroup }
    }),
    ebsRoles: named('ebs-role'),
  }
}

/** What is in `items` and not in `others`. */
export function without(items: readonly GrantItem[], others: readonly GrantItem[]): GrantItem[] {
  const known = new Set(others.map(({ kind, name }) => `${kind} ${name}`))
  return items.filter(({ kind, name }) => !known.has(`${kind} ${name}`))
}
