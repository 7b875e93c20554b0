import type { Logger } from 'pino'
import { Gauge, type Registry } from 'prom-client'
import { askUpstream, type Upstream } from './upstreams.ts'

/** Longest wait for the word of a service that was cut off, in milliseconds. */
const READY_MS = 2_500
/** Milliseconds between two looks whether one shall be asked. */
const LOOK_MS = 250

/** Asks services that are cut off whether they can work, each when its pause is over; answers when to look again. */
export function askCutOff(upstreams: readonly Upstream[], log: Logger): () => Promise<number> {
  const ask = async (upstream: Upstream) => {
    const { name, circuit } = upstream
    const canWork = await askUpstream(upstream, '/health/ready', READY_MS).then(
      () => true,
      () => false,
    )
    circuit.heard(canWork, performance.now())
    log.warn({ upstream: name, canWork }, 'a service that was cut off was asked again')
  }
  return () => {
    // One that says nothing keeps the others from nothing.
    for (const upstream of upstreams)
      if (upstream.circuit.takeQuestion(performance.now())) void ask(upstream)
    return Promise.resolve(LOOK_MS)
  }
}

/** What of each service is seen at the gateway. */
export function circuitGauges(registry: Registry, upstreams: readonly Upstream[]): void {
  new Gauge({
    name: 'upstream_cut_off',
    help: 'Whether only vital requests are passed on to a service: 1, or 0.',
    labelNames: ['upstream'],
    registers: [registry],
    collect() {
      for (const { name, circuit } of upstreams)
        this.set({ upstream: name }, circuit.state === 'closed' ? 0 : 1)
    },
  })
  new Gauge({
    name: 'upstream_requests_under_way',
    help: 'Requests under way to a service.',
    labelNames: ['upstream'],
    registers: [registry],
    collect() {
      for (const { name, inFlight } of upstreams) this.set({ upstream: name }, inFlight)
    },
  })
}
