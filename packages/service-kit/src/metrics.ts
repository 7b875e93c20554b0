import { AggregatorRegistry, Counter, Gauge, Registry } from 'prom-client'
import type { App } from './app.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The app's own registry, so that several services can live in one process. */
    metrics: Registry
  }
}

/** The registry of an app; the unit is in each name. */
export function registerMetrics(app: App, service: string): Registry {
  const registry = new Registry()
  registry.setDefaultLabels({ service })
  new Gauge({
    name: 'process_resident_memory_bytes',
    help: 'Resident memory of the process, shared by the services that live in it.',
    registers: [registry],
    collect() {
      this.set(process.memoryUsage.rss())
    },
  })
  app.decorate('metrics', registry)
  return registry
}

/** Counters of the event flow of one service. */
export function eventCounters(registry: Registry) {
  return {
    relayed: new Counter({
      name: 'events_relayed_total',
      help: 'Events of the outbox that the bus has accepted.',
      registers: [registry],
    }),
    handled: new Counter({
      name: 'events_handled_total',
      help: 'Deliveries by event type and outcome: handled, duplicate, ignored, parked.',
      labelNames: ['type', 'outcome'],
      registers: [registry],
    }),
  }
}

/** The series of a registry and of those beside it as one text, in which each metric stands once. */
export async function textOf(own: Registry, beside: readonly Registry[]): Promise<string> {
  if (beside.length === 0) return own.metrics()
  const series = await Promise.all([own, ...beside].map((each) => each.getMetricsAsJSON()))
  // The label `service` tells them apart, so that nothing is added up.
  return AggregatorRegistry.aggregate(series).metrics()
}
