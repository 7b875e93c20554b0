import { join } from 'node:path'
import { readDisk } from '@erp-steward/gateway/attention/own-attention'
import { GatewayConfig, urlSettingOf } from '@erp-steward/gateway/config'
import { startGateway } from '@erp-steward/gateway/gateway'
import { serviceNames, type ServiceName } from '@erp-steward/contracts/services'
import type { EventBus } from '@erp-steward/messaging/bus'
import { createLocalBus } from '@erp-steward/messaging/local-bus'
import { readConfig } from '@erp-steward/service-kit/config'
import { startService, type RunningService, type Service } from '@erp-steward/service-kit/service'
import type { HostOptions, RunningHost } from './host.ts'
import { PART_LIMIT_MS, unlessCalledOff, type Part } from './parts.ts'
import {
  migrateAll,
  prepareAdministrators,
  prepareDatabase,
  type ServiceUrls,
} from './prepare-site.ts'
import { registry } from './registry.ts'
import type { Secrets } from './secrets.ts'

/** Connections per service: the embedded PostgreSQL is kept small. */
const POOL_SIZE = 6

/** Where a site has its data. */
export interface Site {
  readonly folder: string
  readonly secrets: Secrets
  /** Of the database server. */
  readonly superuserUrl: string
  /** Lets go of the port that is held for the gateway. */
  readonly releasePort: () => Promise<void>
}

/**
 * Prepares the database and runs gateway and services in this process.
 *
 * @param parts is told what was started, also when the start fails
 */
export async function startProduct(
  options: HostOptions,
  { folder, secrets, superuserUrl, releasePort }: Site,
  parts: Part[],
): Promise<Omit<RunningHost, 'stop'>> {
  const { log, progress, signal } = options
  const step = <Result>(work: Promise<Result>) => unlessCalledOff(signal, work)
  const site = await step(prepareDatabase(superuserUrl, secrets.databasePasswords))
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
      beforeListening: releasePort,
    }),
  )
  parts.push({ name: 'gateway', limitMs: PART_LIMIT_MS, stop: () => gateway.stop() })
  return { gatewayUrl: gateway.url, passwordFile }
}

async function startBus(options: HostOptions, folder: string, parts: Part[]): Promise<EventBus> {
  if (options.kafka) {
    // Loaded only where it is used: the client is three megabytes and a fortieth of the start.
    const { startKafkaBus } = await import('./start-kafka-bus.ts')
    return startKafkaBus(options, folder, parts)
  }
  const local = createLocalBus(serviceNames)
  parts.push({ name: 'bus', limitMs: PART_LIMIT_MS, stop: () => local.close() })
  return local
}

async function startServices(
  options: HostOptions,
  folder: string,
  bus: EventBus,
  urls: ServiceUrls,
  secrets: Secrets,
  running: RunningService[],
): Promise<void> {
  const { environment, log } = options
  const start = async (name: ServiceName, jwksUrl: string) => {
    // Each service's own schema says what it takes; the registry alone knows them all.
    const service = registry[name] as unknown as Service
    const own = readConfig(service.config, {
      // A better place is another disk: the environment may say so.
      LEDGER_WITNESS_FILE: join(folder, 'ledger-witness.ndjson'),
      ...environment,
      PUBLIC_URL: publicUrl(options),
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
      PUBLIC_URL: publicUrl(options),
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

function gatewayConfig(options: HostOptions, running: readonly RunningService[], secrets: Secrets) {
  const { config, environment } = options
  return readConfig(GatewayConfig, {
    ...environment,
    PUBLIC_URL: publicUrl(options),
    ...Object.fromEntries(running.map(({ name, url }) => [urlSettingOf(name), url])),
    INTERNAL_TOKEN: secrets.internalToken,
    HOST: config.STEWARD_HOST,
    PORT: String(config.STEWARD_PORT),
  })
}

/** As the site says, or as the gateway is reached from this machine. */
function publicUrl({ config, environment }: HostOptions): string {
  const { PUBLIC_URL: said = '', TLS_CERT_FILE = '' } = environment
  if (said !== '') return said
  const { STEWARD_HOST: host, STEWARD_PORT: port } = config
  const name = ['0.0.0.0', '::'].includes(host) ? '127.0.0.1' : host
  const scheme = TLS_CERT_FILE === '' ? 'http' : 'https'
  return `${scheme}://${name.includes(':') ? `[${name}]` : name}:${String(port)}`
}
