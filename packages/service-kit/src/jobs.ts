import { randomBytes, randomUUID } from 'node:crypto'
import { EventEmitter } from 'node:events'
import type { Act } from '@erp-steward/contracts/act'
import { services, type ServiceName } from '@erp-steward/contracts/services'
import { write, type RowsStatement } from '@erp-steward/messaging/statement'
import {
  Logger as JobLogger,
  run,
  type Runner,
  type TaskList,
  type WorkerEvents,
} from 'graphile-worker'
import type pg from 'pg'
import type { Logger } from 'pino'
import { Compile } from 'typebox/compile'
import { Type, type Static, type TSchema } from 'typebox'
import type { DataSource, EntityManager } from 'typeorm'
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js'
import { freeJobsOfTheDead, holdAlive } from './jobs-of-the-dead.ts'

/**
 * Durable work of a service. A task may run more than once (a crash repeats it), so its effect must be guarded: it
 * checks the state it finds and does nothing when the work is done.
 */
export interface Task {
  readonly name: string
  readonly payload: TSchema
  /**
   * Tasks of a lane have workers of their own: one that waits for somebody outside goes into a lane, where it holds up
   * its like and nothing else. Absent: the workers that all other tasks share.
   */
  readonly lane?: string
  readonly run: (tx: EntityManager, payload: unknown, act: Act) => Promise<void>
}

/** @param run gets the checked payload, in a transaction of its own */
export function defineTask<Payload extends TSchema>(
  name: string,
  payload: Payload,
  run: (tx: EntityManager, payload: Static<Payload>, act: Act) => Promise<void>,
  options: Pick<Task, 'lane'> = {},
): Task {
  // `startJobs` checks the payload against the schema before it calls `run`.
  return {
    name,
    payload,
    ...options,
    run: (tx, data, act) => run(tx, data as Static<Payload>, act),
  }
}

export interface EnqueueOptions {
  /** Not before this instant; default at once. */
  readonly runAt?: Date
  /** A later job with the same key takes the earlier one's place. */
  readonly key?: string
  /** Of the jobs that are due, those with a lower number run first, however long the others wait; default 0. */
  readonly priority?: number
  /** Of the jobs with the same queue one runs at a time. */
  readonly queue?: string
}

/** Queues a task in the transaction of the change that calls for it. */
export async function enqueue(
  tx: EntityManager,
  service: ServiceName,
  task: string,
  payload: unknown,
  act: Act,
  options: EnqueueOptions = {},
): Promise<void> {
  await enqueueAll(tx, service, task, [{ payload, ...options }], act)
}

/** One of several jobs of a task. */
export interface Job extends EnqueueOptions {
  readonly payload: unknown
}

/** Queues several jobs of one task; of those with the same key the last one. */
export async function enqueueAll(
  tx: EntityManager,
  service: ServiceName,
  task: string,
  jobs: readonly Job[],
  act: Act,
): Promise<void> {
  await write(tx, queueJobs[service], jobSpecs(task, jobs, act))
}

/** A job as graphile-worker's `job_spec` has it. */
interface JobSpec {
  readonly identifier: string
  readonly payload: {
    readonly data: unknown
    readonly requestId: string
    readonly traceparent: string
  }
  readonly queue_name: string | null
  readonly run_at: Date | null
  readonly job_key: string | null
  readonly priority: number
}

function jobSpecs(task: string, jobs: readonly Job[], { requestId, traceparent }: Act): JobSpec[] {
  return jobs.map(({ payload, runAt, key, priority, queue }) => ({
    identifier: task,
    payload: { data: payload, requestId, traceparent },
    queue_name: queue ?? null,
    run_at: runAt ?? null,
    job_key: key ?? null,
    priority: priority ?? 0,
  }))
}

// Each of the services has its jobs in a schema of its own; `fromEntries` forgets which keys there are.
const queueJobs = Object.fromEntries(
  Object.entries(services).map(([service, { jobsSchema }]) => [service, queueJobsIn(jobsSchema)]),
) as Record<ServiceName, RowsStatement<JobSpec>>

function queueJobsIn(jobsSchema: string): RowsStatement<JobSpec> {
  return {
    name: 'queue jobs',
    table: 'job',
    parents: [],
    text: `select from "${jobsSchema}".queue_jobs($1)`,
    // The function cannot take a key twice.
    values: (specs) => {
      const last = new Map(specs.map((spec) => [spec.job_key ?? spec, spec]))
      return [JSON.stringify([...last.values()])]
    },
  }
}

const JobPayload = Type.Object({
  data: Type.Unknown(),
  requestId: Type.String(),
  traceparent: Type.String(),
})
const isJobPayload = Compile(JobPayload)

