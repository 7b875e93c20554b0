import { createHash, randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { services } from '@erp-steward/contracts/services'
import {
  migrate,
  openDatabase,
  platformMigrations,
  type Storage,
} from '@erp-steward/service-kit/database'
import pg from 'pg'
import type { DataSource } from 'typeorm'

export interface TestDatabase {
  /** The superuser's pool: what a test prepares and looks at. */
  readonly db: DataSource
  /** Superuser's address of the clone, for what opens its own connections. */
  readonly url: string
  /** A pool with the rights of the service's own role, as in production; `release` closes it. */
  openAsService(): Promise<DataSource>
  /** Closes the pools and drops the clone. */
  release(): Promise<void>
}

/** Any number; all builders of templates on one server wait for each other. */
const TEMPLATE_LOCK = 7_411_002
/** How long the connections of a test that did not close them are waited for. */
const LEFT_OPEN_MS = 5_000

/**
 * A migrated database of one service, for one test file: the clone of a template that is built once per server.
 *
 * @throws Error if no server was started for the run
 */
export async function testDatabase(storage: Storage): Promise<TestDatabase> {
  const server = process.env.STEWARD_TEST_POSTGRES
  if (server === undefined)
    throw new Error('STEWARD_TEST_POSTGRES is not set: jest.config.mjs lists this test as pure')
  const name = `test_${randomBytes(8).toString('hex')}`
  await onServer(server, async (admin) => {
    const template = await ensureTemplate(admin, server, storage)
    await admin.query(`create database ${name} template ${template} strategy file_copy`)
  })
  const url = addressOf(server, name)
  const db = await openDatabase(storage, url)
  const opened = [db]
  return {
    db,
    url,
    async openAsService() {
      const pool = await openDatabase(storage, url, 8, [`role=${services[storage.name].schema}`])
      opened.push(pool)
      return pool
    },
    async release() {
      for (const pool of opened) await pool.destroy()
      await onServer(server, async (admin) => {
        await connectionsClosed(admin, name)
        await admin.query(`drop database ${name} with (force)`)
      })
    },
  }
}

/**
 * Waits until nobody is connected, or for as long as a forgotten connection is worth, which the drop then cuts off.
 *
 * `end()` of pg-pool 3.14 is fulfilled before its connections are closed: one that the drop cuts off in between tells it
 * as an error of a pool that nobody listens to any more.
 */
async function connectionsClosed(admin: pg.Client, database: string): Promise<void> {
  const deadline = performance.now() + LEFT_OPEN_MS
  while (performance.now() < deadline) {
    const { rowCount } = await admin.query(
      `select from pg_stat_activity where datname = $1 and backend_type = 'client backend'`,
      [database],
    )
    if (rowCount === 0) return
    await sleep(5)
  }
}

async function ensureTemplate(admin: pg.Client, server: string, storage: Storage) {
  const { schema, jobsSchema } = services[storage.name]
  const template = `template_${schema}_${fingerprint(storage)}`
  const unfinished = `${template}_new`
  await admin.query('select pg_advisory_lock($1)', [TEMPLATE_LOCK])
  try {
    const { rowCount } = await admin.query('select from pg_database where datname = $1', [template])
    if (rowCount === 1) return template
    await admin.query(`drop database if exists ${unfinished} with (force)`)
    await admin.query(`create database ${unfinished}`)
    const url = addressOf(server, unfinished)
    // Roles belong to the server, which outlives the template.
    const { rowCount: roles } = await admin.query('select from pg_roles where rolname = $1', [
      schema,
    ])
    if (roles === 0) await admin.query(`create role ${schema} nologin`)
    // For the tables of graphile-worker, which asks for it although the schema is there; a clone does not inherit it.
    await admin.query(`grant create on database ${unfinished} to ${schema}`)
    await onServer(url, (client) =>
      client.query(
        `create schema ${schema}; grant usage on schema ${schema} to ${schema};
         create schema ${jobsSchema} authorization ${schema}`,
      ),
    )
    await migrate(storage, { owner: url, service: asRole(url, schema) })
    // The name is given last: a build that was cut off is never cloned.
    await admin.query(`alter database ${unfinished} rename to ${template}`)
    return template
  } finally {
    await admin.query('select pg_advisory_unlock($1)', [TEMPLATE_LOCK])
  }
}

/** Changes with every word of a migration, so a server that outlives the run never offers an outdated template. */
function fingerprint({ migrations, onlyGrow, onlyRead }: Storage): string {
  const hash = createHash('sha256').update(JSON.stringify([onlyGrow, onlyRead, migrate.toString()]))
  for (const migration of [...platformMigrations, ...migrations]) hash.update(migration.toString())
  return hash.digest('hex').slice(0, 12)
}

async function onServer<Result>(
  url: string,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** The superuser's address, whose sessions have the rights of a role alone. */
function asRole(url: string, role: string): string {
  const address = new URL(url)
  address.searchParams.set('options', `-c role=${role}`)
  return address.href
}

function addressOf(server: string, database: string): string {
  const url = new URL(server)
  url.pathname = `/${database}`
  return url.href
}
