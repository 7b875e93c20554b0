import { serviceNames, type ServiceName } from '@erp-steward/contracts/services'
import { ConfigurationError, readConfig } from '@erp-steward/service-kit/config'
import { createLog } from '@erp-steward/service-kit/log'
import {
  migrateAll,
  prepareAdministrators,
  prepareDatabase,
  prepareTopics,
} from '@erp-steward/standalone/prepare-site'
import { Type } from 'typebox'

/** What the migration job of a site with one process per service reads. */
const MigrateConfig = Type.Object({
  ADMIN_DATABASE_URL: Type.String({
    description: 'PostgreSQL URL of a role that may create databases, roles and schemas.',
    pattern: '^postgres(ql)?://',
  }),
  KAFKA_BROKERS: Type.String({
    description: 'host:port separated by commas; empty: no topics are made.',
    default: '',
  }),
  ADMINISTRATORS_FILE: Type.String({
    description:
      'Where the one-time passwords of the first three administrators are written, mode 0600.',
    default: 'administrators.txt',
  }),
  ...Object.fromEntries(
    serviceNames.map((name) => [
      passwordSetting(name),
      Type.String({
        description: `Database password of ${name}, at least 16 characters.`,
        minLength: 16,
      }),
    ]),
  ),
})

function passwordSetting(name: ServiceName): string {
  return `${name.replaceAll('-', '_').toUpperCase()}_DATABASE_PASSWORD`
}

try {
  const config = readConfig(MigrateConfig, process.env)
  const { ADMIN_DATABASE_URL, KAFKA_BROKERS, ADMINISTRATORS_FILE } = config
  const passwords = Object.fromEntries(
    serviceNames.map((name) => [name, process.env[passwordSetting(name)] ?? '']),
  )
  const say = (line: string) => {
    process.stdout.write(`${line}\n`)
  }
  const urls = await prepareDatabase(ADMIN_DATABASE_URL, passwords)
  await migrateAll(urls, say)
  if (KAFKA_BROKERS !== '') await prepareTopics(KAFKA_BROKERS, createLog('warn'))
  if (await prepareAdministrators(urls.identity, ADMINISTRATORS_FILE))
    say(`One-time passwords of the three administrators: ${ADMINISTRATORS_FILE}`)
  say('Done.')
} catch (error) {
  process.stderr.write(
    `${error instanceof ConfigurationError ? error.message : String(error instanceof Error ? error.stack : error)}\n`,
  )
  process.exit(1)
}
