import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Act } from '@erp-steward/contracts/act'
import type { Envelope, EventDefinition, EventOf } from '@erp-steward/contracts/event'
import type { ServiceName } from '@erp-steward/contracts/services'
import type { Logger } from 'pino'
import type { DataSource, EntityManager } from 'typeorm'
import type { BusConsumer, EventBus } from './bus.ts'
import { isDatabaseAway } from './database-away.ts'
import { envelopeFaults, payloadFaults } from './payload.ts'

/** What a service does about one type of event; `definition: null` takes every type of the topics it names. */
export interface Subscription {
  readonly definition: EventDefinition | null
  readonly topics: readonly string[]
  readonly handle: (tx: EntityManager, event: Envelope, act: Act) => Promise<void>
}

/** Subscribes to one type; the payload is checked before `handle` sees it. */
export function on<Definition extends EventDefinition>(
  definition: Definition,
  handle: (tx: EntityManager, event: EventOf<Definition>, act: Act) => Promise<void>,
): Subscription {
  return {
    definition,
    topics: [definition.topic],
    // The consumer has checked the payload against this definition.
    handle: (tx, event, act) => handle(tx, event as EventOf<Definition>, act),
  }
}

/** Subscribes to every type of the topics, known or not: for the audit ledger. */
export function onEvery(
  topics: readonly string[],
  handle: (tx: EntityManager, event: Envelope, act: Act) => Promise<void>,
): Subscription {
  return { definition: null, topics, handle }
}

export type Outcome = 'handled' | 'duplicate' | 'ignored' | 'parked'

export interface ConsumerOptions {
  readonly service: ServiceName
  readonly db: DataSource
  readonly subscriptions: readonly Subscription[]
  readonly clock: () => Date
  readonly log: Logger
  readonly onHandled?: (type: string, outcome: Outcome) => void
  /** Tries before an event is parked, default 5. */
  readonly attempts?: number
  /** Pause before the second try in milliseconds, doubled each time; default 50. */
  readonly backoffMs?: number
}

export interface Consumer {
  /**
   * Handles one delivery: exactly once in effect; parks it after the last failed try.
   *
   * @throws whatever the database threw last, if it is away: an outage parks nothing, the bus delivers again
   */
  deliver(envelope: unknown): Promise<Outcome>
  /** The inbox receipt and the handlers' writes, in the caller's transaction. */
  handleOnce(tx: EntityManager, envelope: Envelope): Promise<Outcome>
}

export function createConsumer(options: ConsumerOptions): Consumer {
  const { service, db, subscriptions, clock, log, onHandled } = options
  const { attempts = 5, backoffMs = 50 } = options

  async function handleOnce(tx: EntityManager, envelope: Envelope): Promise<Outcome> {
    const wanted = subscriptions.filter(({ definition }) =>
      definition === null ? true : definition.type === envelope.type,
    )
    if (wanted.length === 0) return 'ignored'
    const receipt: unknown[] = await tx.query(
      'insert into inbox (event_id) values ($1) on conflict do nothing returning event_id',
      [envelope.id],
    )
    if (receipt.length === 0) return 'duplicate'
    const act = actOf(service, envelope, clock())
    for (const { definition, handle } of wanted) {
      if (definition !== null) {
        const faults = payloadFaults(definition, envelope.data)
        if (faults.length > 0) throw new PoisonEvent(faults.join('; '))
      }
      await handle(tx, envelope, act)
    }
    return 'handled'
  }

  async function tryDelivery(envelope: Envelope): Promise<Outcome> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await db.transaction((tx) => handleOnce(tx, envelope))
      } catch (error) {
        if (attempt >= attempts || error instanceof PoisonEvent) {
          if (isDatabaseAway(error)) throw error
          log.error(
            { err: error, eventId: envelope.id, type: envelope.type, attempt },
            'event parked',
          )
          await park(db, envelope, error, attempt, clock())
          return 'parked'
        }
        log.warn(
          { err: error, eventId: envelope.id, type: envelope.type, attempt },
          'event retried',
        )
        await sleep(backoffMs * 2 ** (attempt - 1))
      }
    }
  }

  return {
    handleOnce,
    async deliver(envelope) {
      const faults = envelopeFaults(envelope)
      if (faults.length > 0) {
        // Not one of our events: there is no id to park it under, and no retry can help.
        log.error({ faults }, 'delivery is not a CloudEvent of ours, dropped')
        return 'ignored'
      }
      const event = envelope as Envelope
      const outcome = await tryDelivery(event)
      onHandled?.(event.type, outcome)
      if (outcome !== 'ignored')
        log.info(
          {
            eventId: event.id,
            type: event.type,
            subject: event.subject,
            outcome,
            traceparent: event.traceparent,
          },
          'event',
        )
      return outcome
    },
  }
}

/** Joins the service's group on the bus with every topic its subscriptions need. */
export async function startConsumer(
  bus: EventBus,
  service: ServiceName,
  subscriptions: readonly Subscription[],
  consumer: Consumer,
): Promise<BusConsumer> {
  const topics = [...new Set(subscriptions.flatMap((subscription) => subscription.topics))]
  if (topics.length === 0) return { stop: () => Promise.resolve() }
  return bus.subscribe({
    group: service,
    topics,
    handle: async (envelope) => {
      await consumer.deliver(envelope)
    },
  })
}

/** A payload that no retry can mend. */
class PoisonEvent extends Error {}

async function park(
  db: DataSource,
  envelope: Envelope,
  error: unknown,
  attempts: number,
  now: Date,
) {
  const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  await db.query(
    `insert into dead_letter (event_id, type, subject, envelope, reason, attempts, parked_at)
     values ($1, $2, $3, $4, $5, $6, $7) on conflict (event_id) do nothing`,
    [
      envelope.id,
      envelope.type,
      envelope.subject,
      JSON.stringify(envelope),
      // A text of PostgreSQL cannot hold NUL, and what cannot be parked would be delivered for ever.
      reason.slice(0, 2_000).replaceAll('\0', '\uFFFD'),
      attempts,
      now,
    ],
  )
}

/** The act of a service that reacts to an event: the trace goes on, the request id stays. */
function actOf(service: ServiceName, event: Envelope, now: Date): Act {
  return {
    actor: `service:${service}`,
    personId: null,
    role: 'SERVICE',
    unitId: event.unit ?? null,
    requestId: event.requestid,
    traceparent: childTrace(event.traceparent),
    now,
  }
}

function childTrace(traceparent: string): string {
  const [version, traceId, , flags] = traceparent.split('-')
  return version === '00' && traceId !== undefined && flags !== undefined
    ? `00-${traceId}-${randomBytes(8).toString('hex')}-${flags}`
    : traceparent
}
