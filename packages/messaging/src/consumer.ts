import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Act } from '@erp-steward/contracts/act'
import type { Envelope, EventDefinition, EventOf } from '@erp-steward/contracts/event'
import type { ServiceName } from '@erp-steward/contracts/services'
import type { Logger } from 'pino'
import type { DataSource, EntityManager } from 'typeorm'
import type { BusConsumer, EventBus } from './bus.ts'
import { isDatabaseAway } from './database-away.ts'
import { gather } from './gather.ts'
import { limit } from './limit.ts'
import { envelopeFaults, payloadFaults } from './payload.ts'
import { ask, write, type RowsStatement } from './statement.ts'

/** Events of `onMany` that share a transaction at most: enough to amortise it, few enough to repeat one by one. */
const TOGETHER = 200
/**
 * Events of `on` that share a transaction at most: their handlers run one after the other, and whoever waits for a row that the
 * first of them locked waits for the last.
 */
const IN_TURN = 20
/** Shared transactions of `on` at once: one works while the other waits for the server; more would wait for each other's rows. */
const LANES = 2
/** Transactions of `on` at once; the other connections of the pool are for requests and jobs. */
const AT_ONCE = 4
/**
 * How long a shared transaction of `on` waits for a lock before its events are handled one by one. Such handlers lock rows
 * in orders of their own; well below the second after which PostgreSQL looks for a deadlock, so that none of those whom it
 * would end is a request.
 */
const PATIENCE = { name: 'wait for locks shortly', text: `set local lock_timeout = '100ms'` }

const RECEIVE = {
  name: 'receive events',
  text: `insert into inbox (event_id) select id from unnest($1::uuid[]) as given (id) order by id
         on conflict do nothing returning event_id as id`,
}

/** Of an event that has a transaction for itself. */
const RECEIVE_ALONE: RowsStatement<string> = {
  name: 'receive event',
  table: 'inbox',
  parents: [],
  text: 'insert into inbox (event_id) values ($1)',
  values: ([id]) => [id],
}

/** An event in the hands of a subscription, and the act of the service that reacts to it. */
export interface Delivery {
  readonly event: Envelope
  readonly act: Act
}

/** What a service does about events. */
export interface Subscription {
  /** The types it takes; `null`: every type of its topics. */
  readonly definitions: readonly EventDefinition[] | null
  readonly topics: readonly string[]
  /** Whether `handle` takes events of several subjects at once; else they share a transaction one after the other. */
  readonly shares: boolean
  /** May be given an event that it had before; what it then writes is undone, so it does nothing besides writing. */
  readonly handle: (tx: EntityManager, deliveries: readonly Delivery[]) => Promise<void>
}

/**
 * Subscribes to one type; the payload is checked before `handle` sees it. Events that are there at the same moment may share
 * a transaction, in which they are handled one after the other; where one fails, all are undone and each is handled alone.
 */
export function on<Definition extends EventDefinition>(
  definition: Definition,
  handle: (tx: EntityManager, event: EventOf<Definition>, act: Act) => Promise<void>,
): Subscription {
  return {
    definitions: [definition],
    topics: [definition.topic],
    shares: false,
    handle: async (tx, deliveries) => {
      // The consumer has checked the payload against this definition.
      for (const { event, act } of deliveries) await handle(tx, event as EventOf<Definition>, act)
    },
  }
}

/**
 * Subscribes to several types, whose payloads are checked. What is there at the same moment shares one transaction, in
 * no order among subjects: for handlers that write a row for each event, in a few statements for all of them, and
 * always lock rows in the same order.
 */
export function onMany(
  definitions: readonly EventDefinition[],
  handle: Subscription['handle'],
): Subscription {
  const topics = [...new Set(definitions.map(({ topic }) => topic))]
  return { definitions, topics, shares: true, handle }
}

