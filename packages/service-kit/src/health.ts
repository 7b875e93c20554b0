import { Type } from 'typebox'
import type { Registry } from 'prom-client'
import type { App } from './app.ts'
import { textOf } from './metrics.ts'

/** What must work before a service may get requests; each resolves, or rejects with the reason. */
export type Readiness = Readonly<Record<string, () => Promise<void>>>

/** Longest wait for one readiness check, in milliseconds. */
const CHECK_MS = 2_000

const CheckReport = Type.Object({
  service: Type.String(),
  status: Type.Enum(['up', 'down']),
  checks: Type.Record(Type.String(), Type.Enum(['up', 'down'])),
})

/** `/health/live` (the process answers), `/health/ready` (what it needs answers too), `/metrics` with what is beside it. */
export function registerHealth(
  app: App,
  service: string,
  readiness: Readiness,
  metrics: Registry,
  beside: () => readonly Registry[],
): void {
  const hidden = { schema: { hide: true }, config: { access: 'public' as const } }
  app.get('/health/live', hidden, () => ({ service, status: 'up' }))
  app.get(
    '/health/ready',
    { ...hidden, schema: { hide: true, response: { 200: CheckReport, 503: CheckReport } } },
    async (request, reply) => {
      const checks = await Promise.all(
        Object.entries(readiness).map(async ([name, check]) => {
          try {
            await Promise.race([check(), timeout(name)])
            return [name, 'up'] as const
          } catch (error) {
            request.log.warn({ err: error, check: name }, 'not ready')
            return [name, 'down'] as const
          }
        }),
      )
      const status = checks.every(([, state]) => state === 'up') ? 'up' : 'down'
      return reply
        .code(status === 'up' ? 200 : 503)
        .send({ service, status, checks: Object.fromEntries(checks) })
    },
  )
  app.get('/metrics', hidden, async (_request, reply) =>
    reply.type(metrics.contentType).send(await textOf(metrics, beside())),
  )
}

async function timeout(name: string): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>()
  setTimeout(
    reject,
    CHECK_MS,
    new Error(`${name} did not answer in ${String(CHECK_MS)} ms`),
  ).unref()
  return promise
}
