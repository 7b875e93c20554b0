import type { App } from '@erp-steward/service-kit/app'
import { Counter, Gauge } from 'prom-client'
import { passwordWork } from './password-hash.ts'

/** What the hashing of passwords costs, and how many wait for it: whoever waits longest is told to come back. */
export function registerPasswordMetrics(app: App): void {
  new Counter({
    name: 'password_hashes_total',
    help: 'Hashes of passwords that were computed, each some 20 ms of a core.',
    registers: [app.metrics],
    collect() {
      this.reset()
      this.inc(passwordWork().begun)
    },
  })
  new Gauge({
    name: 'password_hashes_waiting',
    help: 'Hashes that wait for their turn; at 200 sign-ins are answered 503.',
    registers: [app.metrics],
    collect() {
      this.set(passwordWork().waiting)
    },
  })
}
