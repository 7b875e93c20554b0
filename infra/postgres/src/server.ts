import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync, readFileSync, renameSync, statSync } from 'node:fs'
import { totalmem } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { findBinaries, type Binaries, type ServerUser } from './binaries.ts'
import {
  createData,
  dataMajor,
  reachData,
  readPassword,
  serverUser,
  SUPERUSER,
} from './data-directory.ts'
import { livingServer, terminateServer } from './living-server.ts'
import { memorySettings } from './memory-settings.ts'
import { assertPortFree, codeOf, freePort, PortTaken } from './port.ts'

export { PortTaken } from './port.ts'

/** A running server on 127.0.0.1 that ends with `stop()`. It is started again when it dies before. */
export interface PostgresServer {
  /** URL of the superuser, with its password, for the database `postgres`. */
  url: string
  port: number
  binaries: 'embedded' | 'system'
  /** Fast shutdown: open transactions are rolled back, data are whole. Also ends a server that was adopted. */
  stop(): Promise<void>
}

/** What a server needs to know. */
export interface PostgresOptions {
  /** Folder of the data, made when missing. `<folder>.password` and `<folder>.log` lie beside it. */
  dataDirectory: string
  /** TCP port on 127.0.0.1; 0 = any free one. */
  port: number
  /** `false` skips every flush to disk: for data that may be lost, in tests. Default `true`. */
  durable?: boolean
  /** Receives what an operator should read, one line each. */
  log?: (line: string) => void
  /** Called when the server's process has been launched: from then on it gets ready without this one. */
  onLaunched?: () => void
}

interface Site {
  data: string
  user: ServerUser
  binaries: Binaries
  durable: boolean
  password: string
  log: (line: string) => void
  onLaunched: () => void
}

// Two hosts on one directory would end each other's server. The session lock falls with its holder, however that dies.
const HOST_LOCK = 7_305_411
const START_LIMIT_MS = 60_000
const LINGER_LIMIT_MS = 5_000
const LOG_LIMIT_BYTES = 10_000_000

/**
 * Starts the server of a data directory, or takes over the one that a killed host left running.
 * @param located programs to use; found when absent.
 * @throws PortTaken when another program listens on the port.
 * @throws Error when the data are of another major version, belong to another user, or serve another living host.
 */
export async function startPostgres(
  options: PostgresOptions,
  located?: Binaries,
): Promise<PostgresServer> {
  const site = await openSite(options, located)
  let guard = await adoptOrphan(site, options.port)
  const port = guard?.port ?? (await launchOn(site, options.port))
  guard ??= await guardServer(site, port)

  let stopping = false
  let recovery: Promise<void> | null = null
  const watch = (client: pg.Client) => {
    client.once('end', () => {
      if (!stopping) recovery = recover()
    })
  }
  const recover = async () => {
    while (!stopping) {
      try {
        if (livingServer(site.data) === null) {
          site.log('PostgreSQL has ended unexpectedly and is started again')
          await launch(site, port)
        }
        guard = await guardServer(site, port)
        watch(guard.client)
        return
      } catch (error) {
        site.log(`PostgreSQL is away: ${error instanceof Error ? error.message : String(error)}`)
        await delay(1000)
      }
    }
  }
  watch(guard.client)

  const stopOnce = async () => {
    stopping = true
    await recovery
    await guard?.client.end()
    await terminateServer(site.data)
  }
  let stopped: Promise<void> | null = null
  return {
    url: urlOf(site, port),
    port,
    binaries: site.binaries.origin,
    stop: () => (stopped ??= stopOnce()),
  }
}

async function openSite(options: PostgresOptions, located: Binaries | undefined): Promise<Site> {
  const data = resolve(options.dataDirectory)
  const { log = () => undefined, onLaunched = () => undefined } = options
  const durable = options.durable ?? true
  const major = dataMajor(data)
  const user = serverUser(data)
  const binaries = located ?? findBinaries(user, major)
  if (major === null) {
    log(`Making a PostgreSQL ${binaries.version} data directory in ${data}`)
    await createData(data, binaries, user, durable)
  } else if (major !== binaries.major) {
    throw new Error(
      `${data} was made by PostgreSQL ${major}, and the programs here are ${binaries.version}: ` +
        'dump it with the old version and restore it into a new directory, or set DATABASE_URL.',
    )
  }
  return { data, user, binaries, durable, password: readPassword(data), log, onLaunched }
}

function urlOf(site: Site, port: number): string {
  return `postgres://${SUPERUSER}:${site.password}@127.0.0.1:${port}/postgres`
}

interface Guard {
  client: pg.Client
  port: number
}

async function adoptOrphan(site: Site, wantedPort: number): Promise<Guard | null> {
  const orphan = livingServer(site.data)
  if (orphan === null) return null
  const guard = await guardOrphan(site, orphan.port)
  if (guard !== null && (wantedPort === 0 || wantedPort === orphan.port)) {
    if (await isConfiguredAs(site, guard.client)) {
      site.log(`Taking over the PostgreSQL that runs on port ${orphan.port}`)
      return guard
    }
  }
  site.log(`Ending the PostgreSQL that was left on port ${orphan.port}`)
  await guard?.client.end()
  await terminateServer(site.data)
  return null
}

// A server that does not let us in within the limit is of no use: it is ended and started anew.
async function guardOrphan(site: Site, port: number): Promise<Guard | null> {
  try {
    return await guardServer(site, port)
  } catch (error) {
    if (error instanceof AlreadyHosted) throw error
    return null
  }
}

