import type { AddressInfo } from 'node:net'
import { AccessRefused } from '@erp-steward/contracts/platform-events'
import { services, type ServiceName } from '@erp-steward/contracts/services'
import type { EventBus } from '@erp-steward/messaging/bus'
import {
  createConsumer,
  startConsumer,
  type Consumer,
  type Subscription,
} from '@erp-steward/messaging/consumer'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { startRelay } from '@erp-steward/messaging/relay'
import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import { Type, type Static, type TObject } from 'typebox'
import type { DataSource, EntityManager } from 'typeorm'
import type { App } from './app.ts'
import { actOf, createKeySet, type KeyFor } from './authentication.ts'
import { setGuardedParameter } from './change-parameter.ts'
import type { AttentionSource } from './attention.ts'
import { attentionRoute } from './attention-route.ts'
import { createApp } from './create-app.ts'
import { openDatabase, type Storage } from './database.ts'
import { deadLetterRoutes, discardParked } from './dead-letter-routes.ts'
import type { DescribedWebhooks } from './describe-exchange.ts'
import { startJobs, type Task } from './jobs.ts'
import { eventCounters } from './metrics.ts'
import { parameterRoutes } from './parameter-routes.ts'
import { platformAttention } from './platform-attention.ts'
import type { ProposalKind } from './proposal.ts'
import { proposalRoutes } from './proposal-routes.ts'
import { expireProposals, expireProposalsCrontab, proposalWaits } from './proposals.ts'
import { pruneCrontab, prunePlatform } from './prune.ts'
import { PublicUrl } from './public-url.ts'
import { sayAlive, sayAliveCrontab } from './say-alive.ts'
import { watchWaits, watchWaitsCrontab, type Waits } from './waits.ts'

/** What every service reads from its environment. */
export const CommonConfig = Type.Object({
  DATABASE_URL: Type.String({
    description:
      "PostgreSQL URL of the service's own role, postgres://user:password@host:port/database.",
    pattern: '^postgres(ql)?://',
    writeOnly: true,
  }),
  JWKS_URL: Type.String({
    description: 'Where identity publishes its keys, http(s)://…/.well-known/jwks.json.',
    pattern: '^https?://',
  }),
  INTERNAL_TOKEN: Type.String({
    description: 'Secret shared by the processes of the product, at least 32 characters.',
    writeOnly: true,
    minLength: 32,
  }),
  PUBLIC_URL: Type.Optional(PublicUrl),
  HOST: Type.String({ description: 'Address to listen on.', default: '127.0.0.1' }),
  GATEWAY_ADDRESSES: Type.Optional(
    Type.String({
      description:
        'Addresses or networks of the gateways, separated by commas: they say where a request came from. Default: this host.',
      format: 'proxies',
    }),
  ),
  PORT: Type.Integer({
    description: 'TCP port; 0 takes any free one.',
    minimum: 0,
    maximum: 65_535,
    default: 0,
  }),
  DATABASE_POOL: Type.Integer({
    description: 'Most connections of the pool.',
    minimum: 2,
    maximum: 100,
    default: 8,
  }),
})
export type CommonConfig = Static<typeof CommonConfig>

/** What a service's own code may use. */
export interface Dependencies<Config> {
  readonly db: DataSource
  readonly clock: () => Date
  readonly config: Config
  readonly log: Logger
  /** The secret with which processes of the product ask each other. */
  readonly internalToken: string
}

/** A service: its storage, its operations, what it listens to and what it does by the clock. */
export interface Service<Config extends TObject = TObject> extends Storage {
  readonly title: string
  /** File of the examples that its document shows, as `npm run examples` records them. */
  readonly examples?: URL
  /** The members of the environment beyond `CommonConfig`. */
  readonly config: Config
  readonly routes: (app: App, dependencies: Dependencies<Static<Config>>) => void | Promise<void>
  readonly subscriptions: (dependencies: Dependencies<Static<Config>>) => readonly Subscription[]
  readonly tasks: (dependencies: Dependencies<Static<Config>>) => readonly Task[]
  /** Recurring tasks in cron syntax, UTC. */
  readonly crontab?: string
  /** The changes that take two persons. */
  readonly proposals?: (dependencies: Dependencies<Static<Config>>) => readonly ProposalKind[]
  /** Calls that go out to others, for the document. */
  readonly webhooks?: DescribedWebhooks
  /** What waits for another person besides proposals: an alarm where nobody can decide it. */
  readonly waits?: readonly Waits[]
  /** What of its own wants a human, besides what every service has. */
  readonly attention?: readonly AttentionSource[]
  /** Whether the unit is known here, for parameters that differ per unit. */
  readonly unitExists: (tx: EntityManager, unitId: string) => Promise<boolean>
  /** Public keys for tokens, where the service holds them itself; default: the JWKS of identity. */
  readonly keys?: (dependencies: Dependencies<Static<Config>>) => KeyFor
  /** Whatever else must run beside the app; ended before the database is closed. */
  readonly start?: (
    dependencies: Dependencies<Static<Config>>,
  ) => Promise<{ stop(): Promise<void> }>
}

/** Keeps the type of the configuration while checking the rest. */
export function defineService<Config extends TObject>(service: Service<Config>): Service<Config> {
  return service
}

