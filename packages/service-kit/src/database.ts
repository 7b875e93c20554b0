import { services, type ServiceName } from '@erp-steward/contracts/services'
import { CreateMessaging1780000000000 } from '@erp-steward/messaging/create-messaging'
import { runMigrations as migrateJobs } from 'graphile-worker'
import { DataSource, type EntitySchema, type MigrationInterface } from 'typeorm'
import { CreatePlatform1780000000001 } from './create-platform.ts'
import { CreateProposal1780000000002 } from './create-proposal.ts'

/** The tables of a service, as entities describe them and as migrations build them. */
export interface Storage {
  readonly name: ServiceName
  readonly entities: readonly EntitySchema[]
  /** In order, named with a 13-digit timestamp; the platform's own come first by themselves. */
  readonly migrations: readonly (new () => MigrationInterface)[]
}

/** The platform's own tables, which every service has. */
export const platformMigrations = [
  CreateMessaging1780000000000,
  CreatePlatform1780000000001,
  CreateProposal1780000000002,
] as const

/** Any number; the same for all so that two `migrate` runs on one database wait for each other. */
const MIGRATION_LOCK = 7_411_001
/** A migration may wait for another one, and build an index for hours; the role's own limit is for daily work. */
const NO_LIMIT = 'statement_timeout=0'

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
      options: [`search_path=${schema}`, INDEX_FIRST, ...settings]
        .map((setting) => `-c ${setting}`)
        .join(' '),
      idleTimeoutMillis: 30_000,
    },
  })
}

/** Opens the pool of a service, of at most `poolSize` connections. Never migrates. */
export async function openDatabase(
  storage: Storage,
  url: string,
  poolSize = 8,
): Promise<DataSource> {
  return source(storage, url, poolSize).initialize()
}

/**
 * Brings the schema of one service and its job schema up to date: a one-shot, serialised by an advisory lock.
 *
 * The schemas must exist and belong to the role of `url`.
 */
export async function migrate(storage: Storage, url: string): Promise<void> {
  const { jobsSchema } = services[storage.name]
  const db = await source(storage, url, 2, [NO_LIMIT]).initialize()
  try {
    const lock = db.createQueryRunner()
    await lock.query('select pg_advisory_lock($1)', [MIGRATION_LOCK])
    try {
      await db.runMigrations({ transaction: 'each' })
      const unlimited = new URL(url)
      unlimited.searchParams.set('options', `-c ${NO_LIMIT}`)
      await migrateJobs({ connectionString: unlimited.href, schema: jobsSchema })
      // The function keeps the plan it made while there were few jobs: reading them all to find one by its key. Then a
      // burst of tickets is quadratic until the table's statistics are renewed.
      await db.query(
        `alter function "${jobsSchema}".add_jobs("${jobsSchema}".job_spec[], boolean) set enable_seqscan = off`,
      )
    } finally {
      await lock.query('select pg_advisory_unlock($1)', [MIGRATION_LOCK])
      await lock.release()
    }
  } finally {
    await db.destroy()
  }
}