export interface JobsOptions {
  readonly service: ServiceName
  readonly db: DataSource
  readonly tasks: readonly Task[]
  /** Recurring tasks in cron syntax, UTC; their payload is empty and they are in no lane. */
  readonly crontab: string
  readonly clock: () => Date
  readonly log: Logger
}

/** How often a worker looks for jobs that fell due, in milliseconds; jobs due at once are announced by NOTIFY. */
const POLL_MS = 500
/** How often jobs of workers that died are looked for, in milliseconds. */
const SWEEP_MS = 5_000

/** Workers of each lane, and of the tasks that are in none. */
const WORKERS = 2

export async function startJobs(options: JobsOptions): Promise<{ stop(): Promise<void> }> {
  const { service, db, tasks, crontab, clock, log } = options
  const { jobsSchema } = services[service]
  const alive = await watchOver(db, jobsSchema, log)
  const lanes = byLane(tasks)
  // A pool of their own would hold as many connections again, each of them two megabytes of the server, and be idle
  // nearly always. What they take of the service's pool is added to it: each lane listens on a connection.
  const pool = (db.driver as PostgresDriver).master as pg.Pool
  const taken = lanes.size + 1
  pool.options.max += taken
  // graphile-worker asks for a listener that hears the errors of each connection; ours hear their own.
  const heard = () => undefined
  pool.on('connect', heard)
  const runners: Runner[] = []
  async function stop() {
    await Promise.all(runners.map((runner) => runner.stop()))
    pool.options.max -= taken
    pool.off('connect', heard)
    await alive.stop()
  }
  try {
    for (const [lane, own] of lanes) {
      const taskList: TaskList = Object.fromEntries(
        own.map((task) => [
          task.name,
          (payload: unknown) => runTask(db, service, task, payload, clock()),
        ]),
      )
      const runner = await run({
        pgPool: pool,
        schema: jobsSchema,
        taskList,
        crontab: lane === undefined ? crontab : '',
        concurrency: WORKERS,
        pollInterval: POLL_MS,
        noHandleSignals: true,
        events: alive.events,
        logger: new JobLogger(() => (level, message, meta) => {
          if (level === 'error') log.error({ job: meta.job, err: meta.error }, message)
          else log.debug(message)
        }),
      })
      runners.push(runner)
    }
  } catch (error) {
    await stop()
    throw error
  }
  return { stop }
}

/** The tasks in no lane stand first under `undefined`, also where there are none: the crontab is theirs. */
function byLane(tasks: readonly Task[]): Map<string | undefined, Task[]> {
  const lanes = new Map<string | undefined, Task[]>([[undefined, []]])
  for (const task of tasks) lanes.set(task.lane, [...(lanes.get(task.lane) ?? []), task])
  return lanes
}

/** Runs one job in a transaction of its own; `payload` is what `enqueue` has queued, or that of the crontab. */
export async function runTask(
  db: DataSource,
  service: ServiceName,
  task: Task,
  payload: unknown,
  now: Date,
) {
  const known = isJobPayload.Check(payload) ? payload : undefined
  const data = known?.data ?? {}
  if (!Compile(task.payload).Check(data)) throw new TypeError(`${task.name}: payload does not fit`)
  const act: Act = {
    actor: `service:${service}`,
    personId: null,
    controllers: [],
    role: 'SERVICE',
    unitId: null,
    requestId: known?.requestId ?? randomUUID(),
    traceparent:
      known?.traceparent ??
      `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`,
    now,
  }
  await db.transaction((tx) => task.run(tx, data, act))
}

/** Announces the pools of this process as alive, and frees the jobs of those that died. */
async function watchOver(db: DataSource, jobsSchema: string, log: Logger) {
  const events: WorkerEvents = new EventEmitter()
  const own = new Set<string>()
  events.on('pool:create', ({ workerPool: { id } }) => own.add(id))
  // Again on each connection that takes the place of one that was lost.
  events.on('pool:listen:success', ({ workerPool: { id }, client }) => {
    holdAlive(client, id).catch((error: unknown) => {
      log.warn({ err: error }, 'the pool of workers could not announce itself')
    })
  })
  await freeJobsOfTheDead(db, jobsSchema, own, log)
  let last = Promise.resolve()
  const timer = setInterval(() => {
    last = freeJobsOfTheDead(db, jobsSchema, own, log).catch((error: unknown) => {
      log.warn({ err: error }, 'sweep for dead workers failed')
    })
  }, SWEEP_MS)
  return {
    events,
    async stop() {
      clearInterval(timer)
      await last
    },
  }
}
