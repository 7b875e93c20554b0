import { mkdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { GatewayConfig, urlSettingOf } from '@erp-steward/gateway/config'
import { startGateway } from '@erp-steward/gateway/gateway'
import { serviceNames, type ServiceName } from '@erp-steward/contracts/services'
import { startKafka } from '@erp-steward/kafka/broker'
import type { EventBus } from '@erp-steward/messaging/bus'
import { createKafkaBus } from '@erp-steward/messaging/kafka-bus'
import { createLocalBus } from '@erp-steward/messaging/local-bus'
import { startPostgres } from '@erp-steward/postgres/server'
import { readConfig } from '@erp-steward/service-kit/config'
import { startService, type RunningService, type Service } from '@erp-steward/service-kit/service'
import type { Logger } from 'pino'
import type { StandaloneConfig } from './config.ts'
import {
  migrateAll,
  prepareAdministrators,
  prepareDatabase,
  prepareTopics,
  type ServiceUrls,
} from './prepare-site.ts'
import { registry } from './registry.ts'
import { siteSecrets, type Secrets } from './secrets.ts'

export interface HostOptions {
  readonly config: StandaloneConfig
  /** Environment that is passed on to the services. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Use Kafka instead of the local bus. */
  readonly kafka: boolean
  readonly log: Logger
  /** Told what is going on, one line each. */
  readonly progress: (line: string) => void
}

export interface RunningHost {
  readonly gatewayUrl: string
  /** File with the one-time passwords of the first administrators. */
  readonly passwordFile: string
  /** Services first, then the bus, the broker and the database. */
  stop(): Promise<void>
}

/** Connections per service: the embedded PostgreSQL is kept small. */
const POOL_SIZE = 6

/** The gateway's port is taken; the message names the setting. */
export class PortTaken extends Error {}

/** Starts PostgreSQL, prepares it, and runs gateway and services in this process. */
export async function startHost(options: HostOptions): Promise<RunningHost> {
  const { config, kafka, log, progress } = options
  const folder = resolve(config.STEWARD_DATA)
  mkdirSync(folder, { recursive: true, mode: 0o755 })
  await assertPortFree(config.STEWARD_HOST, config.STEWARD_PORT)
  const secrets = siteSecrets(folder)
  const stops: (() => Promise<void>)[] = []
  const stop = async () => {
    for (const each of stops.splice(0).reverse()) await each()
  }
  try {
    progress('Starting PostgreSQL')
    const postgres = await startPostgres({
      dataDirectory: join(folder, 'postgres'),
      port: config.STEWARD_POSTGRES_PORT,
      log: progress,
    })
    stops.push(() => postgres.stop())
    const urls = await prepareDatabase(postgres.url, secrets.databasePasswords)
    await migrateAll(urls, progress)
    const passwordFile = join(folder, 'administrators.txt')
    await prepareAdministrators(urls.identity, passwordFile)

    const bus = await startBus(options, folder, stops)
    progress('Starting the services')
    const running = await startServices(options, bus, urls, secrets)
    stops.push(async () => {
      await Promise.all(running.map((service) => service.stop()))
    })
    const gateway = await startGateway({
      config: gatewayConfig(options, running, secrets),
      bus,
      log,
    })
    stops.push(() => gateway.stop())
    return { gatewayUrl: gateway.url, passwordFile, stop }
  } catch (error) {
    await stop()
    throw error
  }

  async function startBus(
    { environment }: HostOptions,
    data: string,
    ends: (() => Promise<void>)[],
  ): Promise<EventBus> {
    if (!kafka) {
      const local = createLocalBus(serviceNames)
      ends.push(() => local.close())
      return local
    }
    let brokers = environment.KAFKA_BROKERS ?? ''
    if (brokers === '') {
      progress('Starting Apache Kafka')
      const broker = await startKafka({
        dataDirectory: join(data, 'kafka'),
        port: config.STEWARD_KAFKA_PORT,
        controllerPort: config.STEWARD_KAFKA_CONTROLLER_PORT,
        log: progress,
      })
      ends.push(() => broker.stop())
      brokers = broker.brokers
    }
    await prepareTopics(brokers, log)
    const bus = createKafkaBus(brokers, 'erp-steward', log)
    ends.push(() => bus.close())
    return bus
  }
}

async function startServices(
  { environment, log }: HostOptions,
  bus: EventBus,
  urls: ServiceUrls,
  secrets: Secrets,
): Promise<RunningService[]> {
  const start = async (name: ServiceName, jwksUrl: string) => {
    // Each service's own schema says what it takes; the registry alone knows them all.
    const service = registry[name] as unknown as Service
    const own = readConfig(service.config, {
      ...environment,
      SEALING_KEYS: secrets.sealingKeys[name],
    })
    const config = {
      ...own,
      DATABASE_URL: urls[name],
      DATABASE_POOL: POOL_SIZE,
      JWKS_URL: jwksUrl,
      INTERNAL_TOKEN: secrets.internalToken,
      HOST: '127.0.0.1',
      PORT: 0,
    }
    return startService(service, { config, bus, log })
  }
  // Identity reads its keys itself; the others need to know where it listens.
  const identity = await start('identity', 'http://127.0.0.1/.well-known/jwks.json')
  const others = await Promise.all(
    serviceNames
      .filter((name) => name !== 'identity')
      .map((name) => start(name, `${identity.url}/.well-known/jwks.json`)),
  )
  return [identity, ...others]
}

function gatewayConfig(
  { config, environment }: HostOptions,
  running: readonly RunningService[],
  secrets: Secrets,
) {
  return readConfig(GatewayConfig, {
    ...environment,
    ...Object.fromEntries(running.map(({ name, url }) => [urlSettingOf(name), url])),
    INTERNAL_TOKEN: secrets.internalToken,
    HOST: config.STEWARD_HOST,
    PORT: String(config.STEWARD_PORT),
  })
}

/** @throws PortTaken before anything else is started or changed */
async function assertPortFree(host: string, port: number): Promise<void> {
  const probe = createServer()
  await new Promise<void>((resolveFree, reject) => {
    probe.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        error.code === 'EADDRINUSE'
          ? new PortTaken(
              `Port ${String(port)} on ${host} is taken by another program: choose another with STEWARD_PORT.`,
            )
          : error,
      )
    })
    probe.listen(port, host, () => {
      probe.close(() => {
        resolveFree()
      })
    })
  })
}
