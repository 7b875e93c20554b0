import { durationMs } from '@erp-steward/regulation/duration'
import { defineTask } from '@erp-steward/service-kit/jobs'
import { readParameter } from '@erp-steward/service-kit/parameters'
import { Type } from 'typebox'
import { MOST_KEPT } from '../credentials/credential.ts'
import { KNOWN_DAYS } from '../credentials/known-device.ts'

/** Days that the tokens of an ended session and retired keys are kept: longer than anybody could use them. */
const TOKEN_DAYS = 7
/** Days after its last attempt that a guard is forgotten: longer than any window, lock or count of locks. */
const GUARD_DAYS = 2
/** As much for names that nobody has, held or not: nobody unlocks them, and guessers could fill the table for good. */
const NOBODYS_GUARD_DAYS = 30

/**
 * Removes what no decision needs any more. Sessions stay with the reason of their end for as long as logs are online. Guards that wait for the security administrator stay.
 */
export const forgetEndedSessions = defineTask(
  'forget-ended-sessions',
  Type.Object({}),
  async (tx, _, { now }) => {
    const before = (days: number) => new Date(now.getTime() - days * 86_400_000)
    const { value: online } = await readParameter(tx, 'identity.log.online', null, now)
    await tx.query('delete from session where ended_at < $1', [
      new Date(now.getTime() - durationMs(online)),
    ])
    await tx.query(
      `delete from refresh_token using session
        where session.id = session_id and ended_at < $1`,
      [before(TOKEN_DAYS)],
    )
    await tx.query('delete from authorization_code where expires_at < $1', [before(TOKEN_DAYS)])
    await tx.query('delete from known_device where last_seen_at < $1', [before(KNOWN_DAYS)])
    await tx.query(
      `delete from sign_in_guard
        where touched_at < $1 and not held or touched_at < $2 and account_id is null`,
      [before(GUARD_DAYS), before(NOBODYS_GUARD_DAYS)],
    )
    await tx.query(
      `delete from credential using
         (select id, row_number() over (partition by account_id order by set_at desc) as place
            from credential) as ranked
        where credential.id = ranked.id and place > $1 and ended_at is not null`,
      [MOST_KEPT],
    )
    await tx.query('delete from signing_key where published_until < $1', [before(TOKEN_DAYS)])
  },
)
