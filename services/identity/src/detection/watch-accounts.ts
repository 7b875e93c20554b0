import { AccountsWatched } from '@erp-steward/contracts/detection-events'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { defineTask } from '@erp-steward/service-kit/jobs'
import { Type } from 'typebox'

const DAY_MS = 86_400_000
/** Days in which a case is decided. Own choice. */
const DECIDED_WITHIN_DAYS = 7

interface Counts {
  readonly signIns: number
  readonly signals: number
  readonly openCases: number
  readonly unshutThefts: number
  readonly waitingLong: number
}

/**
 * Counts what was looked at and what waits, and states it: that nothing was found proves something only while somebody looked.
 * Sources.
 */
export const watchAccounts = defineTask('watch-accounts', Type.Object({}), async (tx, _, act) => {
  const before = (days: number) => new Date(act.now.getTime() - days * DAY_MS)
  const [counts]: Counts[] = await tx.query(
    `select
       (select count(*)::integer from session where started_at > $1) as "signIns",
       (select count(*)::integer from account_signal where at > $1) as signals,
       (select count(*)::integer from account_case where state = 'open') as "openCases",
       (select count(*)::integer from account_case join account on account.id = account_id
         where state = 'open' and kind = 'theft' and account.status = 'active') as "unshutThefts",
       (select count(*)::integer from account_case where state = 'open' and opened_at <= $2) as "waitingLong"`,
    [before(1), before(DECIDED_WITHIN_DAYS)],
  )
  if (counts === undefined) throw new TypeError('a count answered no row')
  const fact = { ...counts, watchedAt: act.now.toISOString() }
  await appendEvent(tx, 'identity', AccountsWatched, 'accounts', fact, act)
})
