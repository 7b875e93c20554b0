import { randomBytes } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serviceNames, type ServiceName } from '@erp-steward/contracts/services'
import { urlSettingOf } from '@erp-steward/gateway/config'
import { freePort } from '@erp-steward/postgres/port'
import { serviceUrl } from '@erp-steward/postgres/roles'
import { startPostgres } from '@erp-steward/postgres/server'
import { DATABASE } from '@erp-steward/standalone/prepare-site'
import { answers, Program, type Site } from './site.ts'

/**
 * The production shape: the migration job, then the gateway and each service as a process of its own, on real Kafka.
 *
 * `kill` takes one of the processes at random.
 */
export async function processSite(
  brokers: string,
  environment: Readonly<Record<string, string>>,
): Promise<Site> {
  const data = mkdtempSync(join(tmpdir(), 'steward-processes-'))
  const postgres = await startPostgres({ dataDirectory: join(data, 'postgres'), port: 0 })
  const passwords = Object.fromEntries(
    serviceNames.map((name) => [name, randomBytes(24).toString('base64url')]),
  ) as Record<ServiceName, string>
  const passwordFile = join(data, 'administrators.txt')
  const migration = new Program(
    'migration job',
    'scripts/migrate.ts',
    [],
    {
      ADMIN_DATABASE_URL: postgres.url,
      KAFKA_BROKERS: brokers,
      ADMINISTRATORS_FILE: passwordFile,
      ...Object.fromEntries(
        serviceNames.map((name) => [`${settingName(name)}_DATABASE_PASSWORD`, passwords[name]]),
      ),
    },
    join(data, 'migrate.log'),
  )
  migration.start()
  await migration.says('Done.', 120_000)

  const ports = Object.fromEntries(
    await Promise.all(
      [...serviceNames, 'gateway' as const].map(async (name) => [name, await freePort()] as const),
    ),
  ) as Record<ServiceName | 'gateway', number>
  const common = {
    ...environment,
    KAFKA_BROKERS: brokers,
    INTERNAL_TOKEN: randomBytes(32).toString('base64url'),
    SEALING_KEYS: randomBytes(32).toString('base64'),
    JWKS_URL: `http://127.0.0.1:${ports.identity}/.well-known/jwks.json`,
  }
  const programs = [
    ...serviceNames.map(
      (name) =>
        new Program(
          name,
          `services/${name}/src/main.ts`,
          [],
          {
            ...common,
            PORT: String(ports[name]),
            DATABASE_URL: serviceUrl(postgres.url, DATABASE, name, passwords[name]),
          },
          join(data, `${name}.log`),
        ),
    ),
    new Program(
      'gateway',
      'services/gateway/src/main.ts',
      [],
      {
        ...common,
        PORT: String(ports.gateway),
        ...Object.fromEntries(
          serviceNames.map((name) => [urlSettingOf(name), `http://127.0.0.1:${ports[name]}`]),
        ),
      },
      join(data, 'gateway.log'),
    ),
  ]
  const gatewayUrl = `http://127.0.0.1:${ports.gateway}`
  const start = async () => {
    for (const program of programs) if (!program.running) program.start()
    await answers(`${gatewayUrl}/health`, 120_000)
  }
  await start()
  return {
    gatewayUrl,
    passwordFile,
    superuserUrl: () => Promise.resolve(postgres.url.replace(/\/[^/]*$/, `/${DATABASE}`)),
    kill: () => {
      programs[Math.floor(Math.random() * programs.length)]?.kill()
    },
    start,
    stop: async () => {
      await Promise.all(programs.map((program) => program.end()))
      await postgres.stop()
    },
  }
}

function settingName(name: ServiceName): string {
  return name.replaceAll('-', '_').toUpperCase()
}
