import { companyWideRoles, permissions, type Permission } from '@erp-steward/contracts/permissions'
import type { Role } from '@erp-steward/contracts/permissions'
import type { ServiceName } from '@erp-steward/contracts/services'
import type { EntityManager } from 'typeorm'

/** Who decides something: whoever holds the permission, but for these. */
export interface WhoCan {
  readonly permission: Permission
  /** Of the roles with the permission those that decide this; default all. */
  readonly roles?: readonly Role[]
  /** Whether a range of one unit is not enough. */
  readonly isOfCompany: boolean
  /** People who had a part in it; `null` stands for nobody known. */
  readonly notPersonIds: readonly (string | null)[]
  /** Units whose people do not decide it. */
  readonly notUnitIds: readonly string[]
  /** The unit whose people alone decide it; default any. */
  readonly unitId?: string
}

/** Identity states who may do what; the others keep a copy of it. */
const peopleOf = (service: ServiceName) =>
  service === 'identity' ? 'person join standing on standing.person_id = person.id' : 'person'

/** Whether anybody could decide it now: is here, with an account in use and the right, and no part in it. */
export async function someoneCan(
  tx: EntityManager,
  service: ServiceName,
  { permission, roles, isOfCompany, notPersonIds, notUnitIds, unitId }: WhoCan,
): Promise<boolean> {
  const people: unknown[] = await tx.query(
    `select from ${peopleOf(service)}
      where active and account_status = 'active' and roles && $1::text[] and roles && $2::text[]
        and not person.id = any($3::uuid[]) and not unit_id = any($4::uuid[])
        and ($5::uuid is null or unit_id = $5)
      limit 1`,
    [
      roles ?? permissions[permission],
      isOfCompany ? companyWideRoles : (roles ?? permissions[permission]),
      notPersonIds.filter((id) => id !== null),
      notUnitIds,
      unitId ?? null,
    ],
  )
  return people.length > 0
}
