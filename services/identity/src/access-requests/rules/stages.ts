import { companyWideRoles } from '@erp-steward/contracts/permissions'
import type { GrantItem } from '../../grants/rules/grant-item.ts'
import type { AccessChange, AccessStage } from '../access-request.ts'

const companyWide: readonly string[] = companyWideRoles

/** Roles that see every unit, and roles of User Management in EBS, by which others are administered. */
export const isPrivileged = ({ kind, name }: GrantItem): boolean =>
  kind === 'ebs-role' || (kind === 'role' && companyWide.includes(name))

/** What somebody would have beside the position. */
export const wantedBy = (change: AccessChange): readonly GrantItem[] =>
  change.kind === 'change' || change.kind === 'temporary' ? (change.grants ?? []) : []

/** Who has to approve, in this order. Sources, defaults 2.4 (approval routes) and 2.8. */
export function stagesOf(change: AccessChange): AccessStage[] {
  return wantedBy(change).length > 0 ? ['unit', 'company', 'matrix'] : ['unit', 'company']
}

/** The role that approves a stage. What opens a shut account is for the security administrator. */
export function roleOf(
  change: AccessChange,
  stage: AccessStage,
): 'BUSINESS_OWNER' | 'OM_AUTHORITY' | 'SECURITY_ADMIN' {
  if (stage === 'unit') return 'BUSINESS_OWNER'
  const isGrave =
    change.kind === 'unfreeze' || change.kind === 'unlock' || wantedBy(change).some(isPrivileged)
  return isGrave === (stage === 'company') ? 'SECURITY_ADMIN' : 'OM_AUTHORITY'
}

const RESPONSIBILITY = /^[A-Z0-9_]{1,50}\|[^|\p{Cc}]{1,60}\|[A-Z0-9_]{1,60}$/u
const REQUESTABLE = ['OM_AUTHORITY', 'BUSINESS_OWNER', 'KEY_USER', 'OM_PROVIDER', 'END_USER']

/** Whether there can be such a thing: a role of the business, or a responsibility by its three parts. */
export const isGrantable = ({ kind, name }: GrantItem): boolean =>
  kind === 'role' ? REQUESTABLE.includes(name) : kind === 'ebs-role' || RESPONSIBILITY.test(name)
