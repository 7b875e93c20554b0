// npm run prepare-database: what needs an administrator of the PostgreSQL server, and nothing else. Can be repeated.
import { ConfigurationError } from '@erp-steward/service-kit/config'
import { RoleTaken } from '@erp-steward/postgres/roles'
import { readPrepareDatabaseConfig } from '@erp-steward/standalone/migrate-config'
import { DATABASE, prepareDatabase } from '@erp-steward/standalone/prepare-site'

try {
  const { adminUrl, migrationPassword, passwords } = readPrepareDatabaseConfig(process.env)
  const { services } = await prepareDatabase(adminUrl, passwords, migrationPassword)
  process.stdout.write(
    `Database ${DATABASE} has two roles and two schemas for each of ${Object.keys(services).join(', ')}.\nDone.\n`,
  )
} catch (error) {
  const isForReaders = error instanceof ConfigurationError || error instanceof RoleTaken
  process.stderr.write(
    `${isForReaders ? error.message : String(error instanceof Error ? error.stack : error)}\n`,
  )
  process.exit(1)
}