export interface BuildOptions<Config> extends Dependencies<Config> {
  readonly keyFor: KeyFor
  /** As `PUBLIC_URL`. */
  readonly issuer?: string | undefined
  /** As `GATEWAY_ADDRESSES`. */
  readonly gatewayAddresses?: string | undefined
}

/** The service without port, bus and clockwork: what tests speak to by `inject`. */
export async function buildService<Config extends TObject>(
  service: Service<Config>,
  options: BuildOptions<Static<Config>>,
): Promise<{
  app: App
  consumer: Consumer
  subscriptions: readonly Subscription[]
  tasks: readonly Task[]
}> {
  const { db, clock, log, keyFor, internalToken, issuer, gatewayAddresses = 'loopback' } = options
  const { name } = service
  const app = await createApp({
    name,
    title: service.title,
    examples: service.examples,
    log,
    tokens: { keyFor, clock, internalToken, ...(issuer !== undefined && { issuer }) },
    trustedProxies: gatewayAddresses.split(',').flatMap((entry) => entry.trim() || []),
    ...(service.webhooks !== undefined && { webhooks: service.webhooks }),
    readiness: {
      database: async () => {
        await db.query('select 1')
      },
    },
    onRefused: (request, problem) => {
      const act = actOf(request, clock())
      const fact = {
        operation: request.routeOptions.schema?.operationId ?? request.method,
        code: problem.code,
        sourceIp: request.ip,
        refusedAt: act.now.toISOString(),
      }
      appendEvent(db.manager, name, AccessRefused, act.actor, fact, act).catch((error: unknown) => {
        request.log.error({ err: error }, 'a refusal could not be kept as evidence')
      })
    },
  })
  const counters = eventCounters(app.metrics)
  const subscriptions = service.subscriptions(options)
  const consumer = createConsumer({
    service: name,
    db,
    subscriptions,
    clock,
    log,
    onHandled: (type, outcome) => {
      counters.handled.inc({ type, outcome })
    },
  })
  await service.routes(app, options)
  parameterRoutes(app, { service: name, db, clock, unitExists: service.unitExists })
  const kinds = [
    setGuardedParameter(name),
    discardParked(name),
    ...(service.proposals?.(options) ?? []),
  ]
  proposalRoutes(app, { service: name, db, clock, kinds })
  deadLetterRoutes(app, { service: name, db, clock, consumer })
  attentionRoute(app, db, clock, [...platformAttention, ...(service.attention ?? [])])
  app.decorate('relayed', (count: number) => {
    counters.relayed.inc(count)
  })
  await app.ready()
  return {
    app,
    consumer,
    subscriptions,
    tasks: [
      ...service.tasks(options),
      prunePlatform,
      sayAlive(name),
      expireProposals(name),
      watchWaits(name, [proposalWaits(name, kinds), ...(service.waits ?? [])]),
    ],
  }
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Counts events that left through the relay. */
    relayed: (count: number) => void
  }
}

export interface StartOptions<Config> {
  readonly config: Config & CommonConfig
  readonly bus: EventBus
  readonly log: Logger
  readonly clock?: () => Date
}

export interface RunningService {
  readonly name: ServiceName
  readonly url: string
  readonly metrics: Registry
  /** In order: no new requests, no new jobs and events, what is queued goes out, connections close. */
  stop(): Promise<void>
}

/** Starts a service on a migrated database. */
export async function startService<Config extends TObject>(
  service: Service<Config>,
  { config, bus, log: parentLog, clock = () => new Date() }: StartOptions<Static<Config>>,
): Promise<RunningService> {
  const { name } = service
  const log = parentLog.child({ service: name })
  const url = config.DATABASE_URL
  const db = await openDatabase(service, url, config.DATABASE_POOL)
  const dependencies = { db, clock, config, log, internalToken: config.INTERNAL_TOKEN }
  const { app, consumer, subscriptions, tasks } = await buildService(service, {
    ...dependencies,
    keyFor: service.keys?.(dependencies) ?? createKeySet(config.JWKS_URL),
    issuer: config.PUBLIC_URL,
    gatewayAddresses: config.GATEWAY_ADDRESSES,
  })
  const beside = await service.start?.(dependencies)
  const listening = await startConsumer(bus, name, subscriptions, consumer)
  const relay = startRelay({
    url,
    schema: services[name].schema,
    bus,
    log,
    onRelayed: (count) => {
      app.relayed(count)
    },
  })
  // The gateway asks for it next; made now, it costs the start nothing, for the jobs wait for the database meanwhile.
  const documented = app.inject('/openapi.json')
  const jobs = await startJobs({
    service: name,
    db,
    tasks,
    crontab: [
      ...[service.crontab ?? '', pruneCrontab, sayAliveCrontab],
      ...[expireProposalsCrontab, watchWaitsCrontab],
    ].join('\n'),
    clock,
    log,
  })
  await documented
  await app.listen({ host: config.HOST, port: config.PORT })
  const { port } = app.server.address() as AddressInfo
  return {
    name,
    metrics: app.metrics,
    url: `http://${config.HOST.includes(':') ? `[${config.HOST}]` : config.HOST}:${String(port)}`,
    async stop() {
      await app.close()
      await jobs.stop()
      // The relay first: what it hands over while others stop must still find its receivers, or stay queued.
      await relay.stop()
      await listening.stop()
      await beside?.stop()
      await db.destroy()
    },
  }
}
