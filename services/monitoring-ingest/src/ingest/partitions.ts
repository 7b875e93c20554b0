import { defineTask } from '@erp-steward/service-kit/jobs'
import type { Statement } from '@erp-steward/messaging/statement'
import { Type } from 'typebox'
import type { MonitoringConfig } from '../config.ts'

/** Days made ahead of need. */
const DAYS_AHEAD = 3
const DAY_MS = 86_400_000
/** Advisory lock of whoever makes or drops a day; any number that nothing else uses. */
const PARTITION_LOCK = 7_411_011

/** Number of the day in UTC since 1970 that an instant falls in. */
export function dayOf(atMs: number): number {
  return Math.floor(atMs / DAY_MS)
}

const dateOf = (day: number) => new Date(day * DAY_MS).toISOString().slice(0, 10)

/** Makes the partition of a day if it is missing, in the caller's transaction. */
export async function makePartition(tx: Statement, day: number): Promise<void> {
  await tx.query('select pg_advisory_xact_lock($1)', [PARTITION_LOCK])
  // Tables are the owner's; a function of his makes them.
  await tx.query('select make_sample_day($1::date)', [dateOf(day)])
}

/** Makes the days to come and drops those past their retention. */
export function keepPartitions({ SAMPLE_RETENTION_DAYS }: MonitoringConfig) {
  return defineTask('keep-sample-partitions', Type.Object({}), async (tx, _, { now }) => {
    const today = dayOf(now.getTime())
    for (let day = today; day <= today + DAYS_AHEAD; day += 1) await makePartition(tx, day)
    // Dropping waits for every reader; better to try again tomorrow than to hold up the ingest behind it.
    await tx.query(`set local lock_timeout = '5s'`)
    await tx.query('select drop_sample_days($1::date)', [dateOf(today - SAMPLE_RETENTION_DAYS)])
  })
}
