import {
  companyWideRoles,
  permissions,
  type Permission,
  type Role,
} from '@erp-steward/contracts/permissions'
import type { ServiceName } from '@erp-steward/contracts/services'
import type { EntityManager } from 'typeorm'
import { isOfInterest, type Interest } from './measured-interest.ts'

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
  /** Whose work it measures: none of them decides it. */
  readonly notOf?: Interest | null
}

/** Identity states who may do what; the others keep a copy of it. */
const peopleOf = (service: ServiceName) =>
  service === 'identity' ? 'person join standing on standing.person_id = person.id' : 'person'

/** Whether anybody could decide it at `now`: is here, with an account in use and the right, and no part in it. */
export async function someoneCan(
  tx: EntityManager,
  service: ServiceName,
  who: WhoCan,
  now: Date,
): Promise<boolean> {
  const { isOfCompany, notPersonIds, notUnitIds, unitId, notOf = null } = who
  const holders: readonly Role[] = who.roles ?? permissions[who.permission]
  const roles = holders.filter((role) => notOf?.roles.includes(role) !== true)
  const people: { id: string; roles: Role[] }[] = await tx.query(
    `select person.id, roles from ${peopleOf(service)}
      where active and account_status = 'active' and roles && $1::text[]
        and ($2::text[] is null or roles && $2) and not person.id = any($3::uuid[])
        and not unit_id = any($4::uuid[]) and ($5::uuid is null or unit_id = $5)
      order by person.id`,
    [
      ...[roles, isOfCompany ? companyWideRoles : null],
      ...[notPersonIds.filter((id) => id !== null), notUnitIds, unitId ?? null],
    ],
  )
  if (notOf === null) return people.length > 0
  for (const person of people) {
    const role = roles.find((each) => person.roles.includes(each)) ?? ''
    const decider = { personId: person.id, controllers: [], role, now }
    if (!(await isOfInterest(tx, decider, notOf))) return true
  }
  return false
}
