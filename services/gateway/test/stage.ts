import { createPublicKey } from 'node:crypto'
import { once } from 'node:events'
import { connect, type AddressInfo } from 'node:net'
import { services, serviceNames, type ServiceName } from '@erp-steward/contracts/services'
import type { EventBus } from '@erp-steward/messaging/bus'
import { createLocalBus } from '@erp-steward/messaging/local-bus'
import { BEARER } from '@erp-steward/service-kit/create-app'
import { readConfig } from '@erp-steward/service-kit/config'
import { testKeys } from '@erp-steward/test-kit/tokens'
import Fastify, { type FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { Agent, request, type Dispatcher } from 'undici'
import { GatewayConfig, urlSettingOf } from '../src/config.ts'
import { startGateway, type GatewayOptions, type RunningGateway } from '../src/gateway.ts'

export const INTERNAL_TOKEN = 'internal-token-of-the-tests-0123456789'

/** What identity answers about revocations; change it to tell the gateway something. */
export interface Snapshot {
  accounts: { id: string; epoch: number }[]
  sessions: { id: string }[]
}

export interface Stage {
  readonly gateway: RunningGateway
  /** The caller's connections. */
  readonly agent: Agent
  readonly bus: EventBus
  readonly upstreams: Readonly<Record<ServiceName, FastifyInstance>>
  readonly snapshot: Snapshot
  /** Lines of the gateway's log. */
  readonly log: string[]
  /** The clock the gateway asks. */
  now: Date
  call(path: string, options?: Call): Promise<Answer>
  end(): Promise<void>
}

export interface Call {
  readonly method?: Dispatcher.HttpMethod | 'QUERY'
  readonly headers?: Record<string, string | string[]>
  readonly body?: string | Buffer
}

export interface Answer {
  readonly status: number
  readonly headers: Record<string, string | string[] | undefined>
  readonly text: string
  /** The body as JSON; `{}` when it is none. */
  readonly json: Record<string, unknown>
}

/** What a service behind the gateway is made to do: `prepare` adds its operations. */
export type Prepare = Partial<Record<ServiceName, (app: FastifyInstance) => void>>

/** The gateway on a real port in front of three real servers that stand for the services. */
export async function stage(
  prepare: Prepare = {},
  settings: Record<string, string> = {},
  documents: Partial<Record<ServiceName, object>> = {},
  options: Pick<GatewayOptions, 'beside' | 'delayMs' | 'disk'> = {},
): Promise<Stage> {
  const snapshot: Snapshot = { accounts: [], sessions: [] }
  const upstreams = {} as Record<ServiceName, FastifyInstance>
  const urls: Record<string, string> = {}
  for (const name of serviceNames) {
    const app = Fastify({ forceCloseConnections: true, bodyLimit: 64 * 1_048_576 })
    app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => {
      done(null, body)
    })
    if (name === 'identity') identity(app, snapshot)
    app.get('/health/ready', () => ({ status: 'up', version: '1.2.3' }))
    app.get('/openapi.json', () => documents[name] ?? documentOf(name))
    prepare[name]?.(app)
    await app.listen({ host: '127.0.0.1', port: 0 })
    upstreams[name] = app
    urls[urlSettingOf(name)] = urlOf(app)
  }
  const agent = new Agent()
  const bus = createLocalBus()
  const log: string[] = []
  const running = { now: new Date() }
  const closeUpstreams = () => Promise.all(Object.values(upstreams).map((app) => app.close()))
  const gateway = await startGateway({
    config: readConfig(GatewayConfig, { ...urls, INTERNAL_TOKEN, PORT: '0', ...settings }),
    bus,
    log: pino({ level: 'info' }, { write: (line: string) => log.push(line) }),
    clock: () => running.now,
    ...options,
  }).catch(async (error: unknown) => {
    await closeUpstreams()
    throw error
  })
  return Object.assign(running, {
    gateway,
    agent,
    bus,
    upstreams,
    snapshot,
    log,
    call: (path: string, options: Call = {}) => call(agent, gateway.url + path, options),
    end: async () => {
      await agent.destroy()
      await gateway.stop()
      await bus.close()
      await closeUpstreams()
    },
  })
}

export function urlOf(app: FastifyInstance): string {
  return `http://127.0.0.1:${String((app.server.address() as AddressInfo).port)}`
}

/** Sends bytes as they are and answers with all that comes back until the gateway closes the connection. */
export async function raw({ gateway }: Stage, text: string): Promise<string> {
  const { hostname, port } = new URL(gateway.url)
  const socket = connect(Number(port), hostname)
  const heard: Buffer[] = []
  socket.on('data', (chunk) => heard.push(chunk))
  socket.write(text)
  await once(socket, 'close')
  return Buffer.concat(heard).toString()
}

/** A document with one operation below the first prefix of the service. */
export function documentOf(
  name: ServiceName,
  path = services[name].prefixes[0] ?? '',
  operationId = `read${name}`,
): Record<string, unknown> {
  return {
    openapi: '3.1.0',
    info: { title: name, version: '1' },
    paths: { [path]: { get: { operationId, tags: [name], responses: {} } } },
    components: {
      securitySchemes: { bearer: BEARER },
    },
  }
}

function identity(app: FastifyInstance, snapshot: Snapshot): void {
  app.get('/.well-known/jwks.json', () => {
    const pem = testKeys('test-key')
    if (pem === undefined) throw new Error('the test key is gone')
    const jwk = createPublicKey(pem).export({ format: 'jwk' })
    return { keys: [{ ...jwk, kid: 'test-key', alg: 'ES256', use: 'sig' }] }
  })
  app.get('/internal/revocations', (request, reply) =>
    request.headers.authorization === `Bearer ${INTERNAL_TOKEN}`
      ? snapshot
      : reply.code(401).send({}),
  )
}

async function call(
  dispatcher: Agent,
  url: string,
  { method = 'GET', headers = {}, body }: Call,
): Promise<Answer> {
  const answer = await request(url, {
    dispatcher,
    method,
    headers,
    ...(body !== undefined && { body }),
  })
  const text = await answer.body.text()
  return { status: answer.statusCode, headers: answer.headers, text, json: jsonOf(text) }
}

function jsonOf(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return {}
  }
}
