import type { EntityManager } from 'typeorm'
import type { AccountStatus } from '../accounts/account.ts'

/** Days that what EBS told of its users stands for what they do. Own choice: an upload comes every night. */
const TOLD_DAYS = 7

/** An account that nobody seems to use, or that was found so. */
export interface UnusedAccount {
  readonly accountId: string
  readonly userName: string
  readonly personId: string | null
  readonly unitId: string | null
  readonly status: AccountStatus
  /** Here or in EBS; of an account that was never used when it was made. */
  readonly lastUseAt: Date
  /** Whether it would be known if it had been used in EBS. */
  readonly isKnown: boolean
  /** The open finding; `null`: there is none. */
  readonly findingId: string | null
  readonly stage: 'warned' | 'locked' | null
  readonly stageAt: Date | null
  readonly since: Date | null
}

/**
 * Accounts that nobody has used since an instant, and those that were found dormant, by id. Whoever has a user in EBS works
 * there: such an account counts only while the middleware tells when users signed in to EBS last, and told it of this one
 * within a week.
 *
 * Source: defaults 2.8.
 */
export function unusedAccounts(
  tx: EntityManager,
  {
    before,
    after,
    limit,
  }: { readonly before: Date; readonly after: string | null; readonly limit: number },
  now: Date,
): Promise<UnusedAccount[]> {
  return tx.query(
    `select * from (
       select account.id as "accountId", account.user_name as "userName", account.person_id as "personId",
              person.unit_id as "unitId", account.status, finding.id as "findingId", finding.stage,
              finding.stage_at as "stageAt", finding.since,
              account.administrator_role is not null
                or seen.account_id is null
                   and not exists (
                     select from provisioning_task task where task.account_id = account.id and kind = 'create-user')
                or coalesce(upload.taken_at > $4::timestamptz - interval '${String(TOLD_DAYS)} days', false)
                   and exists (select from ebs_user_seen where last_logon_on is not null) as "isKnown",
              greatest(account.created_at, used.used_at, used.restarted_at,
                       -- The day in China ends eight hours before that of UTC.
                       (seen.last_logon_on + 1)::timestamp at time zone 'Asia/Shanghai') as "lastUseAt"
         from account
         left join person on person.id = account.person_id
         left join account_use used on used.account_id = account.id
         left join ebs_user_seen seen on seen.account_id = account.id
         left join ebs_upload upload on upload.id = seen.upload_id
         left join account_finding finding
           on finding.account_id = account.id and finding.kind = 'dormant' and finding.closed_at is null
        where account.status <> 'disabled' and ($2::uuid is null or account.id > $2)) as found
      where "findingId" is not null or "isKnown" and "lastUseAt" <= $1
      order by "accountId" limit $3`,
    [before, after, limit, now],
  )
}
