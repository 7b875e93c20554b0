import type { Role } from '@erp-steward/contracts/permissions'
import { EntitySchema } from 'typeorm'

/** An EBS responsibility as FND_USER_PKG.AddResp names it. Source: EBS conventions 4.2. */
export interface Responsibility {
  /** Short name of the application, for example `SQLGL`. */
  application: string
  /** Key of the responsibility. */
  key: string
  /** Normally `STANDARD`. */
  securityGroup: string
}

/** Roles that a position may carry: the business roles. Administrators and machines get theirs elsewhere. */
export const positionRoles = [
  'OM_AUTHORITY',
  'BUSINESS_OWNER',
  'KEY_USER',
  'OM_PROVIDER',
  'END_USER',
] as const satisfies readonly Role[]
export type PositionRole = (typeof positionRoles)[number]

/**
 * A position with what its holders may do: one row of the position matrix.
 *
 * Rights change only by an account change that the security administrator approved.
 */
export interface Position {
  id: string
  /** Unique in the company. */
  code: string
  name: string
  active: boolean
  roles: PositionRole[]
  responsibilities: Responsibility[]
  /** EBS roles of User Management, for example `UMX|FND_IREP_ADMIN`. */
  ebsRoles: string[]
  version: number
}

export const PositionEntity = new EntitySchema<Position>({
  name: 'Position',
  tableName: 'position',
  columns: {
    id: { type: 'uuid', primary: true },
    code: { type: 'text' },
    name: { type: 'text' },
    active: { type: 'boolean' },
    roles: { type: 'jsonb' },
    responsibilities: { type: 'jsonb' },
    ebsRoles: { type: 'jsonb', name: 'ebs_roles' },
    version: { type: 'integer' },
  },
  uniques: [{ name: 'position_code_key', columns: ['code'] }],
})

/** Whether the position gives its holders anything, here or in EBS. */
export function carriesRights({
  roles,
  responsibilities,
  ebsRoles,
}: Pick<Position, 'roles' | 'responsibilities' | 'ebsRoles'>): boolean {
  return roles.length + responsibilities.length + ebsRoles.length > 0
}
