import type { Static } from 'typebox'
import type { EntityManager } from 'typeorm'
import { openUserName } from '../accounts/sealed-user-name.ts'
import type { ResetView } from './credential-reset.ts'

/** A case with the name of the account, without what is left of the secret. */
type ListedReset = Static<typeof ResetView>

export interface ResetFilter {
  readonly accountId: string | undefined
  /** Instant and id of the last row of the page before, two `null`s for the first page. */
  readonly after: readonly [at: string | null, id: string | null]
  readonly limit: number
}

/** Cases, oldest first. */
export async function credentialResets(
  tx: EntityManager,
  { accountId, after: [at, id], limit }: ResetFilter,
): Promise<ListedReset[]> {
  const rows: ListedReset[] = await tx.query(
    `select reset.id, account_id as "accountId", user_name as "userName", state,
            first_by as "firstBy", first_role as "firstRole", first_at as "firstAt",
            second_by as "secondBy", second_role as "secondRole", second_at as "secondAt",
            expires_at as "expiresAt", chosen_at as "chosenAt", reset.cooling_until as "coolingUntil",
            confirmed_by as "confirmedBy", confirmed_at as "confirmedAt", confirmation
       from credential_reset reset join account on account.id = account_id
      where ($1::uuid is null or account_id = $1)
        and ($2::timestamptz is null or (first_at, reset.id) > ($2, $3::uuid))
      order by first_at, reset.id limit $4`,
    [accountId ?? null, at, id, limit],
  )
  return rows.map((row) => ({
    ...row,
    userName: openUserName(tx, { id: row.accountId, userName: row.userName }),
  }))
}