/** As `onMany`, for every type of the topics, known or not: for the audit ledger. */
export function onEvery(topics: readonly string[], handle: Subscription['handle']): Subscription {
  return { definitions: null, topics, shares: true, handle }
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

  const atOnce = limit(AT_ONCE)

  const wantedBy = (type: string) =>
    subscriptions.filter(
      ({ definitions }) => definitions?.some((definition) => definition.type === type) ?? true,
    )

  /** The receipts of several events and the handlers' writes; outcomes in the order of the events. */
  async function handleAll(
    tx: EntityManager,
    envelopes: readonly Envelope[],
  ): Promise<readonly Outcome[]> {
    const { fresh, outcomes } = await receive(tx, envelopes)
    await handOver(tx, fresh)
    return outcomes
  }

  /** As `handleAll`, each event through all of its handlers before the next. */
  async function handleInTurn(
    tx: EntityManager,
    envelopes: readonly Envelope[],
  ): Promise<readonly Outcome[]> {
    const [, { fresh, outcomes }] = await Promise.all([
      ask(tx, PATIENCE, []),
      receive(tx, envelopes),
    ])
    for (const delivery of fresh) await handOver(tx, [delivery])
    return outcomes
  }

  async function receive(tx: EntityManager, envelopes: readonly Envelope[]) {
    const receipts = await ask<{ id: string }>(tx, RECEIVE, [envelopes.map(({ id }) => id)])
    const unheard = new Set(receipts.map(({ id }) => id))
    const now = clock()
    const fresh: Delivery[] = []
    const outcomes = envelopes.map((event): Outcome => {
      // Deleted, so that one which is there twice is handled once.
      if (!unheard.delete(event.id.toLowerCase())) return 'duplicate'
      fresh.push({ event, act: actOf(service, event, now) })
      return 'handled'
    })
    return { fresh, outcomes }
  }

  async function handOver(tx: EntityManager, deliveries: readonly Delivery[]): Promise<void> {
    for (const { definitions, handle } of subscriptions) {
      const taken = deliveries.filter(({ event }) => {
        if (definitions === null) return true
        const definition = definitions.find(({ type }) => type === event.type)
        const faults = definition === undefined ? [] : payloadFaults(definition, event.data)
        if (faults.length > 0) throw new PoisonEvent(faults.join('; '))
        return definition !== undefined
      })
      if (taken.length > 0) await handle(tx, taken)
    }
  }

  /**
   * The receipt and the handlers' writes of one event, in a transaction of its own.
   *
   * Nearly every event is new, so its receipt is sent with the handlers' first statement and nobody waits for the answer:
   * a second receipt fails, and with it whatever the handlers had done for the second time.
   */
  async function handleAlone(event: Envelope): Promise<Outcome> {
    try {
      await db.transaction(async (tx) => {
        await write(tx, RECEIVE_ALONE, [event.id])
        await handOver(tx, [{ event, act: actOf(service, event, clock()) }])
      })
      return 'handled'
    } catch (error) {
      // The handlers may have met what they had done before, and have failed on it first.
      if (await isReceived(event)) return 'duplicate'
      throw error
    }
  }

  async function isReceived({ id }: Envelope): Promise<boolean> {
    const found: unknown[] = await db.query('select from inbox where event_id = $1', [id])
    return found.length > 0
  }

  async function handleOnce(tx: EntityManager, envelope: Envelope): Promise<Outcome> {
    if (wantedBy(envelope.type).length === 0) return 'ignored'
    const [outcome = 'ignored'] = await handleAll(tx, [envelope])
    return outcome
  }

  const share = async (handle: typeof handleAll, envelopes: readonly Envelope[]) => {
    try {
      return await db.transaction((tx) => handle(tx, envelopes))
    } catch (error) {
      log.debug({ err: error, events: envelopes.length }, 'events are handled one by one')
      throw error
    }
  }

  const tryTogether = gather(
    { most: TOGETHER, lanes: 1 },
    (envelopes: readonly Envelope[]) => share(handleAll, envelopes),
    tryDelivery,
  )

  const tryInTurn = gather(
    { most: IN_TURN, lanes: LANES },
    (envelopes: readonly Envelope[]) => atOnce(() => share(handleInTurn, envelopes)),
    tryDelivery,
  )

  async function tryDelivery(envelope: Envelope): Promise<Outcome> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await atOnce(() => handleAlone(envelope))
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
      const wanted = wantedBy(event.type)
      const outcome =
        wanted.length === 0
          ? 'ignored'
          : await (wanted.every(({ shares }) => shares) ? tryTogether(event) : tryInTurn(event))
      onHandled?.(event.type, outcome)
      if (outcome !== 'ignored')
        log.debug(
          {
            eventId: event.id,
            type: event.type,
            subject: event.subject,
            outcome,
            traceparent: event.traceparent,
          },
          'event handled',
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
    controllers: [],
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
    ? `00-${traceId}-${newSpan()}-${flags}`
    : traceparent
}

/** Sixteen hexadecimal digits; of an id, because Node has the randomness of those at hand. */
function newSpan(): string {
  const id = randomUUID()
  return id.slice(0, 8) + id.slice(-8)
}
