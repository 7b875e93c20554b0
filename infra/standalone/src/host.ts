import { once } from 'node:events'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { readDisk } from '@erp-steward/gateway/attention/own-attention'
import { GatewayConfig, urlSettingOf } from '@erp-steward/gateway/config'
import { startGateway } from '@erp-steward/gateway/gateway'
import { serviceNames, type ServiceName } from '@erp-steward/contracts/services'
import { startKafka } from '@erp-steward/kafka/broker'
import { findJava } from '@erp-steward/kafka/jars'
import type { EventBus } from '@erp-steward/messaging/bus'
import { createKafkaBus } from '@erp-steward/messaging/kafka-bus'
import { createLocalBus } from '@erp-steward/messaging/local-bus'
import { startPostgres } from '@erp-steward/postgres/server'
import { readConfig } from '@erp-steward/service-kit/config'
import { startService, type RunningService, type Service } from '@erp-steward/service-kit/service'
import type { Logger } from 'pino'
import type { StandaloneConfig } from './config.ts'
import { endLeftInitdb, holdFolder } from './data-folder.ts'
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
  /** Calls the start off: what was started is ended, and `startHost` throws the signal's reason. */
  readonly signal: AbortSignal
}

export interface RunningHost {
  readonly gatewayUrl: string
  /** File with the one-time passwords of the first administrators. */
  readonly passwordFile: string
  /** Gateway first, then services, bus, broker and database. Never throws: what does not end in order is logged. */
  stop(): Promise<void>
}

/** Connections per service: the embedded PostgreSQL is kept small. */
const POOL_SIZE = 6

/** How long a step of the start may go on once it was called off. */
const CALLED_OFF_LIMIT_MS = 1_500

/** How long a part of this process may take to end; what is durable is durable already. */
const PART_LIMIT_MS = 2_500

/** How long a server of its own process may take to end. */
const SERVER_LIMIT_MS = 30_000

interface Part {
  readonly name: string
  readonly limitMs: number
  readonly stop: () => Promise<void>
}

/**
 * Starts PostgreSQL, prepares it, and runs gateway and services in this process.
 *
 * @throws Error when the data folder is in use, the gateway's port is taken or Java is missing, before anything is
 *   started; when PostgreSQL or Kafka does not start, after what was started is ended
 */
