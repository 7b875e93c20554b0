import { Histogram, type Registry } from 'prom-client'
import type { App } from './app.ts'

/** What is kept of a request that has been answered. */
export interface Answered {
  readonly requestId: string
  readonly method: string
  /** The pattern of the operation's path, such as `/v1/tickets/:id`. */
  readonly route: string
  /** Without the query. */
  readonly path: string
  readonly status: number
  /** From the first byte of the request to the end of its answer, in milliseconds. */
  readonly ms: number
  /** Account or client; `undefined` for a caller whom no token names. */
  readonly actor: string | undefined
  readonly traceparent: string
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Counts and logs an answer; for what is answered beside the app's own routes. */
    noteAnswer(answered: Answered): void
  }
}

/** Counts and times each request by its route, and writes one log line when it is answered. */
export function noteAnswers(app: App, registry: Registry): void {
  const duration = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from the first byte of a request to the end of its answer.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.025, 0.1, 0.5, 2.5, 10],
    registers: [registry],
  })
  // Finding a series by its labels sorts and joins them each time.
  const series = new Map<string, Histogram.Internal<'method' | 'route' | 'status'>>()
  // Its members are fixed and hold no secret; looking for some in each line cost a sixth of a request at the gateway.
  const accessLog = app.log.child({}, { redact: [] })

  const noteAnswer = ({ requestId, route, status, ms, ...answered }: Answered) => {
    const { method, path, actor, traceparent } = answered
    const key = `${method} ${String(status)} ${route}`
    let times = series.get(key)
    if (times === undefined) {
      times = duration.labels({ method, route, status: String(status) })
      series.set(key, times)
    }
    times.observe(ms / 1_000)
    if (status < 400 && isRoutine(path)) return
    accessLog.info(
      { reqId: requestId, method, path, status, ms: Math.round(ms * 10) / 10, actor, traceparent },
      'request',
    )
  }
  app.decorate('noteAnswer', noteAnswer)
  app.addHook('onResponse', (request, reply, done) => {
    noteAnswer({
      requestId: request.id,
      method: request.method,
      route: request.routeOptions.url ?? 'unknown',
      path: request.url.split('?', 1)[0] ?? '',
      status: reply.statusCode,
      ms: reply.elapsedTime,
      actor: request.principal?.actor,
      traceparent: request.traceparent,
    })
    done()
  })
}

/** What is asked every few seconds, and what processes of the product ask each other: its success is no news. */
function isRoutine(path: string): boolean {
  return (
    path === '/metrics' ||
    path === '/openapi.json' ||
    path.startsWith('/health') ||
    path.startsWith('/internal/')
  )
}
