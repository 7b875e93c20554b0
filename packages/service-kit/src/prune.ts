import { Type } from 'typebox'
import { IDEMPOTENCY_HOURS } from './commit.ts'
import { defineTask } from './jobs.ts'

/** Days that a published event stays in the outbox, for a look at what was sent. */
const OUTBOX_DAYS = 7
/** Days that receipts are kept: longer than any topic keeps its events, so nothing old can be handled twice. */
const INBOX_DAYS = 45

/** Removes what has served its purpose from the platform's tables. */
export const prunePlatform = defineTask(
  'prune-platform',
  Type.Object({}),
  async (tx, _, { now }) => {
    const before = (days: number) => new Date(now.getTime() - days * 86_400_000)
    await tx.query('delete from outbox where published_at < $1', [before(OUTBOX_DAYS)])
    await tx.query('delete from inbox where received_at < $1', [before(INBOX_DAYS)])
    await tx.query('delete from idempotency_key where created_at < $1', [
      before(IDEMPOTENCY_HOURS / 24),
    ])
  },
)

/** Every night at 18:40 UTC, 02:40 in China: outside working hours. */
export const pruneCrontab = '40 18 * * * prune-platform'
