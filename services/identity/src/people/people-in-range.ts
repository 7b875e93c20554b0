import { personalDataOf } from '@erp-steward/service-kit/personal-data'
import { sortSql, type ListOrder, type ListPosition } from '@erp-steward/service-kit/sorted-list'
import type { Static } from 'typebox'
import type { EntityManager } from 'typeorm'
import type { PlaceFilter } from '../organisation/place-filter.ts'
import type { PersonView } from './person.ts'

/** A person, still sealed, with the codes of unit, department and position, and the account if there is one. */
export type PersonInRange = Static<typeof PersonView>

export interface PersonFilter {
  readonly id?: string | undefined
  /** Whole and in clear, as the two that follow; case does not matter. */
  readonly employeeNumber?: string | undefined
  readonly name?: string | undefined
  readonly email?: string | undefined
  readonly active?: boolean | undefined
  readonly place?: PlaceFilter | undefined
  /** Changed at this instant or later. */
  readonly changedSince?: string | undefined
  /** Only people of this unit; `null` for all. */
  readonly unitId: string | null
  readonly sort?: ListOrder | undefined
  readonly after: ListPosition
  readonly limit: number
}

/** People in the order in which they were taken in or last changed: what is sealed has no order. */
export function peopleInRange(
  tx: EntityManager,
  {
    id,
    employeeNumber,
    name,
    email,
    active,
    place,
    changedSince,
    unitId,
    sort = 'createdAt',
    after,
    limit,
  }: PersonFilter,
): Promise<PersonInRange[]> {
  const { lookup } = personalDataOf(tx)
  const order = sortSql(sort, 'person', 11)
  return tx.query(
    `select person.id, employee_number as "employeeNumber", person.name, person.unit_id as "unitId",
            department_id as "departmentId", position_id as "positionId", email, birthday, person.active,
            leave_on::text as "leaveOn", leave_kind as "leaveKind", left_on::text as "leftOn", person.version,
            person.created_at as "createdAt", person.changed_at as "changedAt", unit.code as "unitCode",
            department.code as "departmentCode", position.code as "positionCode", account.id as "accountId",
            account.user_name as "userName"
       from person
       join unit on unit.id = person.unit_id
       join department on department.id = department_id
       join position on position.id = position_id
       left join account on account.person_id = person.id
      where ($1::uuid is null or person.id = $1) and ($2::text is null or employee_number_lookup = $2)
        and ($3::text is null or name_lookup = $3) and ($4::text is null or email_lookup = $4)
        and ($5::boolean is null or person.active = $5) and ($6::uuid is null or person.position_id = $6)
        and ($7::uuid is null or person.unit_id = $7) and ($8::uuid is null or person.unit_id = $8)
        and ($9::uuid[] is null or person.department_id = any($9))
        and ($10::timestamptz is null or person.changed_at >= $10)
        and ${order.after}
      order by ${order.orderBy} limit $13`,
    [
      id ?? null,
      employeeNumber === undefined ? null : lookup('employee-number', employeeNumber),
      name === undefined ? null : lookup('name', name),
      email === undefined ? null : lookup('email', email),
      active ?? null,
      place?.positionId ?? null,
      unitId,
      place?.unitId ?? null,
      place?.departmentIds ?? null,
      changedSince ?? null,
      ...after,
      limit,
    ],
  )
}
