import { serviceNames, services, type ServiceName } from '@erp-steward/contracts/services'
import { GatewayConfig, urlSettingOf } from '@erp-steward/gateway/config'
import { startGateway } from '@erp-steward/gateway/gateway'
import { createFirstAdministrators } from '@erp-steward/identity/accounts/create-first-administrators'
import { sealInClear } from '@erp-steward/identity/people/seal-in-clear'
import type { EventBus } from '@erp-steward/messaging/bus'
import { startConsumer } from '@erp-steward/messaging/consumer'
import { createLocalBus } from '@erp-steward/messaging/local-bus'
import { relayOutbox } from '@erp-steward/messaging/relay'
import { createKeySet } from '@erp-steward/service-kit/authentication'
import { readConfig } from '@erp-steward/service-kit/config'
import { runTask } from '@erp-steward/service-kit/jobs'
import type { Service } from '@erp-steward/service-kit/service'
import { registry } from '@erp-steward/standalone/registry'
import { runDueJobs } from '@erp-steward/test-kit/due-jobs'
import {
  TEST_INTERNAL_TOKEN,
  testService,
  type TestService,
} from '@erp-steward/test-kit/test-service'
import pg from 'pg'
import { pino } from 'pino'
import { standingClock } from './standing-clock.ts'

/** The product as one company has it: every service behind the gateway, under a clock that only the story moves. */
export interface Stage {
  readonly url: string
  readonly bus: EventBus
  readonly services: ReadonlyMap<ServiceName, TestService>
  /** One-time passwords of the first administrators by user name. */
  readonly firstPasswords: ReadonlyMap<string, string>
  now(): Date
  /** Lets time pass, and whatever falls due happen. */
  passTo(now: Date): Promise<void>
  /** Hands on what the services have queued for each other, and does what is due, until there is nothing left. */
  settle(): Promise<void>
  /** Runs a recurring task as the crontab would, and what follows from it. */
  run(service: ServiceName, task: string): Promise<void>
  close(): Promise<void>
}

/** Keys of the examples: words of a fiction, not secrets. */
const key = (byte: number) => Buffer.alloc(32, byte).toString('base64')

const ENVIRONMENT = {
  SEALING_KEYS: key(1),
  PERSONAL_DATA_KEYS: key(2),
  PERSONAL_INDEX_KEY: key(3),
  LEDGER_KEYS: '',
  WEBHOOK_TARGETS: 'hooks.example.test:443',
}

/** Nobody is refused for asking often, and a day may pass between two requests. */
const DOOR = {
  RATE_LIMIT_CALLER: '10000000',
  RATE_LIMIT_ADDRESS: '10000000',
  RATE_LIMIT_SIGN_IN: '10000000',
  RATE_LIMIT_METRICS: '10000000',
  REVOCATION_POLL_SECONDS: '0.1',
  REVOCATION_MAX_AGE_SECONDS: '3600',
}

/** Envelopes that one round of the relay hands on: those of several subjects would be taken in any order. */
const BATCH = 1

export async function openStage(beginning: Date): Promise<Stage> {
  const running = new Map<ServiceName, TestService>()
  const urls = new Map<ServiceName, string>()
  const relays = new Map<ServiceName, pg.Client>()
  const endings: (() => Promise<unknown>)[] = []
  const bus = createLocalBus(serviceNames)
  // Also for what asks no clock of ours, such as the library that verifies tokens.
  const clock = standingClock(beginning)
  endings.push(() => {
    clock.release()
    return Promise.resolve()
  })
  let time = beginning

  for (const name of serviceNames) {
    // The registry alone knows each service's own configuration.
    const service = registry[name] as unknown as Service
    const jwks = `${urls.get('identity') ?? ''}/.well-known/jwks.json`
    const it = await testService(
      name === 'identity' ? service : { ...service, keys: () => createKeySet(jwks) },
      readConfig(service.config, ENVIRONMENT),
      beginning,
    )
    endings.push(() => it.release())
    running.set(name, it)
    urls.set(name, await it.app.listen({ host: '127.0.0.1', port: 0 }))
    await startConsumer(bus, name, it.subscriptions, it.consumer)
    const relay = new pg.Client({
      connectionString: it.url,
      options: `-c search_path=${services[name].schema}`,
    })
    await relay.connect()
    endings.push(() => relay.end())
    relays.set(name, relay)
  }

  const identity = serviceOf(running, 'identity')
  const firstPasswords = new Map<string, string>()
  await createFirstAdministrators(identity.db, beginning, (created) => {
    for (const { userName, password } of created) firstPasswords.set(userName, password)
  })
  // As identity does at its first start.
  await sealInClear(identity.serviceDb, beginning)

  const gateway = await startGateway({
    config: readConfig(GatewayConfig, {
      ...Object.fromEntries([...urls].map(([name, url]) => [urlSettingOf(name), url])),
      ...DOOR,
      INTERNAL_TOKEN: TEST_INTERNAL_TOKEN,
      PORT: '0',
    }),
    bus,
    log: pino({ level: process.env.TEST_LOG_LEVEL ?? 'silent' }),
    clock: () => time,
  })
  endings.push(() => gateway.stop())

  async function settle(): Promise<void> {
    for (;;) {
      let done = 0
      for (const [name, relay] of relays) {
        while ((await relayOutbox(relay, bus, BATCH)) > 0) done += 1
        const { serviceDb, tasks } = serviceOf(running, name)
        done += await runDueJobs(serviceDb, name, tasks, time)
      }
      if (done === 0) return
    }
  }

  await settle()
  return {
    url: gateway.url,
    bus,
    services: running,
    firstPasswords,
    settle,
    now: () => time,
    async passTo(now) {
      time = now
      clock.set(now)
      for (const it of running.values()) it.now = now
      await settle()
    },
    async run(name, taskName) {
      const { serviceDb, tasks } = serviceOf(running, name)
      const task = tasks.find((each) => each.name === taskName)
      if (task === undefined) throw new Error(`${name} has no task ${taskName}`)
      await runTask(serviceDb, name, task, {}, time)
      await settle()
    },
    async close() {
      for (const end of endings.reverse()) await end()
      await bus.close()
    },
  }
}

function serviceOf(running: ReadonlyMap<ServiceName, TestService>, name: ServiceName): TestService {
  const it = running.get(name)
  if (it === undefined) throw new Error(`there is no service ${name}`)
  return it
}
