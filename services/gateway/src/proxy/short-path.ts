import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { ServiceName } from '@erp-steward/contracts/services'
import type { App } from '@erp-steward/service-kit/app'
import { hasSecondHost } from '@erp-steward/service-kit/create-app'
import { requestIdOf, traceparentOf } from '@erp-steward/service-kit/trace'
import type { Door, Recognised } from '../door/admit.ts'
import type { Guard } from '../door/guard.ts'
import { plainTarget, type RequestTarget } from '../routing/rules/request-target.ts'
import type { RoutingTable } from '../routing/rules/routing-table.ts'
import type { Upstream } from '../routing/upstreams.ts'
import { METHODS, send } from './send.ts'

export interface ShortPathParts {
  readonly door: Door
  readonly guard: Guard
  readonly table: RoutingTable
  readonly upstreams: ReadonlyMap<ServiceName, Upstream>
  readonly failures: WeakMap<IncomingMessage, Failure>
  /** What every answer carries besides its own: names and values in turn. */
  readonly always: readonly string[]
}

/** What a request was let in with, and what went wrong afterwards. */
export interface Failure {
  readonly error: unknown
  readonly upstream: string
  /** Headers of the answer: names and values in turn. */
  readonly rate: readonly string[]
}

/** A request that nothing stands against, and where it goes. */
interface Admitted {
  readonly upstream: Upstream
  readonly target: RequestTarget
  readonly address: string
  readonly recognised: Recognised
}

/**
 * Takes requests with which nothing is the matter straight to their service: known caller, plain path, quota left. That
 * is nearly all of them, and the app's hooks cost more than the passing on.
 *
 * Whatever else comes, and whatever goes wrong on the way, is handed to the app, which makes every check again and says
 * what it is about: nothing is refused here.
 */
export function createShortPath(app: App, parts: ShortPathParts) {
  const { failures, always } = parts
  return (request: IncomingMessage, response: ServerResponse, toApp: RequestListener): void => {
    const admitted = admit(request, parts)
    if (admitted === null) {
      toApp(request, response)
      return
    }
    const began = performance.now()
    const { upstream, target, address, recognised } = admitted
    request.headers.authorization = recognised.authorization
    const requestId = requestIdOf(request.headers['x-request-id'])
    const traceparent = traceparentOf(request.headers.traceparent)
    send(
      upstream,
      request,
      target,
      { ip: address, requestId, traceparent },
      { response, headers: [...always, 'x-request-id', requestId, ...recognised.rate] },
    ).then(
      () => {
        app.noteAnswer({
          requestId,
          method: request.method ?? '',
          route: '/*',
          path: target.path,
          status: response.statusCode,
          ms: performance.now() - began,
          actor: recognised.principal.actor,
          traceparent,
        })
      },
      (error: unknown) => {
        failures.set(request, { error, upstream: upstream.name, rate: recognised.rate })
        // The app's answer and its line in the log carry the ids that the service has seen.
        request.headers['x-request-id'] = requestId
        request.headers.traceparent = traceparent
        toApp(request, response)
      },
    )
  }
}

/** `null` for whatever the app has to judge or to explain. */
function admit(
  request: IncomingMessage,
  { door, guard, table, upstreams }: ShortPathParts,
): Admitted | null {
  const { method = '', url = '', headers } = request
  // A page of another origin is the app's business too, and so is what the app refuses whatever the path.
  if (!METHODS.includes(method) || headers.origin !== undefined) return null
  if (url.includes('%00') || hasSecondHost(request)) return null
  const { address, refusal } = guard(request)
  const target = plainTarget(url)
  if (refusal !== null || target === null) return null
  const owner = table(target.path)
  const upstream = owner === undefined ? undefined : upstreams.get(owner)
  if (upstream === undefined) return null
  const recognised = door.recognise(method, target.path, headers.authorization, {
    address,
    socket: request.socket,
  })
  return recognised === null ? null : { upstream, target, address, recognised }
}
