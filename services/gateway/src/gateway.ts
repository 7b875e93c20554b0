import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { serviceNames, services } from '@erp-steward/contracts/services'
import type { BusConsumer, EventBus } from '@erp-steward/messaging/bus'
import type { App } from '@erp-steward/service-kit/app'
import {
  createKeySet,
  createTokenCheck,
  type KeyFor,
} from '@erp-steward/service-kit/authentication'
import { createApp } from '@erp-steward/service-kit/create-app'
import { openApiOf } from '@erp-steward/service-kit/open-api'
import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import { createOwnAttention } from './attention/own-attention.ts'
import { attentionRoutes } from './attention/routes.ts'
import type { DiskSpace } from './attention/rules/own-matters.ts'
import { urlSettingOf, type GatewayConfig } from './config.ts'
import { createCatalogue, type Catalogue } from './documents/catalogue.ts'
import { DOCS, documentRoutes, EVENTS } from './documents/routes.ts'
import { createDoor } from './door/admit.ts'
import { allowOrigins } from './door/cors.ts'
import { createGuard, guardNetwork } from './door/guard.ts'
import { guardOwnOperations } from './door/own-operations.ts'
import { refusalReporter } from './door/report-refusal.ts'
import { createHealthRound } from './health/health-round.ts'
import { healthRoutes } from './health/routes.ts'
import { ApiKeys } from './keys/api-keys.ts'
import { keyQuestions } from './keys/ask-identity.ts'
import { watchEventLoop } from './overload/event-loop-delay.ts'
import { createShedding } from './overload/shedding.ts'
import { proxyRoutes } from './proxy/routes.ts'
import { createShortPath } from './proxy/short-path.ts'
import { onAccountEvent, revocationTopics } from './revocations/on-account-event.ts'
import { createRevocationReader, type RevocationReader } from './revocations/read-snapshot.ts'
import { Revocations } from './revocations/revocations.ts'
import { createRoutingTable } from './routing/rules/routing-table.ts'
import { closeUpstream, openUpstream, type Upstream } from './routing/upstreams.ts'
import { askCutOff, circuitGauges } from './routing/cut-off.ts'
import { readTls } from './tls-files.ts'

/** Longest time in milliseconds for a request to arrive whole: 16 MiB over a line of 1.2 Mbit/s. */
const REQUEST_MS = 120_000
/** Milliseconds between two readings of the OpenAPI documents, and while some are missing. */
const DOCUMENTS_MS = 30_000
const MISSING_DOCUMENTS_MS = 2_000
/** Milliseconds until identity is asked again what it has revoked, and until the bus is joined again. */
const EAGER_MS = 500

/** The gateway's own pages whose callers are counted; probes of health are not. */
const COUNTED = [DOCS, '/openapi.json', EVENTS, '/problems/']

export interface GatewayOptions {
  readonly config: GatewayConfig
  readonly bus: EventBus
  readonly log: Logger
  readonly clock?: () => Date
  /** Registries of the services that live in this process. */
  readonly beside?: () => readonly Registry[]
  /** How late the event loop is, in milliseconds; default: as it is measured. */
  readonly delayMs?: () => number
  /** Room on the disk of the site's data, where it lies on this machine. */
  readonly disk?: () => Promise<DiskSpace>
  /** Waited for before the port is taken. */
  readonly beforeListening?: () => Promise<void>
}

export interface RunningGateway {
  readonly name: 'gateway'
  readonly url: string
  /** In order: no new requests, no questions and events any more, connections to the services close. */
  stop(): Promise<void>
}

/**
 * Opens the one door of the product.
 *
 * It opens while services are still down: their operations answer 503 until they are up, tokens are refused with 503
 * until identity has told what is revoked.
 *
 * @throws ConfigurationError, and Error when two services claim one prefix or their OpenAPI documents clash
 */
