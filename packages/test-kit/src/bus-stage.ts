import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { defineEvent, type Envelope, type EventDefinition } from '@erp-steward/contracts/event'
import { DeadLetterHandled } from '@erp-steward/contracts/platform-events'
import type { BusConsumer, EventBus } from '@erp-steward/messaging/bus'
import {
  createConsumer,
  on,
  startConsumer,
  type Consumer,
  type Outcome,
} from '@erp-steward/messaging/consumer'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { startRelay, type Relay } from '@erp-steward/messaging/relay'
import pg from 'pg'
import { pino } from 'pino'
import { Type } from 'typebox'
import type { DataSource, EntityManager } from 'typeorm'
import { createEffectTable, writeEffect } from './effect.ts'
import { queuedEvents } from './queued-events.ts'
import { testAct } from './test-act.ts'
import { testDatabase, type TestDatabase } from './test-database.ts'

/** A bus as the contract needs it. */
export interface BusUnderTest {
  /** A fresh end of the bus, as a process would open it. */
  create(): Promise<EventBus>
  readonly capabilities: {
    /** Makes topics usable that nobody has used before. */
    createTopics(topics: readonly string[]): Promise<void>
    /** How another process reaches the same bus; `null` when each process has its own. */
    readonly brokers: string | null
  }
}

const Payload = Type.Object({ n: Type.Integer() })
export type EffectEvent = EventDefinition<typeof Payload>

/** What a child process that is going to be killed is told. */
export interface DoomedMember {
  readonly url: string
  readonly type: string
  readonly run: string
  readonly brokers: string | null
  readonly hangs: 'handler' | 'publish'
  readonly consumes: boolean
}

/** A consumer of the stage and what became of its deliveries. */
export interface StagedConsumer extends Consumer, BusConsumer {
  readonly outcomes: Outcome[]
}

/** The bus with groups that no other run shares. */
export function inGroup(bus: EventBus, run: string): EventBus {
  return {
    ...bus,
    subscribe: (subscription) =>
      bus.subscribe({ ...subscription, group: `${subscription.group}-${run}` }),
  }
}

/** The outbox, inbox and effects of one service on real PostgreSQL, shared by the cases of a file. */
export async function openStages(kit: BusUnderTest) {
  const database = await testDatabase({ name: 'identity', entities: [], migrations: [] })
  await createEffectTable(database.db)
  return {
    /** An empty stage with a topic and a consumer group of its own. */
    async stage(): Promise<Stage> {
      await database.db.query('truncate outbox, inbox, dead_letter, effect')
      const stage = new Stage(kit, database)
      await kit.capabilities.createTopics([stage.definition.topic, DeadLetterHandled.topic])
      stage.bus = await stage.openBus()
      return stage
    },
    release: () => database.release(),
  }
}

type Handle = (tx: EntityManager, event: Envelope & { data: { n: number } }) => Promise<void>

/** One case's surroundings; `close` ends whatever it started. */
export class Stage {
  readonly db: DataSource
  readonly url: string
  readonly definition: EffectEvent
  readonly log = pino({ level: 'silent' })
  declare bus: EventBus
  readonly #kit: BusUnderTest
  readonly #run = letters()
  readonly #endings: (() => Promise<unknown>)[] = []

  constructor(kit: BusUnderTest, { db, url }: TestDatabase) {
    this.#kit = kit
    this.db = db
    this.url = url
    this.definition = defineEvent({
      type: `test.run-${this.#run}.happened.v1`,
      summary: 'Something happened.',
      clauses: [],
      payload: Payload,
    })
  }

  /** Another end of the same bus, as a second process has it. */
  async openBus(): Promise<EventBus> {
    const bus = inGroup(await this.#kit.create(), this.#run)
    this.#endings.push(() => bus.close())
    return bus
  }

  append(tx: EntityManager | DataSource, subject: string, n: number): Promise<string> {
    return appendEvent(
      'manager' in tx ? tx.manager : tx,
      'identity',
      this.definition,
      subject,
      { n },
      testAct(),
    )
  }

  /** The envelope at this place of the outbox as a message; the first by default. */
  async message(place = 0) {
    const envelope = (await queuedEvents(this.db))[place]
    if (envelope === undefined) throw new Error(`there is no event at place ${place}`)
    return { topic: this.definition.topic, envelope }
  }

  async consume({
    handle = writeEffect,
    bus = this.bus,
    attempts = 3,
  }: { handle?: Handle; bus?: EventBus; attempts?: number } = {}): Promise<StagedConsumer> {
    const outcomes: Outcome[] = []
    const subscriptions = [on(this.definition, handle)]
    const consumer = createConsumer({
      service: 'identity',
      db: this.db,
      subscriptions,
      clock: () => new Date(),
      log: this.log,
      onHandled: (_type, outcome) => outcomes.push(outcome),
      attempts,
      backoffMs: 5,
    })
    const member = await startConsumer(bus, 'identity', subscriptions, consumer)
    return { ...consumer, ...member, outcomes }
  }

  relay(bus: EventBus = this.bus): Relay {
    const relay = startRelay({ url: this.url, schema: 'identity', bus, log: this.log })
    this.#endings.push(() => relay.stop())
    return relay
  }

  /** A connection as the relay has it. */
  async relayClient(): Promise<pg.Client> {
    const client = new pg.Client({
      connectionString: this.url,
      options: '-c search_path=identity',
    })
    client.on('error', () => undefined)
    await client.connect()
    this.#endings.push(() => client.end())
    return client
  }

  async unpublished(): Promise<number> {
    const rows: { count: number }[] = await this.db.query(
      'select count(*)::int as count from outbox where published_at is null',
    )
    return rows[0]?.count ?? 0
  }

  /** Starts a process that relays (and consumes), waits until it hangs at the place, and kills it there. */
  async killMemberAt(hangs: DoomedMember['hangs'], consumes: boolean): Promise<void> {
    const { url, definition } = this
    const { brokers } = this.#kit.capabilities
    const task: DoomedMember = {
      url,
      type: definition.type,
      run: this.#run,
      brokers,
      hangs,
      consumes,
    }
    const script = fileURLToPath(new URL('./doomed-member.ts', import.meta.url))
    const child = spawn(process.execPath, [script, JSON.stringify(task)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let errors = ''
    child.stderr.on('data', (part: Buffer) => (errors += part.toString()))
    const ended = once(child, 'exit')
    this.#endings.push(() => (child.kill('SIGKILL'), ended))
    const hanging = once(child.stdout, 'data')
    const early = ended.then(() => {
      throw new Error(`the member ended before it hung:\n${errors}`)
    })
    await Promise.race([hanging, early])
    early.catch(() => undefined)
    child.kill('SIGKILL')
    await ended
  }

  async close(): Promise<void> {
    for (const end of this.#endings.reverse()) await end()
  }
}

/** A name of letters alone, as types of events are made of. */
function letters(): string {
  return [...randomBytes(10)].map((byte) => String.fromCharCode(97 + (byte % 26))).join('')
}
