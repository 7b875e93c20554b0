import { randomUUID } from 'node:crypto'
import fastifySwagger from '@fastify/swagger'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { Ajv } from 'ajv'
import formats from 'ajv-formats'
import Fastify, { type FastifyBaseLogger, type FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import type { App } from './app.ts'
import { authenticate, type TokenVerifier } from './authentication.ts'
import { registerHealth, type Readiness } from './health.ts'
import { registerMetrics } from './metrics.ts'
import { declareOperations } from './operation.ts'
import { registerProblems } from './problem-details.ts'
import { registerTrace } from './trace.ts'
import type { Problem } from '@erp-steward/contracts/problem'

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
}

const compiler = (coerceTypes: false | 'array') =>
  formats.default(
    new Ajv({ coerceTypes, useDefaults: true, removeAdditional: false, allErrors: false }),
  )

/**
 * The app every service and every test starts from: the same validation, errors, tokens, logs and metrics.
 *
 * Bodies are checked as sent (no coercion, unknown members refused); path, query and headers, which are text by
 * nature, are coerced.
 */
export async function createApp(options: AppOptions): Promise<App> {
  const { name, title, log, tokens, readiness, onRefused, bodyLimit = 1_048_576 } = options
  const app: App = Fastify({
    loggerInstance: log as FastifyBaseLogger,
    disableRequestLogging: true,
    bodyLimit,
    trustProxy: 'loopback',
    genReqId: ({ headers }) => acceptedRequestId(headers['x-request-id']) ?? randomUUID(),
    routerOptions: { maxParamLength: 200 },
    forceCloseConnections: 'idle',
    exposeHeadRoutes: false,
  }).withTypeProvider<TypeBoxTypeProvider>()

  const body = compiler(false)
  const text = compiler('array')
  app.setValidatorCompiler(({ schema, httpPart }) =>
    (httpPart === 'body' ? body : text).compile(schema as object),
  )

  registerProblems(app, onRefused)
  registerTrace(app)
  const metrics = registerMetrics(app, name)
  declareOperations(app)
  if (tokens !== null) await authenticate(app, tokens)
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title, version: '1', license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
      components: {
        securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
      },
    },
  })
  registerHealth(app, name, readiness, metrics)
  return app
}

/** A caller's request id is kept if it is harmless in a log line. */
function acceptedRequestId(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' && /^[\w.:-]{8,64}$/.test(header) ? header : undefined
}
