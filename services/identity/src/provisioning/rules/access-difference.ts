import type { Position } from '../../organisation/position.ts'
import type { Responsibility } from '../../organisation/responsibility-value.ts'
import {
  addResponsibility,
  addRole,
  endResponsibility,
  endRole,
  type EbsRequest,
} from './ebs-request.ts'

/** What a position gives in EBS. */
export type EbsAccess = Pick<Position, 'responsibilities' | 'ebsRoles'>

export const noAccess: EbsAccess = { responsibilities: [], ebsRoles: [] }

const same = (a: Responsibility, b: Responsibility) =>
  a.application === b.application && a.key === b.key && a.securityGroup === b.securityGroup

/**
 * The calls that turn one access into another: first everything that ends, then everything that begins, so that
 * nobody holds both sets at once. What is in both stays untouched. Source.
 */
export function accessDifference(
  userName: string,
  from: EbsAccess,
  to: EbsAccess,
  day: string,
): { ended: EbsRequest[]; added: EbsRequest[] } {
  const lacks = (list: readonly Responsibility[]) => (one: Responsibility) =>
    !list.some((other) => same(one, other))
  return {
    ended: [
      ...from.responsibilities
        .filter(lacks(to.responsibilities))
        .map((one) => endResponsibility(userName, one, day)),
      ...from.ebsRoles
        .filter((name) => !to.ebsRoles.includes(name))
        .map((name) => endRole(userName, name, day)),
    ],
    added: [
      ...to.responsibilities
        .filter(lacks(from.responsibilities))
        .map((one) => addResponsibility(userName, one, day)),
      ...to.ebsRoles
        .filter((name) => !from.ebsRoles.includes(name))
        .map((name) => addRole(userName, name, day)),
    ],
  }
}
