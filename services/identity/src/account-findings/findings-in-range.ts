import { columnsOf } from '@erp-steward/service-kit/entity'
import type { EntityManager } from 'typeorm'
import { openUserName } from '../accounts/sealed-user-name.ts'
import { AccountFindingEntity, type AccountFindingView } from './account-finding.ts'

export interface AccountFindingFilter {
  readonly id?: string | undefined
  readonly kind?: string | undefined
  readonly state?: string | undefined
  readonly stage?: string | undefined
  readonly accountId?: string | undefined
  /** Of the people of this unit; `null` for all. */
  readonly unitId: string | null
  /** When it was found and id of the last row of the page before, two `null`s for the first page. */
  readonly after: readonly [at: string | null, id: string | null]
  readonly limit: number
}

/** What was found of accounts, in the order it was, with the state and age that it has at an instant. */
export async function accountFindingsInRange(
  tx: EntityManager,
  { id, kind, state, stage, accountId, unitId, after, limit }: AccountFindingFilter,
  at: Date,
): Promise<AccountFindingView[]> {
  const rows: AccountFindingView[] = await tx.query(
    `select * from (
       select ${columnsOf(AccountFindingEntity, 'finding')}, account.user_name as "userName",
              account.person_id as "personId", person.unit_id as "unitId",
              greatest(0, floor(extract(epoch from coalesce(finding.closed_at, $1) - finding.since) / 86400))::int as "ageDays",
              case when finding.closed_at is not null then 'closed' when finding.accepted_until > $1 then 'accepted'
                   else 'open' end as state
         from account_finding finding
         join account on account.id = finding.account_id
         left join person on person.id = account.person_id
        where ($2::uuid is null or finding.id = $2) and ($3::text is null or finding.kind = $3)
          and ($4::text is null or finding.stage = $4) and ($5::uuid is null or finding.account_id = $5)
          and ($6::uuid is null or person.unit_id = $6)
          and ($7::timestamptz is null or (finding.found_at, finding.id) > ($7, $8::uuid))) as found
      where $9::text is null or state = $9
      order by "foundAt", id limit $10`,
    [
      ...[at, id ?? null, kind ?? null, stage ?? null, accountId ?? null, unitId, ...after],
      ...[state ?? null, limit],
    ],
  )
  return rows.map((row) => ({
    ...row,
    userName: openUserName(tx, { id: row.accountId, userName: row.userName }),
  }))
}
