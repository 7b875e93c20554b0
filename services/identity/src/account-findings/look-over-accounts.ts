import type { Act } from '@erp-steward/contracts/act'
import { defineTask, enqueue } from '@erp-steward/service-kit/jobs'
import { Type } from 'typebox'
import type { EntityManager } from 'typeorm'
import { openUserName } from '../accounts/sealed-user-name.ts'
import { isGenericName } from '../reconciliation/rules/generic-name.ts'
import type { AccountFinding } from './account-finding.ts'
import { HANDLE_DORMANT } from './handle-dormant.ts'
import { closeFinding, openFinding, type Found } from './keep-finding.ts'

/** Names opened at a time. */
const BATCH = 5_000

/**
 * Every day: remembers when accounts were used, finds those that belong to nobody and those whose name tells of no person, says
 * which are no longer so, and has the dormant ones handled.
 *
 * Sources, defaults 2.8.
 */
export const lookOverAccounts = defineTask(
  'look-over-accounts',
  Type.Object({}),
  async (tx, _, act) => {
    await tx.query(
      `insert into account_use (account_id, used_at)
       select account_id, max(refreshed_at) from session group by account_id order by account_id
       on conflict on constraint account_use_pkey do update
         set used_at = greatest(account_use.used_at, excluded.used_at)
         where account_use.used_at is distinct from greatest(account_use.used_at, excluded.used_at)`,
    )
    await settle(tx, 'orphan', await orphans(tx), act)
    await settle(tx, 'generic-name', await withGenericNames(tx), act)
    await enqueue(tx, 'identity', HANDLE_DORMANT, {}, act, { key: HANDLE_DORMANT })
  },
)

type Seen = Omit<Found, 'kind'>

/** Opens what is new and closes what is over. */
async function settle(
  tx: EntityManager,
  kind: AccountFinding['kind'],
  seen: readonly Seen[],
  act: Act,
): Promise<void> {
  const open: { id: string; accountId: string; isEnded: boolean }[] = await tx.query(
    `select finding.id, account_id as "accountId", status = 'disabled' as "isEnded"
       from account_finding finding join account on account.id = account_id
      where kind = $1 and closed_at is null order by finding.id`,
    [kind],
  )
  const known = new Set(open.map(({ accountId }) => accountId))
  const still = new Set(seen.map(({ accountId }) => accountId))
  for (const found of seen)
    if (!known.has(found.accountId)) await openFinding(tx, { ...found, kind }, act)
  for (const { id, accountId, isEnded } of open)
    if (!still.has(accountId))
      await closeFinding(tx, { id, accountId, kind }, isEnded ? 'ended' : 'gone', act)
}

/** Accounts that may be used, or may be opened again, and belong to nobody who is here. */
const orphans = (tx: EntityManager): Promise<Seen[]> =>
  tx.query(
    `select account.id as "accountId", account.person_id as "personId", person.unit_id as "unitId",
            coalesce(person.left_on::timestamp at time zone 'Asia/Shanghai', account.created_at) as since
       from account left join person on person.id = account.person_id
      where account.status <> 'disabled' and person.active is not true order by account.id`,
  )

/** Names lie sealed, so each is opened. */
async function withGenericNames(tx: EntityManager): Promise<Seen[]> {
  const found: Seen[] = []
  let last: string | null = null
  for (;;) {
    const accounts: (Seen & { userName: string })[] = await tx.query(
      `select account.id as "accountId", user_name as "userName", person_id as "personId", person.unit_id as "unitId",
              account.created_at as since
         from account left join person on person.id = person_id
        where status <> 'disabled' and user_name_lookup is not null and ($1::uuid is null or account.id > $1)
        order by account.id limit $2`,
      [last, BATCH],
    )
    for (const { userName, ...account } of accounts)
      if (isGenericName(openUserName(tx, { id: account.accountId, userName }))) found.push(account)
    if (accounts.length < BATCH) return found
    last = accounts.at(-1)?.accountId ?? null
  }
}
