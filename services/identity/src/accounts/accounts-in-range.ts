import { sortSql, type ListOrder, type ListPosition } from '@erp-steward/service-kit/sorted-list'
import type { Static } from 'typebox'
import type { EntityManager } from 'typeorm'
import type { PlaceFilter } from '../organisation/place-filter.ts'
import type { AccountStatus, AccountView, AdministratorRole } from './account.ts'
import { userNameLookup } from './sealed-user-name.ts'

/** An account, user name and all sealed, with the name, sealed, and unit of its person. */
export type AccountInRange = Static<typeof AccountView>

export interface AccountFilter {
  readonly id?: string | undefined
  readonly userName?: string | undefined
  readonly personId?: string | undefined
  readonly status?: AccountStatus | undefined
  readonly administratorRole?: AdministratorRole | undefined
  /** Whether the rights of the position wait for an approval. */
  readonly rightsPending?: boolean | undefined
  /** Whether there is a password in force: an own one, or an initial one that nobody changed yet. */
  readonly hasPassword?: boolean | undefined
  /** Of the person. */
  readonly place?: PlaceFilter | undefined
  /** Changed at this instant or later. */
  readonly changedSince?: string | undefined
  /** Only accounts of people of this unit; `null` for all. */
  readonly unitId: string | null
  readonly sort?: ListOrder | undefined
  readonly after: ListPosition
  readonly limit: number
}

/** Accounts in the order in which they were made or last changed: what is sealed has no order. */
export function accountsInRange(
  tx: EntityManager,
  {
    id,
    userName,
    personId,
    status,
    administratorRole,
    rightsPending,
    hasPassword,
    place,
    changedSince,
    unitId,
    sort = 'createdAt',
    after,
    limit,
  }: AccountFilter,
): Promise<AccountInRange[]> {
  const order = sortSql(sort, 'account', 12)
  return tx.query(
    `select account.id, user_name as "userName", person_id as "personId",
            administrator_role as "administratorRole", status, account.version,
            account.created_at as "createdAt", account.changed_at as "changedAt", disabled_at as "disabledAt",
            disabled_reason as "disabledReason", cooling_until as "coolingUntil", rights_pending as "rightsPending",
            (administrator_role is not null and person_id is null) as unnamed,
            person.name as "personName", person.unit_id as "unitId"
       from account left join person on person.id = person_id
      where ($1::uuid is null or account.id = $1) and ($2::text is null or user_name_lookup = $2)
        and ($3::uuid is null or person_id = $3) and ($4::text is null or status = $4)
        and ($5::uuid is null or person.unit_id = $5) and ($6::text is null or administrator_role = $6)
        and ($7::boolean is null or rights_pending = $7) and ($8::uuid is null or person.unit_id = $8)
        and ($9::uuid[] is null or person.department_id = any($9)) and ($10::uuid is null or person.position_id = $10)
        and ($11::timestamptz is null or account.changed_at >= $11)
        and ($15::boolean is null or $15 = exists (
              select from credential where account_id = account.id and ended_at is null))
        and ${order.after}
      order by ${order.orderBy} limit $14`,
    [
      id ?? null,
      userName === undefined ? null : userNameLookup(tx, userName),
      personId ?? null,
      status ?? null,
      unitId,
      administratorRole ?? null,
      rightsPending ?? null,
      place?.unitId ?? null,
      place?.departmentIds ?? null,
      place?.positionId ?? null,
      changedSince ?? null,
      ...after,
      limit,
      hasPassword ?? null,
    ],
  )
}
