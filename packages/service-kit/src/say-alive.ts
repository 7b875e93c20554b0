import { ServiceAlive } from '@erp-steward/contracts/platform-events'
import type { ServiceName } from '@erp-steward/contracts/services'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { Type } from 'typebox'
import { defineTask, type Task } from './jobs.ts'

/**
 * States that the service runs. Repeated harmlessly: it is only ever compared with the clock.
 *
 * A quiet service and a dead one look alike without it. Source: architecture of the evidence.
 */
export function sayAlive(service: ServiceName): Task {
  return defineTask('say-alive', Type.Object({}), async (tx, _, act) => {
    await appendEvent(
      tx,
      service,
      ServiceAlive,
      service,
      { service, saidAt: act.now.toISOString() },
      act,
    )
  })
}

/** Every hour, off the full hour when everything else runs; after a downtime at once, for the hour that was missed. */
export const sayAliveCrontab = '7 * * * * say-alive ?fill=1h'
