import { services, type ServiceName } from '@erp-steward/contracts/services'
import { runTask, type Task } from '@erp-steward/service-kit/jobs'
import type { DataSource } from 'typeorm'

interface DueJob {
  readonly id: string
  readonly task: string
  readonly payload: unknown
}

/**
 * Runs the jobs of a service that are due at `now`, one after the other, as its workers would; answers how many.
 *
 * For a clock of the test's own: the workers go by the server's. A job without a time of its own is due at once.
 */
export async function runDueJobs(
  db: DataSource,
  service: ServiceName,
  tasks: readonly Task[],
  now: Date,
): Promise<number> {
  const { jobsSchema } = services[service]
  for (let count = 0; ; count += 1) {
    const [job]: DueJob[] = await db.query(
      `select j.id, t.identifier as task, j.payload
         from "${jobsSchema}"._private_jobs j join "${jobsSchema}"._private_tasks t on t.id = j.task_id
        where j.run_at <= $1 or j.run_at in (j.created_at, j.updated_at)
        order by j.priority, j.id limit 1`,
      [now],
    )
    if (job === undefined) return count
    // A key is free for the next job while this one runs, as it is with the workers.
    await db.query(`delete from "${jobsSchema}"._private_jobs where id = $1`, [job.id])
    const task = tasks.find(({ name }) => name === job.task)
    if (task === undefined) throw new Error(`${service} has no task ${job.task}`)
    await runTask(db, service, task, job.payload, now)
  }
}