async function isConfiguredAs(site: Site, client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ fsync: string; version: string }>(
    `select current_setting('fsync') as fsync, current_setting('server_version') as version`,
  )
  return (
    rows[0]?.fsync === (site.durable ? 'on' : 'off') &&
    rows[0].version.split(' ')[0] === site.binaries.version
  )
}

class AlreadyHosted extends Error {}

async function guardServer(site: Site, port: number): Promise<Guard> {
  const client = await connect(site, port)
  // The lock of a host that was killed a moment ago falls when its session notices.
  const deadline = Date.now() + LINGER_LIMIT_MS
  for (;;) {
    const { rows } = await client.query<{ held: boolean }>(
      'select pg_try_advisory_lock($1) as held',
      [HOST_LOCK],
    )
    if (rows[0]?.held === true) return { client, port }
    if (Date.now() > deadline) {
      await client.end()
      throw new AlreadyHosted(
        `${site.data} serves another running process: stop that one, or choose another data directory.`,
      )
    }
    await delay(50)
  }
}

async function connect(site: Site, port: number): Promise<pg.Client> {
  const deadline = Date.now() + LINGER_LIMIT_MS
  for (;;) {
    const client = new pg.Client({
      connectionString: urlOf(site, port),
      application_name: 'erp-steward-host',
      connectionTimeoutMillis: LINGER_LIMIT_MS,
      keepAlive: true,
    })
    // What ends the session is seen by its `end` event; unheard errors would end the process.
    client.on('error', () => undefined)
    try {
      await client.connect()
      return client
    } catch (error) {
      if (!isStillStarting(error) || Date.now() > deadline) throw error
      await delay(50)
    }
  }
}

// Source: PostgreSQL error code 57P03 cannot_connect_now.
function isStillStarting(error: unknown): boolean {
  return codeOf(error) === '57P03'
}

async function launchOn(site: Site, wantedPort: number): Promise<number> {
  if (wantedPort !== 0) {
    await assertPortFree(wantedPort)
    await launch(site, wantedPort)
    return wantedPort
  }
  for (let attempt = 1; ; attempt++) {
    const port = await freePort()
    try {
      await launch(site, port)
      return port
    } catch (error) {
      if (!(error instanceof PortTaken) || attempt === 5) throw error
    }
  }
}

async function launch(site: Site, port: number): Promise<void> {
  const deadline = Date.now() + LINGER_LIMIT_MS
  for (;;) {
    const output = await tryLaunch(site, port)
    if (output === null) return
    if (output.includes('could not bind')) throw new PortTaken(port)
    // Workers of a server that was killed hold its memory, and a zombie its lock, for a moment.
    const lingers = /lock file ".*" already exists|pre-existing shared memory/.test(output)
    if (!lingers || Date.now() > deadline) {
      throw new Error(`PostgreSQL did not start on ${site.data}:\n${output}`)
    }
    await delay(100)
  }
}

async function tryLaunch(site: Site, port: number): Promise<string | null> {
  const logFile = `${site.data}.log`
  if ((statSync(logFile, { throwIfNoEntry: false })?.size ?? 0) > LOG_LIMIT_BYTES) {
    renameSync(logFile, `${logFile}.1`)
  }
  const offset = statSync(logFile, { throwIfNoEntry: false })?.size ?? 0
  const descriptor = openSync(logFile, 'a', 0o600)
  const { cwd, dataName } = reachData(site.data, site.user)
  // Detached: Ctrl-C in a terminal must reach the services first, the database last.
  const child = spawn(
    join(site.binaries.folder, 'postgres'),
    ['-D', dataName, '-p', String(port), ...settings(site)],
    { ...site.user, cwd, detached: true, stdio: ['ignore', descriptor, descriptor] },
  )
  closeSync(descriptor)
  child.unref()
  site.onLaunched()
  const ended = once(child, 'exit').catch((error: unknown) => error)
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null
  const deadline = Date.now() + START_LIMIT_MS
  while (!hasEnded() && livingServer(site.data)?.ready !== true) {
    if (Date.now() > deadline) {
      await terminateServer(site.data)
      break
    }
    await delay(10)
  }
  if (!hasEnded() && livingServer(site.data) !== null) return null
  await ended
  return existsSync(logFile) ? readFileSync(logFile).subarray(offset).toString() : ''
}

// Host and server together stay below 300 MB at a small site. PostgreSQL 18 would start three processes for
// asynchronous reads.
function settings(site: Site): string[] {
  const values: Record<string, string | number> = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: site.durable ? 90 : 200,
    // Without a limit the first one is 0 or beyond any machine.
    ...memorySettings(Math.min(totalmem(), process.constrainedMemory() || Infinity)),
    max_wal_size: '512MB',
    autovacuum_max_workers: 2,
    max_worker_processes: 4,
    max_parallel_workers_per_gather: 0,
    // Else a process waits for subscriptions, of which there are none.
    max_logical_replication_workers: 0,
    jit: 'off',
    timezone: 'UTC',
    log_timezone: 'UTC',
    // Statements can hold personal data and never go to a file; refused ones are reported by the services.
    log_min_messages: 'log',
    log_min_error_statement: 'panic',
    log_checkpoints: 'off',
    ...(site.binaries.major >= 18 ? { io_method: 'sync', autovacuum_worker_slots: 2 } : {}),
    // A kill of the process loses nothing even then; a power cut may lose all.
    ...(site.durable ? {} : { fsync: 'off', full_page_writes: 'off' }),
  }
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}
