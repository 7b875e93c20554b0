import type { Role } from '@erp-steward/contracts/permissions'
import { Version } from '@erp-steward/contracts/values'
import { entityOf, type RowOf } from '@erp-steward/service-kit/entity'
import { Type, type Static } from 'typebox'
import { EntryMembers } from './entry.ts'
import { ResponsibilityValue } from './responsibility-value.ts'

/** Roles that a position may carry: the business roles. Administrators and machines get theirs elsewhere. */
const positionRoles = [
  'OM_AUTHORITY',
  'BUSINESS_OWNER',
  'KEY_USER',
  'OM_PROVIDER',
  'END_USER',
] as const satisfies readonly Role[]

export const PositionRole = Type.Enum([...positionRoles], {
  title: 'PositionRole',
  description: 'A business role, which people hold through their position. Source: A-2.1.2.',
})
export type PositionRole = Static<typeof PositionRole>

/**
 * A position with what its holders may do: one row of the position matrix.
 *
 * Rights change only by an account change that the security administrator approved.
 */
export const PositionView = Type.Object(
  {
    ...EntryMembers,
    roles: Type.Array(PositionRole, { description: 'What its holders may do here.' }),
    responsibilities: Type.Array(ResponsibilityValue, {
      description: 'What its holders have in EBS.',
    }),
    ebsRoles: Type.Array(Type.String(), {
      description: 'EBS roles of User Management, for example `UMX|FND_IREP_ADMIN`.',
    }),
    matrixVersion: Type.Integer({
      minimum: 0,
      description: 'Counts the approved sets of rights; 0: there was none yet.',
    }),
    version: Version,
  },
  { title: 'Position' },
)

const list = { type: 'jsonb', array: false } as const
export const PositionEntity = entityOf(PositionView, {
  table: 'position',
  columns: { roles: list, ebsRoles: list, matrixVersion: { default: 0 } },
  uniques: [{ name: 'position_code_key', columns: ['code'] }],
})
export type Position = RowOf<typeof PositionEntity>

/** Whether the position gives its holders anything, here or in EBS. */
export function carriesRights({
  roles,
  responsibilities,
  ebsRoles,
}: Pick<Position, 'roles' | 'responsibilities' | 'ebsRoles'>): boolean {
  return roles.length + responsibilities.length + ebsRoles.length > 0
}
