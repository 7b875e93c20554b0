import { personalDataOf } from '@erp-steward/service-kit/personal-data'
import type { EntityManager } from 'typeorm'
import type { Person } from './person.ts'

type Lookups = 'employeeNumberLookup' | 'nameLookup' | 'emailLookup' | 'twinLookup'

/** A person, still sealed, with the codes of unit, department and position, and the account if there is one. */
export type PersonInRange = Omit<Person, 'noticedAt' | Lookups> & {
  readonly unitCode: string
  readonly departmentCode: string
  readonly positionCode: string
  readonly accountId: string | null
  readonly userName: string | null
}

export interface PersonFilter {
  readonly id?: string | undefined
  /** Whole and in clear, as the two that follow; case does not matter. */
  readonly employeeNumber?: string | undefined
  readonly name?: string | undefined
  readonly email?: string | undefined
  readonly active?: boolean | undefined
  readonly positionCode?: string | undefined
  /** Only people of this unit; `null` for all. */
  readonly unitId: string | null
  /** Instant and id of the last row of the page before. */
  readonly after: readonly [at: string | null, id: string | null]
  readonly limit: number
}

/** People in the order in which they were taken in: what is sealed has no order. */
export function peopleInRange(
  tx: EntityManager,
  { id, employeeNumber, name, email, active, positionCode, unitId, after, limit }: PersonFilter,
): Promise<PersonInRange[]> {
  const { lookup } = personalDataOf(tx)
  return tx.query(
    `select person.id, employee_number as "employeeNumber", person.name, person.unit_id as "unitId",
            department_id as "departmentId", position_id as "positionId", email, birthday, person.active,
            leave_on::text as "leaveOn", leave_kind as "leaveKind", left_on::text as "leftOn", person.version,
            person.created_at as "createdAt", unit.code as "unitCode", department.code as "departmentCode",
            position.code as "positionCode", account.id as "accountId", account.user_name as "userName"
       from person
       join unit on unit.id = person.unit_id
       join department on department.id = department_id
       join position on position.id = position_id
       left join account on account.person_id = person.id
      where ($1::uuid is null or person.id = $1) and ($2::text is null or employee_number_lookup = $2)
        and ($3::text is null or name_lookup = $3) and ($4::text is null or email_lookup = $4)
        and ($5::boolean is null or person.active = $5) and ($6::text is null or position.code = $6)
        and ($7::uuid is null or person.unit_id = $7)
        and ($8::timestamptz is null or (person.created_at, person.id) > ($8, $9))
      order by person.created_at, person.id limit $10`,
    [
      id ?? null,
      employeeNumber === undefined ? null : lookup('employee-number', employeeNumber),
      name === undefined ? null : lookup('name', name),
      email === undefined ? null : lookup('email', email),
      active ?? null,
      positionCode ?? null,
      unitId,
      ...after,
      limit,
    ],
  )
}
