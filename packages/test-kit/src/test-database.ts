import { createHash, randomBytes } from 'node:crypto'
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
  readonly db: DataSource
  /** Superuser's address of the clone, for what opens its own connections. */
  readonly url: string
  /** Closes the pool and drops the clone. */
  release(): Promise<void>
}

/** Any number; all builders of templates on one server wait for each other. */
const TEMPLATE_LOCK = 7_411_002

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
  return {
    db,
    url,
    async release() {
      await db.destroy()
      await onServer(server, (admin) => admin.query(`drop database ${name} with (force)`))
    },
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
    await onServer(url, (client) =>
      client.query(`create schema ${schema}; create schema ${jobsSchema}`),
    )
    await migrate(storage, url)
    // The name is given last: a build that was cut off is never cloned.
    await admin.query(`alter database ${unfinished} rename to ${template}`)
    return template
  } finally {
    await admin.query('select pg_advisory_unlock($1)', [TEMPLATE_LOCK])
  }
}

/** Changes with every word of a migration, so a server that outlives the run never offers an outdated template. */
function fingerprint({ migrations }: Storage): string {
  const hash = createHash('sha256')
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

function addressOf(server: string, database: string): string {
  const url = new URL(server)
  url.pathname = `/${database}`
  return url.href
}
