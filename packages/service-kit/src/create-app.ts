import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { isInstant, isLocalDate } from '@erp-steward/contracts/calendar-text'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import fastifySwagger from '@fastify/swagger'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { Ajv } from 'ajv'
import formats from 'ajv-formats'
import Fastify, { LogController, type FastifyBaseLogger, type FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import { answerUnreadable, type Asker } from './answer-unreadable.ts'
import type { App } from './app.ts'
import { authenticate, type TokenVerifier } from './authentication.ts'
import { compressAnswers } from './compress-answers.ts'
import {
  describeExchange,
  inJson,
  type Described,
  type DescribedWebhooks,
} from './describe-exchange.ts'
import { describeTags } from './describe-tags.ts'
import { checkOf } from './faults.ts'
import { registerHealth, type Readiness } from './health.ts'
import { registerMetrics } from './metrics.ts'
import { hoistNamedSchemas } from './named-schemas.ts'
import { noteAnswers } from './note-answer.ts'
import { answerNotModified } from './not-modified.ts'
import { serializersAtFirstUse } from './serializers.ts'
import { declareOperations } from './operation.ts'
import { openApiOf } from './open-api.ts'
import { problemOf, registerProblems, sendProblem, type MethodsOf } from './problem-details.ts'
import { refuseUnstorableText } from './storable-text.ts'
import { showExamples } from './show-examples.ts'
import { registerTrace, requestIdOf } from './trace.ts'
import { writtenOnce } from './written-once.ts'

export interface AppOptions {
  readonly name: string
  readonly title: string
  readonly log: Logger
  /** `null` only for an app without protected operations. */
  readonly tokens: TokenVerifier | null
  readonly readiness: Readiness
  /** Told of every refusal (403), so that it can be kept as evidence. */
  readonly onRefused?: (request: FastifyRequest, problem: Problem) => void
  /** Largest request body in bytes; default 1 MiB. An operation may raise it for itself. */
  readonly bodyLimit?: number
  /** Addresses and networks whose `X-Forwarded-*` is believed; default: this host. */
  readonly trustedProxies?: readonly string[]
  /** Longest time in milliseconds for a request to arrive whole; default: no limit. */
  readonly requestTimeoutMs?: number
  /** Certificate chain and key (PEM) to speak TLS with; default: plain HTTP. */
  readonly tls?: {
    readonly cert: string
    readonly key: string
    /** Authorities (PEM) whose certificates callers may show; absent: none is asked for. */
    readonly ca?: string
    /** What each of them has revoked (PEM). */
    readonly crl?: string[]
  }
  /** Methods of a path that the app passes on to another, sorted; for 405 where that one would not be asked. */
  readonly methodsBehind?: MethodsOf
  /** Whether somebody may learn what addresses there are when no hook can say; default: everybody. */
  readonly mayAsk?: (asker: Asker) => boolean
  /** Registries of the same process whose series `/metrics` shows besides the app's own. */
  readonly beside?: () => readonly Registry[]
  /** Takes each request before the app does; `toApp` hands it on. */
  readonly inFront?: InFront
  /** What `/openapi.json` answers; default: the app's own document. */
  readonly openApi?: () => Record<string, unknown>
  /** File of the examples that its document shows, as `npm run examples` records them; default: none. */
  readonly examples?: URL | undefined
  /** Calls that go out to others. */
  readonly webhooks?: DescribedWebhooks
  /** Prefix of a plugin's pages that anybody may read; they are no operations and need not declare access. */
  readonly publicFolder?: string
}

/** Answers a request itself or calls `toApp`, once. */
export type InFront = (
  request: IncomingMessage,
  response: ServerResponse,
  toApp: RequestListener,
) => void

/** How callers say who they are. */
export const BEARER = {
  type: 'http',
  scheme: 'bearer',
  bearerFormat: 'JWT',
  description:
    'The access token of `POST /v1/sessions` or `POST /v1/tokens`: ES256, checked as RFC8725 has it (algorithm, issuer, audience, ' +
    'end of life), and void at once when its account or session is. A script may send an API key (`erps_…`) in its place.',
} as const

/** Where the operations of a document are: callers read it from the gateway, which offers them all. */
export const SERVERS = [{ url: '/', description: 'The gateway that the document was read from.' }]

/** How long an idle connection is kept: longer than the 60 s of the usual load balancers, so that they end it. */
const KEEP_ALIVE_MS = 72_000

const validator = (coerceTypes: false | 'array', allErrors: boolean) =>
  formats
    .default(
      new Ajv({
        coerceTypes,
        useDefaults: true,
        removeAdditional: false,
        allErrors,
        // A fault names what is allowed, which stands in the schema around it.
        verbose: true,
        // Else `1e400` in a query becomes Infinity and then passes every `maximum`. JSON bodies are not coerced.
        strictNumbers: coerceTypes === false,
      }),
    )
    // The package also takes `urn:uuid:…` and capitals; PostgreSQL refuses the one and changes the other.
    .addFormat('uuid', /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/)
    // Its dates and times have a year 0 and leap seconds, which JavaScript or PostgreSQL cannot take.
    .addFormat('date-time', isInstant)
    .addFormat('date', isLocalDate)

/**
 * The app every service and every test starts from: the same validation, errors, tokens, logs and metrics.
 *
 * Bodies are checked as sent (no coercion, unknown members refused); path, query and headers, which are text by
 * nature, are coerced.
 */
export async function createApp(options: AppOptions): Promise<App> {
  const { name, title, log, tokens, readiness, onRefused, bodyLimit = 1_048_576, tls } = options
  const { inFront, requestTimeoutMs = 0 } = options
  // The app's type names the logger that every Fastify app has, not the richer one of pino.
  const loggerInstance: FastifyBaseLogger = log
  const app: App = Fastify({
    loggerInstance,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit,
    trustProxy: [...(options.trustedProxies ?? ['loopback'])],
    // Whatever refuses a request before a hook runs answers with a problem document too.
    frameworkErrors: (error, request, reply) => {
      void sendProblem(request, reply, problemOf(error))
    },
    clientErrorHandler: (error, socket) => {
      answerUnreadable(error, socket, methodsOf, options.mayAsk ?? (() => true))
    },
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    ...((tls !== undefined || inFront !== undefined) && {
      serverFactory: (toApp: RequestListener) => createHttpServer(options, toApp),
    }),
    genReqId: ({ headers }) => requestIdOf(headers['x-request-id']),
    routerOptions: { maxParamLength: 200 },
    schemaController: { compilersFactory: { buildSerializer: serializersAtFirstUse } },
    forceCloseConnections: 'idle',
    // What arrives on an open connection while the app closes is still served; Fastify's own 503 is no problem document.
    return503OnClosing: false,
  }).withTypeProvider<TypeBoxTypeProvider>()

  const body = [validator(false, false), validator(false, true)] as const
  const text = [validator('array', false), validator('array', true)] as const
  app.setValidatorCompiler(({ schema, httpPart }) =>
    checkOf(...(httpPart === 'body' ? body : text), schema as object),
  )

  endConnections(app)
  answerNotModified(app)
  compressAnswers(app)
  const methodsOf = registerProblems(app, onRefused, options.methodsBehind)
  registerTrace(app)
  refuseSecondHost(app)
  refuseUnstorableText(app)
  const metrics = registerMetrics(app, name)
  noteAnswers(app, metrics)
  const declared = declareOperations(app, options.publicFolder)
  if (tokens !== null) await authenticate(app, tokens)
  await app.register(fastifySwagger, {
    // Components keep the names they were given instead of def-0, def-1.
    refResolver: {
      buildLocalReference: (json, _base, _fragment, i) =>
        typeof json.$id === 'string' ? json.$id : `def-${String(i)}`,
    },
    transformObject: (transformed) => {
      if (!('openapiObject' in transformed)) return transformed.swaggerObject
      // Of the many forms the plugin's type allows it makes this one.
      const document = transformed.openapiObject as Described
      if (options.webhooks !== undefined) document.webhooks = inJson(options.webhooks)
      describeExchange(document, declared)
      describeTags(document)
      hoistNamedSchemas(document)
      if (options.examples !== undefined) showExamples(document, options.examples)
      return transformed.openapiObject
    },
    openapi: {
      openapi: '3.1.0',
      servers: SERVERS,
      info: { title, version: '1', license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
      components: {
        securitySchemes: { bearer: BEARER },
      },
    },
  })
  registerHealth(app, name, readiness, metrics, options.beside ?? (() => []))
  // The routes of an app that is ready stay as they are.
  const written = writtenOnce(() => JSON.stringify(openApiOf(app)))
  app.get(
    '/openapi.json',
    { schema: { hide: true }, config: { access: 'public' } },
    options.openApi ??
      ((_request, reply) => {
        const { text, tag } = written()
        return reply.header('etag', tag).type('application/json').send(text)
      }),
  )
  return app
}

/** Requests that are answered while the app closes end their connection: kept alive, it would hold the end up for 72 s. */
function endConnections(app: App): void {
  let isClosing = false
  app.addHook('preClose', (done) => {
    isClosing = true
    done()
  })
  app.addHook('onSend', (_request, reply, payload, done) => {
    if (isClosing) void reply.header('connection', 'close')
    done(null, payload)
  })
}

/**
 * With two `Host` lines what reads the first and what reads the last see two addresses. Node keeps the first.
 *
 * Source: RFC 9112, 3.2.
 */
function refuseSecondHost(app: App): void {
  app.addHook('onRequest', ({ raw }, _reply, done) => {
    if (hasSecondHost(raw))
      done(
        new Problem(
          'malformed-request',
          said('The header Host is sent twice.', '请求头 Host 发送了两次。'),
        ),
      )
    else done()
  })
}

/** Whether a request names two hosts; for what is answered beside the app's own routes. */
export function hasSecondHost({ rawHeaders }: IncomingMessage): boolean {
  let hosts = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts += 1
  }
  return hosts > 1
}

function createHttpServer(
  { tls, inFront, requestTimeoutMs = 0 }: AppOptions,
  toApp: RequestListener,
) {
  const listener: RequestListener =
    inFront === undefined
      ? toApp
      : (request, response) => {
          inFront(request, response, toApp)
        }
  const settings = { keepAliveTimeout: KEEP_ALIVE_MS, requestTimeout: requestTimeoutMs }
  return tls === undefined
    ? createServer(settings, listener)
    : createTlsServer(
        {
          ...{ ...settings, ...tls, minVersion: 'TLSv1.2' },
          // Who shows none, or one that is not good, is a caller like any other.
          ...(tls.ca !== undefined && { requestCert: true, rejectUnauthorized: false }),
        },
        listener,
      )
}
