import type { EntityManager } from 'typeorm'
import type { Account, AccountStatus } from './account.ts'
import { userNameLookup } from './sealed-user-name.ts'

/**
 * An account, user name and all sealed, with the name, sealed, and unit of its person; `unnamed`: an administrator's that
 * belongs to nobody.
 */
export type AccountInRange = Omit<Account, 'userNameLookup'> & {
  readonly personName: string | null
  readonly unitId: string | null
  readonly unnamed: boolean
}

export interface AccountFilter {
  readonly id?: string | undefined
  readonly userName?: string | undefined
  readonly personId?: string | undefined
  readonly status?: AccountStatus | undefined
  /** Only accounts of people of this unit; `null` for all. */
  readonly unitId: string | null
  /** Instant and id of the last row of the page before. */
  readonly after: readonly [at: string | null, id: string | null]
  readonly limit: number
}

/** Accounts in the order in which they were made: what is sealed has no order. */
export function accountsInRange(
  tx: EntityManager,
  { id, userName, personId, status, unitId, after, limit }: AccountFilter,
): Promise<AccountInRange[]> {
  return tx.query(
    `select account.id, user_name as "userName", person_id as "personId",
            administrator_role as "administratorRole", status, epoch, account.version,
            account.created_at as "createdAt", disabled_at as "disabledAt", disabled_reason as "disabledReason",
            cooling_until as "coolingUntil", rights_pending as "rightsPending",
            (administrator_role is not null and person_id is null) as unnamed,
            person.name as "personName", person.unit_id as "unitId"
       from account left join person on person.id = person_id
      where ($1::uuid is null or account.id = $1) and ($2::text is null or user_name_lookup = $2)
        and ($3::uuid is null or person_id = $3) and ($4::text is null or status = $4)
        and ($5::uuid is null or person.unit_id = $5) and ($6::timestamptz is null or (account.created_at, account.id) > ($6, $7))
      order by account.created_at, account.id limit $8`,
    [
      id ?? null,
      userName === undefined ? null : userNameLookup(tx, userName),
      personId ?? null,
      status ?? null,
      unitId,
      ...after,
      limit,
    ],
  )
}
