import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { ServiceName } from '@erp-steward/contracts/services'
import type { App } from '@erp-steward/service-kit/app'
import { writeCertificateHeader } from '@erp-steward/service-kit/certificate-header'
import type { FastifyReply } from 'fastify'
import type { Door } from '../door/admit.ts'
import { certificateOf } from '../door/client-certificate.ts'
import type { Guard } from '../door/guard.ts'
import { readTarget } from '../routing/rules/request-target.ts'
import type { RoutingTable } from '../routing/rules/routing-table.ts'
import type { Upstream } from '../routing/upstreams.ts'
import { upstreamProblem } from './rules/upstream-problem.ts'
import { METHODS, send } from './send.ts'
import type { Failure } from './short-path.ts'

export interface ProxyParts {
  readonly door: Door
  readonly guard: Guard
  readonly table: RoutingTable
  readonly upstreams: ReadonlyMap<ServiceName, Upstream>
  /** With it identity knows that it is the gateway who has seen a certificate. */
  readonly internalToken: string
  /** Why requests that took the short path could not be answered there. */
  readonly failures: WeakMap<IncomingMessage, Failure>
}

/** Where a machine proves who it is; nobody else needs its certificate. */
const PROVES = new Set(['/v1/tokens', '/v1/tokens/introspection', '/v1/tokens/revocation'])

/** Everything that is not the gateway's own goes to the service that owns its path. */
export async function proxyRoutes(
  app: App,
  { door, guard, table, upstreams, failures, internalToken }: ProxyParts,
): Promise<void> {
  const certificateFor = (path: string, socket: Socket) => {
    const shown = PROVES.has(path) ? certificateOf(socket) : null
    return shown === null ? undefined : writeCertificateHeader(shown.der, internalToken)
  }
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
        const fail = (error: unknown, upstream: string) => {
          const problem = upstreamProblem(error)
          if (problem.status >= 500) request.log.warn({ err: error, upstream }, 'exchange failed')
          return problem
        }
        const failure = failures.get(request.raw)
        if (failure !== undefined) {
          for (let at = 0; at < failure.rate.length; at += 2)
            void reply.header(failure.rate[at] ?? '', failure.rate[at + 1])
          throw fail(failure.error, failure.upstream)
        }
        const target = readTarget(request.raw.url ?? '')
        const owner = table(target.path)
        const upstream = owner === undefined ? undefined : upstreams.get(owner)
        if (upstream === undefined) {
          door.countAddress(request, reply)
          reply.callNotFound()
          return reply
        }
        await door.admit(request, reply, target.path)
        const provenance = {
          ip: guard(request.raw).address,
          requestId: request.id,
          traceparent: request.traceparent,
          certificate: certificateFor(target.path, request.raw.socket),
        }
        const own = { response: reply.raw, headers: ownHeaders(reply) }
        try {
          await send(upstream, request.raw, target, provenance, own)
        } catch (error) {
          throw fail(error, upstream.name)
        }
        reply.hijack()
        return reply
      },
    })
    done()
  })
}

/** Headers the hooks have put on the reply: request id, rate limit. */
function ownHeaders(reply: FastifyReply): string[] {
  return Object.entries(reply.getHeaders()).flatMap(([name, value]) =>
    value === undefined ? [] : [value].flat().flatMap((each) => [name, String(each)]),
  )
}
