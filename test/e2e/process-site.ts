import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { serviceNames, type ServiceName } from '@erp-steward/contracts/services'
import { freePort } from '@erp-steward/postgres/port'
import { startPostgres } from '@erp-steward/postgres/server'
import { DATABASE } from '@erp-steward/standalone/prepare-site'
import {
  COMPOSE_FILE,
  environmentOf,
  readCompose,
  scriptOf,
  variablesIn,
} from '../../infra/docker/src/compose-file.ts'
import { answers, Program, type Site } from './site.ts'

type ProcessName = ServiceName | 'gateway'

/**
 * The production shape: the job that prepares the site, then the gateway and each service as a process of its own, on
 * real Kafka. Commands and settings are those of docker-compose.yml; only addresses differ, for all share one host here.
 *
 * `kill` takes the processes in a random order, none a second time before each was taken.
 */
export async function processSite(
  brokers: string,
  environment: Readonly<Record<string, string>>,
): Promise<Site> {
  const data = mkdtempSync(join(tmpdir(), 'steward-processes-'))
  const postgres = await startPostgres({ dataDirectory: join(data, 'postgres'), port: 0 })
  const names: readonly ProcessName[] = [...serviceNames, 'gateway']
  const ports = Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await freePort()] as const)),
  ) as Record<ProcessName, number>

  const compose = readCompose()
  const variables = secretsFor(readFileSync(COMPOSE_FILE, 'utf8'))
  const addresses: readonly (readonly [string, string])[] = [
    ['kafka:9092', brokers],
    ['@postgres:5432', `@127.0.0.1:${postgres.port}`],
    ...names.map((name) => [`//${name}:8080`, `//127.0.0.1:${ports[name]}`] as const),
  ]
  const settingsOf = (name: string) =>
    Object.fromEntries(
      Object.entries(environmentOf(compose, name, variables)).map(([setting, value]) => [
        setting,
        addresses.reduce((text, [inside, here]) => text.replaceAll(inside, here), value),
      ]),
    )
  const programOf = (name: string, settings: Readonly<Record<string, string>>) => {
    const { script, args } = scriptOf(compose, name)
    return new Program(name, script, args, settings, join(data, `${name}.log`))
  }

  const passwordFile = join(data, 'administrators.txt')
  const prepare = programOf('prepare', {
    ...settingsOf('prepare'),
    // The superuser of this server is not called as that of the image.
    ADMIN_DATABASE_URL: postgres.url,
    ADMINISTRATORS_FILE: passwordFile,
  })
  prepare.start()
  await prepare.says('Done.', 300_000)

  const here = (name: ProcessName) => ({
    ...environment,
    // What is killed is away for as long as its group waits for it: the shortest that a broker takes.
    KAFKA_SESSION_SECONDS: '6',
    // The volume of a container is a folder here.
    ...(name === 'identity' && { LEDGER_WITNESS_FILE: join(data, 'ledger-witness.ndjson') }),
    HOST: '127.0.0.1',
    GATEWAY_ADDRESSES: '127.0.0.1',
    PORT: String(ports[name]),
  })
  const programs = names.map((name) => programOf(name, { ...settingsOf(name), ...here(name) }))
  const turn: Program[] = []
  const gatewayUrl = `http://127.0.0.1:${ports.gateway}`
  const start = async () => {
    const up = new AbortController()
    // What ends by itself, because something else is away, is started again, as the container engine does it.
    const restart = async () => {
      while (!up.signal.aborted) {
        for (const program of programs) if (!program.running) program.start()
        await sleep(500)
      }
    }
    const restarting = restart()
    try {
      await answers(`${gatewayUrl}/health`, 300_000)
    } finally {
      up.abort()
      await restarting
    }
  }
  await start()
  for (const name of names) await isHealthy(name, here(name), join(data, `${name}.log`))
  return {
    gatewayUrl,
    passwordFile,
    superuserUrl: () => Promise.resolve(postgres.url.replace(/\/[^/]*$/, `/${DATABASE}`)),
    kill: async () => {
      if (turn.length === 0) turn.push(...programs)
      const [taken] = turn.splice(Math.floor(Math.random() * turn.length), 1)
      await taken?.kill()
    },
    start,
    stop: async () => {
      await Promise.all(programs.map((program) => program.end()))
      await postgres.stop()
    },
  }
}

/** A secret for every variable without which Compose does not start. */
function secretsFor(text: string): Record<string, string> {
  return Object.fromEntries(
    variablesIn(text)
      .filter(({ required }) => required)
      .map(({ name }) => [
        name,
        randomBytes(32).toString(name.endsWith('_SEALING_KEYS') ? 'base64' : 'hex'),
      ]),
  )
}

/** @throws Error when the check of the container calls the process unhealthy */
async function isHealthy(
  name: string,
  environment: Readonly<Record<string, string>>,
  logFile: string,
): Promise<void> {
  const check = new Program(`${name}: health`, 'infra/docker/healthy.mjs', [], environment, logFile)
  check.start()
  const code = await check.finished()
  if (code !== 0) throw new Error(`${name} is not healthy, says the check of its container`)
}
