import { serviceNames, type ServiceName } from '@erp-steward/contracts/services'
import { ConfigurationError, readConfig } from '@erp-steward/service-kit/config'
import { Type, type Static, type TString } from 'typebox'

/** The setting that holds the database password of a service, for example `INCIDENT_TIERING_DATABASE_PASSWORD`. */
export function passwordSettingOf(name: ServiceName): string {
  return `${name.replaceAll('-', '_').toUpperCase()}_DATABASE_PASSWORD`
}

const passwordSettings: Record<string, TString> = Object.fromEntries(
  serviceNames.map((name) => [
    passwordSettingOf(name),
    Type.String({
      description: `Database password of ${name}, at least 16 characters.`,
      minLength: 16,
      writeOnly: true,
    }),
  ]),
)

const ADMIN_DATABASE_URL = 'PostgreSQL URL of a role that may create databases and roles'

const MIGRATION_DATABASE_PASSWORD = (when: string) =>
  Type.String({
    description: `Password of the roles that own the tables, at least 16 characters, known to the jobs alone and to no service. ${when}`,
    pattern: '^(.{16,})?$',
    writeOnly: true,
    default: '',
  })

/** What `npm run prepare-database` reads: the part of the job that needs an administrator of the server. */
export const PrepareDatabaseConfig = Type.Object({
  ADMIN_DATABASE_URL: Type.String({
    description: `${ADMIN_DATABASE_URL}.`,
    pattern: '^postgres(ql)?://',
    writeOnly: true,
  }),
  MIGRATION_DATABASE_PASSWORD: MIGRATION_DATABASE_PASSWORD(
    'Needed when `npm run migrate` is to run without an administrator.',
  ),
  ...passwordSettings,
})

/** What `npm run migrate` reads, the job that prepares a site with one process per service. */
export const MigrateConfig = Type.Object({
  ADMIN_DATABASE_URL: Type.String({
    description: `${ADMIN_DATABASE_URL}; empty when \`npm run prepare-database\` was run.`,
    pattern: '^(postgres(ql)?://.*)?$',
    writeOnly: true,
    default: '',
  }),
  SITE_DATABASE_URL: Type.String({
    description:
      'Instead of it: the server alone, postgres://host:port, without user and password.',
    pattern: '^(postgres(ql)?://.*)?$',
    writeOnly: true,
    default: '',
  }),
  MIGRATION_DATABASE_PASSWORD: MIGRATION_DATABASE_PASSWORD(
    'Needed with `SITE_DATABASE_URL`; with `ADMIN_DATABASE_URL` one is made for the run.',
  ),
  KAFKA_BROKERS: Type.String({
    description: 'host:port separated by commas; empty: no topics are made.',
    format: 'host-ports',
    default: '',
  }),
  KAFKA_REPLICATION_FACTOR: Type.Integer({
    description: 'Brokers that keep each topic which is made; 3 on a cluster.',
    minimum: 1,
    maximum: 15,
    default: 1,
  }),
  ADMINISTRATORS_FILE: Type.String({
    description:
      'Where the one-time passwords of the first three administrators are written, mode 0600.',
    default: 'administrators.txt',
  }),
  ...passwordSettings,
})
export type MigrateConfig = Static<typeof MigrateConfig>

/** Whose passwords a job was given, by service. */
export type Passwords = Readonly<Record<string, string>>

/** @throws ConfigurationError with every fault at once */
export function readMigrateConfig(environment: NodeJS.ProcessEnv): {
  config: MigrateConfig
  passwords: Passwords
} {
  const config = readConfig(MigrateConfig, environment)
  if ((config.ADMIN_DATABASE_URL === '') === (config.SITE_DATABASE_URL === ''))
    throw new ConfigurationError(['one of ADMIN_DATABASE_URL and SITE_DATABASE_URL must be set'])
  if (config.SITE_DATABASE_URL !== '' && config.MIGRATION_DATABASE_PASSWORD === '')
    throw new ConfigurationError([
      'MIGRATION_DATABASE_PASSWORD must be set with SITE_DATABASE_URL: the one that `npm run prepare-database` was given',
    ])
  return { config, passwords: passwordsIn(environment) }
}

/** @throws ConfigurationError with every fault at once */
export function readPrepareDatabaseConfig(environment: NodeJS.ProcessEnv): {
  adminUrl: string
  /** `undefined`: the next job of an administrator makes one. */
  migrationPassword: string | undefined
  passwords: Passwords
} {
  const config = readConfig(PrepareDatabaseConfig, environment)
  return {
    adminUrl: config.ADMIN_DATABASE_URL,
    migrationPassword: config.MIGRATION_DATABASE_PASSWORD || undefined,
    passwords: passwordsIn(environment),
  }
}

function passwordsIn(environment: NodeJS.ProcessEnv): Passwords {
  return Object.fromEntries(
    serviceNames.map((name) => [name, environment[passwordSettingOf(name)] ?? '']),
  )
}
