import { defineTask } from '@erp-steward/service-kit/jobs'
import type { Statement } from '@erp-steward/messaging/outbox'
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
const tableOf = (day: number) => `sample_${dateOf(day).replaceAll('-', '')}`

/**
 * Makes the partition of a day if it is missing, in the caller's transaction. Attached, not created in place: that
 * would lock out every insert.
 */
export async function makePartition(tx: Statement, day: number): Promise<void> {
  await tx.query('select pg_advisory_xact_lock($1)', [PARTITION_LOCK])
  const table = tableOf(day)
  const found = (await tx.query('select to_regclass($1) is not null as made', [table])) as {
    made: boolean
  }[]
  if (found[0]?.made === true) return
  await tx.query(`create table ${table} (like sample including all)`)
  await tx.query(
    `alter table sample attach partition ${table}
       for values from ('${dateOf(day)}T00:00:00Z') to ('${dateOf(day + 1)}T00:00:00Z')`,
  )
}

/** Makes the days to come and drops those past their retention. */
export function keepPartitions({ SAMPLE_RETENTION_DAYS }: MonitoringConfig) {
  return defineTask('keep-sample-partitions', Type.Object({}), async (tx, _, { now }) => {
    const today = dayOf(now.getTime())
    for (let day = today; day <= today + DAYS_AHEAD; day += 1) await makePartition(tx, day)
    const oldest = tableOf(today - SAMPLE_RETENTION_DAYS)
    const past: { table: string }[] = await tx.query(
      `select c.relname as "table" from pg_inherits i join pg_class c on c.oid = i.inhrelid
        where i.inhparent = 'sample'::regclass and c.relname < $1 order by 1`,
      [oldest],
    )
    if (past.length === 0) return
    // Dropping waits for every reader; better to try again tomorrow than to hold up the ingest behind it.
    await tx.query(`set local lock_timeout = '5s'`)
    for (const { table } of past) await tx.query(`drop table ${table}`)
  })
}
