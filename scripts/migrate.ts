// npm run migrate: prepares a site with one process per service, and brings it up to date. Can be repeated.
import { ConfigurationError } from '@erp-steward/service-kit/config'
import { createLog } from '@erp-steward/service-kit/log'
import { readMigrateConfig } from '@erp-steward/standalone/migrate-config'
import {
  migrateAll,
  prepareAdministrators,
  prepareDatabase,
  siteUrls,
} from '@erp-steward/standalone/prepare-site'
import { prepareTopics } from '@erp-steward/standalone/prepare-topics'

const say = (line: string) => {
  process.stdout.write(`${line}\n`)
}

try {
  const { config, passwords } = readMigrateConfig(process.env)
  const {
    ADMIN_DATABASE_URL,
    SITE_DATABASE_URL,
    MIGRATION_DATABASE_PASSWORD,
    KAFKA_BROKERS,
    ADMINISTRATORS_FILE,
  } = config
  const site =
    ADMIN_DATABASE_URL === ''
      ? siteUrls(SITE_DATABASE_URL, passwords, MIGRATION_DATABASE_PASSWORD)
      : await prepareDatabase(
          ADMIN_DATABASE_URL,
          passwords,
          MIGRATION_DATABASE_PASSWORD || undefined,
        )
  await migrateAll(site, say)
  if (KAFKA_BROKERS !== '')
    await prepareTopics(KAFKA_BROKERS, createLog('warn'), config.KAFKA_REPLICATION_FACTOR)
  if (await prepareAdministrators(site.services.identity, ADMINISTRATORS_FILE))
    say(`One-time passwords of the three administrators: ${ADMINISTRATORS_FILE}`)
  say('Done.')
} catch (error) {
  process.stderr.write(
    `${error instanceof ConfigurationError ? error.message : String(error instanceof Error ? error.stack : error)}\n`,
  )
  process.exit(1)
}
