import { mkdtempSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '@erp-steward/postgres/port'
import { DATABASE } from '@erp-steward/standalone/prepare-site'
import { answers, Program, type Site } from './site.ts'

/** `npm start`: PostgreSQL, gateway and services in one process on the local bus, as a child process. */
export async function standaloneSite(environment: Readonly<Record<string, string>>): Promise<Site> {
  const data = mkdtempSync(join(tmpdir(), 'steward-e2e-'))
  const [port, postgresPort] = [await freePort(), await freePort()]
  const host = new Program(
    'standalone host',
    'infra/standalone/src/main.ts',
    [],
    {
      STEWARD_DATA: data,
      STEWARD_PORT: String(port),
      STEWARD_POSTGRES_PORT: String(postgresPort),
      ...environment,
    },
    join(data, 'output.log'),
  )
  const gatewayUrl = `http://127.0.0.1:${port}`
  const start = async () => {
    host.start()
    await host.says('is ready', 300_000)
    await answers(`${gatewayUrl}/health`, 300_000)
  }
  await start()
  return {
    gatewayUrl,
    passwordFile: join(data, 'administrators.txt'),
    superuserUrl: async () => {
      const password = await readFile(join(data, 'postgres.password'), 'utf8')
      return `postgres://steward:${password.trim()}@127.0.0.1:${postgresPort}/${DATABASE}`
    },
    kill: () => host.kill(),
    start,
    stop: async () => {
      await host.end('SIGINT')
    },
  }
}
