import type { EntityManager } from 'typeorm'
import type { Person } from './person.ts'

/** A person with the codes of unit, department and position, and the account if there is one. */
export type PersonInRange = Omit<Person, 'noticedAt'> & {
  readonly unitCode: string
  readonly departmentCode: string
  readonly positionCode: string
  readonly accountId: string | null
  readonly userName: string | null
}

export interface PersonFilter {
  readonly id?: string | undefined
  readonly employeeNumber?: string | undefined
  readonly active?: boolean | undefined
  readonly positionCode?: string | undefined
  /** Only people of this unit; `null` for all. */
  readonly unitId: string | null
  readonly after: string | null
  readonly limit: number
}

/** People by employee number. */
export function peopleInRange(
  tx: EntityManager,
  { id, employeeNumber, active, positionCode, unitId, after, limit }: PersonFilter,
): Promise<PersonInRange[]> {
  return tx.query(
    `select person.id, employee_number as "employeeNumber", person.name, person.unit_id as "unitId",
            department_id as "departmentId", position_id as "positionId", email, person.active,
            leave_on::text as "leaveOn", leave_kind as "leaveKind", left_on::text as "leftOn", person.version,
            person.created_at as "createdAt", unit.code as "unitCode", department.code as "departmentCode",
            position.code as "positionCode", account.id as "accountId", account.user_name as "userName"
       from person
       join unit on unit.id = person.unit_id
       join department on department.id = department_id
       join position on position.id = position_id
       left join account on account.person_id = person.id
      where ($1::uuid is null or person.id = $1) and ($2::text is null or employee_number = $2)
        and ($3::boolean is null or person.active = $3) and ($4::text is null or position.code = $4)
        and ($5::uuid is null or person.unit_id = $5) and ($6::text is null or employee_number > $6)
      order by employee_number limit $7`,
    [
      id ?? null,
      employeeNumber ?? null,
      active ?? null,
      positionCode ?? null,
      unitId,
      after,
      limit,
    ],
  )
}
