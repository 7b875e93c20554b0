import { defineTask } from '@erp-steward/service-kit/jobs'
import { Type } from 'typebox'

/** Days that an ended session and its refresh tokens are kept; the facts about it stay in the ledger. */
const SESSION_DAYS = 7
/** Days after its last attempt that a guard is forgotten: longer than any window, lock or count of locks. */
const GUARD_DAYS = 2

/** Passwords kept per account: the one in force and the longest history that the parameters allow. */
const PASSWORDS = 25

/** Removes what no decision needs any more. Guards that wait for the security administrator stay. */
export const forgetEndedSessions = defineTask(
  'forget-ended-sessions',
  Type.Object({}),
  async (tx, _, { now }) => {
    const before = (days: number) => new Date(now.getTime() - days * 86_400_000)
    await tx.query('delete from session where ended_at < $1', [before(SESSION_DAYS)])
    await tx.query('delete from sign_in_guard where touched_at < $1 and not held', [
      before(GUARD_DAYS),
    ])
    await tx.query(
      `delete from credential using
         (select id, row_number() over (partition by account_id order by set_at desc) as place
            from credential) as ranked
        where credential.id = ranked.id and place > $1 and ended_at is not null`,
      [PASSWORDS],
    )
    await tx.query('delete from signing_key where published_until < $1', [before(SESSION_DAYS)])
  },
)
