import { services, type ServiceName } from '@erp-steward/contracts/services'
import { CreateMessaging1780000000000 } from '@erp-steward/messaging/create-messaging'
import { runMigrations as migrateJobs } from 'graphile-worker'
import pg from 'pg'
import { DataSource, type EntitySchema, type MigrationInterface } from 'typeorm'
import { CreatePlatform1780000000001 } from './create-platform.ts'
import { CreateProposal1780000000002 } from './create-proposal.ts'
import { CreateWaitAlarm1780000000004 } from './create-wait-alarm.ts'
import { NameApprover1780000000003 } from './name-approver.ts'
import { NameWaitingUnits1780000000005 } from './name-waiting-units.ts'
import { makeQueueJobs } from './queue-jobs.ts'
import { ThinIndexes1780000000006 } from './thin-indexes.ts'
import { UnitOfWork } from './unit-of-work.ts'

/** The tables of a service, as entities describe them and as migrations build them. */
export interface Storage {
  readonly name: ServiceName
  readonly entities: readonly EntitySchema[]
  /** In order, named with a 13-digit timestamp; the platform's own come first by themselves. */
  readonly migrations: readonly (new () => MigrationInterface)[]
  /** Tables that are evidence: the service's role reads and inserts, and can do nothing else to them. */
  readonly onlyGrow?: readonly string[]
  /** Tables that only triggers and functions of the owner write; the service's role reads them. */
  readonly onlyRead?: readonly string[]
}

/** The platform's own tables, which every service has. */
export const platformMigrations = [
  CreateMessaging1780000000000,
  CreatePlatform1780000000001,
  CreateProposal1780000000002,
  NameApprover1780000000003,
  CreateWaitAlarm1780000000004,
  NameWaitingUnits1780000000005,
  ThinIndexes1780000000006,
] as const

/** Any number; with the schema it makes two `migrate` runs of one service wait for each other. */
const MIGRATION_LOCK = 7_411_001
/** A migration may wait for another one, and build an index for hours; the role's own limit is for daily work. */
const NO_LIMIT = 'statement_timeout=0'

/** How long a connection that nobody needs is kept, in milliseconds: a site at rest has few. */
const IDLE_MS = 10_000

/** Reading by index costs about as much as reading in order, as on every solid-state disk; the server's default is 4. */
const INDEX_FIRST = 'random_page_cost=1.1'

function source(
  { name, entities, migrations }: Storage,
  url: string,
  poolSize: number,
  settings: readonly string[] = [],
) {
  const { schema } = services[name]
  return new DataSource({
    type: 'postgres',
    url,
    schema,
    applicationName: name,
    entities: [...entities],
    migrations: [...platformMigrations, ...migrations],
    migrationsTableName: 'migration',
    poolSize,
    // Raw SQL stays unqualified; TypeORM's `schema` alone would not set this.
    extra: {
      Client: UnitOfWork,
      options: [`search_path=${schema}`, INDEX_FIRST, ...settings]
        .map((setting) => `-c ${setting}`)
        .join(' '),
      // Each takes some two megabytes of the server, and a new one a few milliseconds.
      idleTimeoutMillis: IDLE_MS,
    },
  })
}

/**
 * Opens the pool of a service, of at most `poolSize` connections. Never migrates.
 *
 * @param settings of each session, `name=value`
 */
export async function openDatabase(
  storage: Storage,
  url: string,
  poolSize = 8,
  settings: readonly string[] = [],
): Promise<DataSource> {
  return source(storage, url, poolSize, settings).initialize()
}

/** Who does what when a schema is brought up to date. */
export interface MigrationUrls {
  /** Of the role that the tables belong to; it runs the migrations. */
  readonly owner: string
  /** Of the service's own role, which owns its jobs and is given its rights on the tables. */
  readonly service: string
}

/**
 * Brings the schema of one service and its job schema up to date: a one-shot, serialised by an advisory lock.
 *
 * The schemas must exist, the one of the jobs owned by the service's role, the other by the owner. Each time the
 * service's role gets exactly the rights that `storage` names, whatever it had.
 */
export async function migrate(storage: Storage, urls: MigrationUrls): Promise<void> {
  const { jobsSchema } = services[storage.name]
  const db = await source(storage, urls.owner, 2, [NO_LIMIT]).initialize()
  try {
    const lock = db.createQueryRunner()
    const own = [MIGRATION_LOCK, services[storage.name].schema]
    await lock.query('select pg_advisory_lock($1, hashtext($2))', own)
    try {
      await db.runMigrations({ transaction: 'each' })
      await grantRights(db, storage)
      const unlimited = new URL(urls.service)
      const given = unlimited.searchParams.get('options') ?? ''
      unlimited.searchParams.set('options', `${given} -c ${NO_LIMIT}`.trim())
      await migrateJobs({ connectionString: unlimited.href, schema: jobsSchema })
      // The function keeps the plan it made while there were few jobs: reading them all to find one by its key. Then a
      // burst of tickets is quadratic until the table's statistics are renewed.
      await asOwnerOfJobs(
        unlimited.href,
        `alter function "${jobsSchema}".add_jobs("${jobsSchema}".job_spec[], boolean) set enable_seqscan = off`,
      )
      await asOwnerOfJobs(unlimited.href, makeQueueJobs(jobsSchema))
    } finally {
      await lock.query('select pg_advisory_unlock($1, hashtext($2))', own)
      await lock.release()
    }
  } finally {
    await db.destroy()
  }
}

async function asOwnerOfJobs(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}

/** PostgreSQL has the right to `analyze` apart from ownership since this version. */
const MAINTAIN_SINCE = 170_000

/**
 * All rights of the service's role on the tables of its schema: to work with rows, never to change, empty or drop a
 * table, nor to switch a trigger off. What only grows is neither updated nor deleted. Source.
 */
async function grantRights(
  db: DataSource,
  { name, onlyGrow = [], onlyRead = [] }: Storage,
): Promise<void> {
  // The role is called like the schema.
  const schema = pg.escapeIdentifier(services[name].schema)
  const to = schema
  const evidence = ['parameter_version', ...onlyGrow]
  const shown = ['migration', ...onlyRead]
  const listed = (tables: readonly string[]) =>
    tables.map((table) => `${schema}.${pg.escapeIdentifier(table)}`).join(', ')
  await db.transaction(async (tx) => {
    const [server]: { version: number }[] = await tx.query(
      `select current_setting('server_version_num')::int as version`,
    )
    const maintain = (server?.version ?? 0) >= MAINTAIN_SINCE ? ', maintain' : ''
    const rows = `select, insert, update, delete${maintain}`
    await tx.query(`
      revoke all on all tables in schema ${schema} from public, ${to};
      grant ${rows} on all tables in schema ${schema} to ${to};
      grant usage, select, update on all sequences in schema ${schema} to ${to};
      alter default privileges in schema ${schema} grant ${rows} on tables to ${to};
      alter default privileges in schema ${schema} grant usage, select, update on sequences to ${to};
      revoke all on ${listed([...evidence, ...shown])} from ${to};
      grant select, insert${maintain} on ${listed(evidence)} to ${to};
      grant select on ${listed(shown)} to ${to};
    `)
  })
}