export async function startHost(options: HostOptions): Promise<RunningHost> {
  const { config, log, progress, signal } = options
  const folder = resolve(config.STEWARD_DATA)
  // Asked before a database is made for a start that cannot succeed.
  if (options.kafka && config.KAFKA_BROKERS === '') findJava()
  const release = holdFolder(folder)
  const parts: Part[] = []
  const stop = async () => {
    for (const part of parts.splice(0).reverse()) await end(part, log)
    release()
  }
  const step = <Result>(work: Promise<Result>) => unlessCalledOff(signal, work)
  try {
    await assertPortFree(config.STEWARD_HOST, config.STEWARD_PORT)
    const secrets = siteSecrets(folder)
    progress('Starting PostgreSQL')
    await endLeftInitdb(folder)
    // Waited for whatever happens: a server that is half started could not be ended.
    const postgres = await startPostgres({
      dataDirectory: join(folder, 'postgres'),
      port: config.STEWARD_POSTGRES_PORT,
      log: progress,
    })
    parts.push({ name: 'PostgreSQL', limitMs: SERVER_LIMIT_MS, stop: () => postgres.stop() })
    signal.throwIfAborted()
    const site = await step(prepareDatabase(postgres.url, secrets.databasePasswords))
    await step(migrateAll(site, progress))
    const urls = site.services
    const passwordFile = join(folder, 'administrators.txt')
    await step(prepareAdministrators(urls.identity, passwordFile))

    const bus = await startBus(options, folder, parts)
    progress('Starting the services')
    const running: RunningService[] = []
    parts.push({
      name: 'services',
      limitMs: PART_LIMIT_MS,
      stop: async () => {
        await Promise.all(running.map((service) => service.stop()))
      },
    })
    await step(startServices(options, folder, bus, urls, secrets, running))
    const gateway = await step(
      startGateway({
        ...{ config: gatewayConfig(options, running, secrets), bus, log },
        beside: () => running.map(({ metrics }) => metrics),
        disk: () => readDisk(folder),
      }),
    )
    parts.push({ name: 'gateway', limitMs: PART_LIMIT_MS, stop: () => gateway.stop() })
    return { gatewayUrl: gateway.url, passwordFile, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function startBus(
  { config, kafka, log, progress, signal }: HostOptions,
  folder: string,
  parts: Part[],
): Promise<EventBus> {
  if (!kafka) {
    const local = createLocalBus(serviceNames)
    parts.push({ name: 'bus', limitMs: PART_LIMIT_MS, stop: () => local.close() })
    return local
  }
  let brokers = config.KAFKA_BROKERS
  if (brokers === '') {
    progress('Starting Apache Kafka')
    // Waited for whatever happens: a start that goes on while the host ends would leave a broker behind.
    const broker = await startKafka({
      dataDirectory: join(folder, 'kafka'),
      port: config.STEWARD_KAFKA_PORT,
      controllerPort: config.STEWARD_KAFKA_CONTROLLER_PORT,
      log: progress,
      signal,
    })
    parts.push({ name: 'Kafka', limitMs: SERVER_LIMIT_MS, stop: () => broker.stop() })
    brokers = broker.brokers
  }
  await unlessCalledOff(signal, prepareTopics(brokers, log))
  const bus = createKafkaBus(brokers, 'erp-steward', log)
  parts.push({ name: 'bus', limitMs: PART_LIMIT_MS, stop: () => bus.close() })
  return bus
}

/** The result of a step of the start; once the start is called off, throws the signal's reason soon. */
async function unlessCalledOff<Result>(
  signal: AbortSignal,
  work: Promise<Result>,
): Promise<Result> {
  const done = new AbortController()
  const calledOff = async () => {
    if (!signal.aborted) await once(signal, 'abort', { signal: done.signal })
    await delay(CALLED_OFF_LIMIT_MS, undefined, { signal: done.signal })
    throw signal.reason
  }
  try {
    const result = await Promise.race([work, calledOff()])
    signal.throwIfAborted()
    return result
  } finally {
    done.abort()
  }
}

/** Ends a part; one that hangs or fails does not keep the others from ending. */
async function end({ name, limitMs, stop }: Part, log: Logger): Promise<void> {
  const done = new AbortController()
  const tooLong = async () => {
    await delay(limitMs, undefined, { signal: done.signal })
    throw new Error(`${name} did not end within ${limitMs} ms`)
  }
  try {
    await Promise.race([stop(), tooLong()])
  } catch (error) {
    log.error({ err: error }, `${name} did not end in order`)
  } finally {
    done.abort()
  }
}

async function startServices(
  { environment, log }: HostOptions,
  folder: string,
  bus: EventBus,
  urls: ServiceUrls,
  secrets: Secrets,
  running: RunningService[],
): Promise<void> {
  const start = async (name: ServiceName, jwksUrl: string) => {
    // Each service's own schema says what it takes; the registry alone knows them all.
    const service = registry[name] as unknown as Service
    const own = readConfig(service.config, {
      // A better place is another disk: the environment may say so.
      LEDGER_WITNESS_FILE: join(folder, 'ledger-witness.ndjson'),
      ...environment,
      SEALING_KEYS: secrets.sealingKeys[name],
      PERSONAL_DATA_KEYS: secrets.personalDataKeys,
      PERSONAL_INDEX_KEY: secrets.personalIndexKey,
      LEDGER_KEYS: secrets.ledgerKey,
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
    const started = await startService(service, { config, bus, log })
    running.push(started)
    return { ...started, config }
  }
  // Identity reads its keys itself; the others need to know where it listens.
  const identity = await start('identity', 'http://127.0.0.1/.well-known/jwks.json')
  const others = await Promise.all(
    serviceNames
      .filter((name) => name !== 'identity')
      .map((name) => start(name, `${identity.url}/.well-known/jwks.json`)),
  )
  // Identity looks whenever it verifies the ledger; where assessment listens was not known when it was started.
  const assessment = others.find(({ name }) => name === 'assessment')
  Object.assign(identity.config, { ASSESSMENT_URL: assessment?.url })
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

/** @throws Error that names the setting */
async function assertPortFree(host: string, port: number): Promise<void> {
  const probe = createServer().listen(port, host)
  try {
    await once(probe, 'listening')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'EADDRINUSE')
      throw new Error(
        `Port ${port} on ${host} is taken by another program: choose another with STEWARD_PORT.`,
        { cause: error },
      )
    throw new Error(
      `The gateway cannot listen on ${host} port ${port} (${String(code)}): ` +
        'choose another address with STEWARD_HOST or port with STEWARD_PORT.',
      { cause: error },
    )
  }
  probe.close()
  await once(probe, 'close')
}
