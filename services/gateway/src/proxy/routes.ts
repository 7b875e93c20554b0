import { setTimeout as sleep } from 'node:timers/promises'
import { Problem } from '@erp-steward/contracts/problem'
import type { ServiceName } from '@erp-steward/contracts/services'
import type { App } from '@erp-steward/service-kit/app'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Door } from '../door/admit.ts'
import { callerAddress } from '../door/guard.ts'
import { bodyLimitOf } from '../routing/rules/body-limit.ts'
import { readTarget } from '../routing/rules/request-target.ts'
import type { RoutingTable } from '../routing/rules/routing-table.ts'
import type { Upstream } from '../routing/upstreams.ts'
import { exchange, type UpstreamRequest } from './exchange.ts'
import { limitBody, type Body } from './limit-body.ts'
import { isRefused, upstreamProblem } from './rules/upstream-problem.ts'
import { upstreamHeaders } from './rules/upstream-headers.ts'

const WITH_BODY = ['POST', 'PUT', 'PATCH', 'DELETE']
const METHODS = ['GET', 'HEAD', ...WITH_BODY]

/** Requests under way per service; with 64 KiB of buffers each they stay below 70 MB. */
const MOST_IN_FLIGHT = 1_024
/** Pause before a GET that found nobody is tried once more, in milliseconds: a restart of a service. */
const RETRY_MS = 100

export interface ProxyParts {
  readonly door: Door
  readonly table: RoutingTable
  readonly upstreams: ReadonlyMap<ServiceName, Upstream>
}

/** Everything that is not the gateway's own goes to the service that owns its path. */
export async function proxyRoutes(app: App, { door, table, upstreams }: ProxyParts): Promise<void> {
  await app.register((scope: App, _options, done) => {
    // Bodies pass through unread.
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (_request, _payload, parsed) => {
      parsed(null)
    })
    scope.route({
      method: METHODS,
      url: '/*',
      config: { access: 'public' },
      schema: { hide: true },
      handler: async (request, reply) => {
        const { path, query } = readTarget(request.raw.url ?? '')
        const owner = table(path)
        const upstream = owner === undefined ? undefined : upstreams.get(owner)
        if (upstream === undefined) {
          door.countAddress(request, reply)
          reply.callNotFound()
          return reply
        }
        await door.admit(request, reply, path)
        const sent = bodyOf(request)
        const headers = upstreamHeaders(request.headers, {
          ip: callerAddress(request),
          requestId: request.id,
          traceparent: request.traceparent,
        })
        if (sent !== null && sent.length !== null)
          headers.push('content-length', String(sent.length))
        try {
          const body = sent === null ? null : limitBody(sent, bodyLimitOf(path))
          await send(upstream, { method: request.method, path: path + query, headers, body }, reply)
        } catch (error) {
          const problem = upstreamProblem(error)
          if (problem.status >= 500)
            request.log.warn({ err: error, upstream: upstream.name }, 'exchange failed')
          throw problem
        }
      },
    })
    done()
  })
}

/** @throws whatever kept the service from answering; `unavailable` when it has too much to do already */
async function send(upstream: Upstream, request: UpstreamRequest, reply: FastifyReply) {
  if (upstream.inFlight >= MOST_IN_FLIGHT)
    throw new Problem('unavailable', 'The service has too many requests under way.', {
      retryAfterSeconds: 2,
    })
  upstream.inFlight += 1
  try {
    await exchange(upstream, request, reply).catch(async (error: unknown) => {
      if (request.method !== 'GET' || !isRefused(error)) throw error
      await sleep(RETRY_MS)
      await exchange(upstream, request, reply)
    })
  } finally {
    upstream.inFlight -= 1
  }
}

function bodyOf({ method, raw }: FastifyRequest): Body | null {
  if (!WITH_BODY.includes(method)) return null
  const { 'content-length': length, 'transfer-encoding': coding } = raw.headers
  if (coding !== undefined) return { stream: raw, length: null }
  return length === undefined || length === '0' ? null : { stream: raw, length: Number(length) }
}