export async function startGateway({
  config,
  bus,
  log: parentLog,
  clock = () => new Date(),
  beside = () => [],
  delayMs,
  disk,
  beforeListening,
}: GatewayOptions): Promise<RunningGateway> {
  const log = parentLog.child({ service: 'gateway' })
  const upstreams = new Map(
    serviceNames.map((name) => [
      name,
      openUpstream(name, config[urlSettingOf(name)], config.UPSTREAM_TIMEOUT_SECONDS * 1_000),
    ]),
  )
  const ended = new AbortController()
  const background: (() => Promise<void>)[] = []
  let listening: App | undefined
  const eventLoop = watchEventLoop()
  const stop = async () => {
    ended.abort()
    eventLoop.stop()
    await listening?.close()
    await Promise.all([...upstreams.values()].map(closeUpstream))
    await Promise.all(background.map((end) => end()))
  }
  try {
    const revocations = new Revocations(config.REVOCATION_MAX_AGE_SECONDS)
    const { app, catalogue } = await buildGateway(config, {
      upstreams,
      revocations,
      keyFor: createKeySet(`${config[urlSettingOf('identity')]}/.well-known/jwks.json`),
      bus,
      log,
      clock,
      beside,
      delayMs: delayMs ?? eventLoop.ms,
      disk: disk ?? null,
    })
    listening = app
    const identity = upstreamOf(upstreams, 'identity')

    background.push(joinBus(bus, onAccountEvent(revocations, clock, log), ended.signal, log))
    const reader = createRevocationReader(revocations, identity, config.INTERNAL_TOKEN, clock)
    await reader.whole().catch(() => undefined)
    background.push(
      repeat(
        ended.signal,
        followRevocations(reader, config.REVOCATION_POLL_SECONDS * 1_000, ended.signal, log),
      ),
    )

    background.push(repeat(ended.signal, askCutOff([...upstreams.values()], log)))

    await catalogue.refresh()
    const [clash] = catalogue.merged.clashes
    if (clash !== undefined) throw new Error(clash)
    background.push(
      repeat(ended.signal, async () => {
        await catalogue.refresh()
        return catalogue.missing.length > 0 ? MISSING_DOCUMENTS_MS : DOCUMENTS_MS
      }),
    )

    await beforeListening?.()
    await app.listen({ host: config.HOST, port: config.PORT })
    const { port } = app.server.address() as AddressInfo
    const scheme = config.TLS_CERT_FILE === '' ? 'http' : 'https'
    const host = config.HOST.includes(':') ? `[${config.HOST}]` : config.HOST
    return { name: 'gateway', url: `${scheme}://${host}:${String(port)}`, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

export interface GatewayParts extends Required<
  Omit<GatewayOptions, 'config' | 'disk' | 'beforeListening'>
> {
  readonly disk: (() => Promise<DiskSpace>) | null
  readonly upstreams: ReadonlyMap<(typeof serviceNames)[number], Upstream>
  readonly revocations: Revocations
  readonly keyFor: KeyFor
}

/** The gateway without port and background work: what is asked of it by `inject`. */
export async function buildGateway(
  config: GatewayConfig,
  { upstreams, revocations, keyFor, bus, log, clock, beside, delayMs, disk }: GatewayParts,
): Promise<{ app: App; catalogue: Catalogue }> {
  const table = createRoutingTable(Object.values(services))
  const guard = createGuard(config)
  const tls = readTls(config)
  const app = await createApp({
    name: 'gateway',
    title: 'ERP Steward',
    log,
    tokens: null,
    readiness: {
      revocations: () =>
        revocations.isFresh(clock().getTime())
          ? Promise.resolve()
          : Promise.reject(new Error('identity has not been heard for too long')),
      documents: () =>
        catalogue.merged.clashes.length === 0
          ? Promise.resolve()
          : Promise.reject(new Error(catalogue.merged.clashes.join(' '))),
    },
    onRefused: refusalReporter(bus, guard, clock),
    requestTimeoutMs: REQUEST_MS,
    inFront: (request, response, toApp) => {
      if (!shed(request, response)) shortPath(request, response, toApp)
    },
    ...(tls !== null && { tls }),
    mayAsk: (asker) => guard(asker).refusal === null,
    methodsBehind: (path) => (table(path) === undefined ? [] : catalogue.methodsOf(path)),
    beside,
    openApi: () => catalogue.merged.document,
    examples: new URL('./examples.json', import.meta.url),
    publicFolder: DOCS,
  })
  const mostMs = config.SHED_DELAY_MS
  const shed = createShedding({ registry: app.metrics, delayMs, mostMs })
  circuitGauges(app.metrics, [...upstreams.values()])
  const catalogue = createCatalogue([...upstreams.values()], table, () => openApiOf(app), log)
  guardNetwork(app, guard, config)
  const tokens = await createTokenCheck(app, {
    keyFor,
    issuer: config.PUBLIC_URL,
    clock,
  })
  const ask = keyQuestions(upstreamOf(upstreams, 'identity'), config.INTERNAL_TOKEN, log)
  const keys = new ApiKeys({ ask, revocations, clock })
  const door = createDoor({ config, guard, tokens, keys, revocations, clock })
  allowOrigins(app, config.CORS_ORIGINS, door.countAddress)
  app.addHook('onRequest', (request, reply, done) => {
    const { url } = request.routeOptions
    if (url !== undefined && COUNTED.some((own) => url.startsWith(own)))
      door.countAddress(request, reply)
    done()
  })
  guardOwnOperations(app, door)
  const states = createHealthRound([...upstreams.values()])
  healthRoutes(app, states, [...upstreams.values()])
  const certificate = tls?.cert ?? null
  attentionRoutes(app, {
    ...{ states, upstreams: [...upstreams.values()] },
    internalToken: config.INTERNAL_TOKEN,
    own: createOwnAttention(app.metrics, { certificate, disk, clock }),
  })
  await documentRoutes(app, catalogue)
  const proxy = { door, guard, table, upstreams, failures: new WeakMap() }
  await proxyRoutes(app, { ...proxy, internalToken: config.INTERNAL_TOKEN })
  // They would hold up the end for as long as their tokens live.
  app.addHook('preClose', (done) => {
    for (const { streams } of upstreams.values()) streams.close()
    done()
  })
  // As `allowOrigins` says it; who sends an origin goes through the app.
  const always = config.CORS_ORIGINS === '' ? [] : ['vary', 'origin']
  const shortPath = createShortPath(app, { ...proxy, always })
  await app.ready()
  return { app, catalogue }
}

function upstreamOf<Name>(upstreams: ReadonlyMap<Name, Upstream>, name: Name): Upstream {
  const upstream = upstreams.get(name)
  if (upstream === undefined) throw new Error(`there is no service ${String(name)}`)
  return upstream
}

/** One question to identity: for everything when `wholeMs` have passed since the last time, else for news. */
function followRevocations(
  reader: RevocationReader,
  wholeMs: number,
  signal: AbortSignal,
  log: Logger,
): () => Promise<number> {
  let wholeAt = -Infinity
  let isAway = false
  return async () => {
    try {
      if (performance.now() - wholeAt < wholeMs) await reader.news()
      else {
        await reader.whole()
        wholeAt = performance.now()
      }
      isAway = false
    } catch (error) {
      // Twice a second would be no news.
      if (!isAway && !signal.aborted) log.warn({ err: error }, 'revocations could not be read')
      isAway = true
      wholeAt = -Infinity
    }
    return Math.min(EAGER_MS, wholeMs)
  }
}

/** Does `work` again and again, after as many milliseconds as it says, until `signal`; answers how to await the end. */
function repeat(signal: AbortSignal, work: () => Promise<number>): () => Promise<void> {
  let pause = 0
  const running = (async () => {
    for (;;) {
      pause = await work()
      await sleep(pause, undefined, { signal })
    }
  })().catch((error: unknown) => {
    if (!signal.aborted) throw error
  })
  return () => running
}

/** Joins the bus in the background, for the gateway must open while the broker is down; answers how to leave. */
function joinBus(
  bus: EventBus,
  handle: (event: unknown) => Promise<void>,
  signal: AbortSignal,
  log: Logger,
): () => Promise<void> {
  let consumer: BusConsumer | undefined
  const joining = repeat(signal, async () => {
    try {
      consumer ??= await bus.subscribe({
        group: 'gateway',
        broadcast: true,
        topics: revocationTopics,
        handle,
      })
      return 2 ** 31 - 1
    } catch (error) {
      log.warn({ err: error }, 'the bus cannot be joined, revocations come by snapshot only')
      return EAGER_MS
    }
  })
  return async () => {
    await joining()
    await consumer?.stop()
  }
}
