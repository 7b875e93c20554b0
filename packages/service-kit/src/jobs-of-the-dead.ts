import type pg from 'pg'
import type { Logger } from 'pino'
import type { DataSource } from 'typeorm'

/** Namespace of our advisory locks for living pools of workers; any number that nothing else uses. */
const POOL_LOCKS = 7_411

/**
 * Shows that a pool of workers lives, for as long as the session does: graphile-worker locks jobs in the name of the
 * pool that takes them for its workers, and whoever gets the lock of its id knows that its process is gone.
 *
 * @param client the connection on which the pool listens: it is the pool's as long as that takes jobs
 */
export async function holdAlive(client: Pick<pg.ClientBase, 'query'>, id: string): Promise<void> {
  await client.query('select pg_advisory_lock($1, hashtext($2))', [POOL_LOCKS, id])
}

/**
 * Frees the jobs of workers that were killed. graphile-worker alone would leave them locked for four hours.
 *
 * @param own ids of the pools of this process, which are not asked: a session gets what it holds
 */
export async function freeJobsOfTheDead(
  db: DataSource,
  jobsSchema: string,
  own: ReadonlySet<string>,
  log: Logger,
): Promise<void> {
  const holders: { id: string }[] = await db.query(
    `select distinct locked_by as id from "${jobsSchema}"._private_jobs where locked_by is not null
     union select distinct locked_by from "${jobsSchema}"._private_job_queues where locked_by is not null`,
  )
  for (const { id } of holders) {
    if (own.has(id)) continue
    await db.transaction(async (tx) => {
      const [got]: { dead: boolean }[] = await tx.query(
        'select pg_try_advisory_xact_lock($1, hashtext($2)) as dead',
        [POOL_LOCKS, id],
      )
      if (got?.dead !== true) return
      log.warn({ worker: id }, 'jobs of a dead worker are freed')
      await tx.query(`select "${jobsSchema}".force_unlock_workers(array[$1])`, [id])
    })
  }
}
