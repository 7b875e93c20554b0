import { randomUUID } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineEvent } from '@erp-steward/contracts/event'
import { startKafka } from '@erp-steward/kafka/broker'
import type { EventBus } from '@erp-steward/messaging/bus'
import { createConsumer, on, startConsumer } from '@erp-steward/messaging/consumer'
import { createKafkaBus, createTopics } from '@erp-steward/messaging/kafka-bus'
import { createLocalBus } from '@erp-steward/messaging/local-bus'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { startRelay } from '@erp-steward/messaging/relay'
import { freePort } from '@erp-steward/postgres/port'
import { ownCpuMicros, type BenchRow } from '@erp-steward/test-kit/bench-row'
import { eventually } from '@erp-steward/test-kit/eventually'
import { testAct } from '@erp-steward/test-kit/test-act'
import { testDatabase } from '@erp-steward/test-kit/test-database'
import { Kafka, logLevel, Partitioners } from 'kafkajs'
import { pino } from 'pino'
import { Type } from 'typebox'
import type { DataSource } from 'typeorm'

const EVENTS = 5_000
/** Events per transaction of the writer: a service seldom states more than a few facts at once. */
const PER_TRANSACTION = 5

const Measured = defineEvent({
  type: 'bench.flow.measured.v1',
  summary: 'A fact to measure with.',
  clauses: [],
  payload: Type.Object({ at: Type.Integer(), text: Type.String() }),
})

const log = pino({ level: 'silent' })

/** Events per second from the outbox to an effect in the database, and against what each bus is made of. */
export async function run(): Promise<BenchRow[]> {
  const database = await testDatabase({
    name: 'incident-tiering',
    entities: [],
    migrations: [],
  })
  const { db, url } = database
  await db.query('create table effect (event_id uuid primary key, at integer not null)')
  const broker = await startKafka({
    dataDirectory: mkdtempSync(join(tmpdir(), 'steward-bench-kafka-')),
    port: await freePort(),
    controllerPort: await freePort(),
  })
  try {
    await createTopics(
      broker.brokers,
      [{ topic: Measured.topic, partitions: 6, retentionDays: 1 }],
      log,
    )
    const inserts = await rawInserts(db)
    const local = await flow(db, url, createLocalBus())
    const raw = await rawKafka(broker.brokers)
    const kafka = await flow(db, url, createKafkaBus(broker.brokers, 'bench', log))
    return [
      {
        name: 'outbox to effect, local bus',
        reference: 'raw INSERT of the same effects',
        ours: local.rate,
        theirs: inserts,
        unit: 'events/s',
        cpuMicrosPerUnit: local.cpuMicros,
        note: 'append, relay, inbox, handler, each effect a statement of its own',
      },
      {
        name: 'outbox to effect, Kafka',
        reference: 'raw kafkajs, produce and consume',
        ours: kafka.rate,
        theirs: raw,
        unit: 'events/s',
        cpuMicrosPerUnit: kafka.cpuMicros,
        note: 'the reference keeps nothing in a database',
      },
    ]
  } finally {
    await broker.stop()
    await database.release()
  }
}

async function flow(db: DataSource, url: string, bus: EventBus) {
  await db.query('truncate effect, outbox, inbox')
  const subscriptions = [
    on(Measured, async (tx, event) => {
      await tx.query('insert into effect (event_id, at) values ($1, $2)', [event.id, event.data.at])
    }),
  ]
  const consumer = createConsumer({
    service: 'incident-tiering',
    db,
    subscriptions,
    clock: () => new Date(),
    log,
  })
  const listening = await startConsumer(bus, 'incident-tiering', subscriptions, consumer)
  const started = performance.now()
  const cpu = ownCpuMicros()
  const relay = startRelay({ url, schema: 'incident_tiering', bus, log })
  for (let at = 0; at < EVENTS; at += PER_TRANSACTION)
    await db.transaction(async (tx) => {
      for (let member = 0; member < PER_TRANSACTION; member += 1)
        await appendEvent(
          tx,
          'incident-tiering',
          Measured,
          randomUUID(),
          { at: at + member, text: 'x'.repeat(200) },
          testAct(),
        )
    })
  await eventually(
    async () => {
      const [{ n }]: [{ n: number }] = await db.query('select count(*)::int as n from effect')
      if (n < EVENTS) throw new Error(`${n} of ${EVENTS} effects`)
    },
    { within: 120_000, every: 20 },
  )
  const seconds = (performance.now() - started) / 1_000
  const cpuMicros = (ownCpuMicros() - cpu) / EVENTS
  await relay.stop()
  await listening.stop()
  await bus.close()
  return { rate: EVENTS / seconds, cpuMicros }
}

async function rawInserts(db: DataSource): Promise<number> {
  const started = performance.now()
  for (let at = 0; at < EVENTS; at += 1)
    await db.query('insert into effect (event_id, at) values ($1, $2)', [randomUUID(), at])
  return EVENTS / ((performance.now() - started) / 1_000)
}

async function rawKafka(brokers: string): Promise<number> {
  const kafka = new Kafka({ brokers: [brokers], logLevel: logLevel.NOTHING })
  const topic = 'bench.raw.v1'
  await createTopics(brokers, [{ topic, partitions: 6, retentionDays: 1 }], log)
  const consumer = kafka.consumer({ groupId: 'bench-raw' })
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
  await consumer.connect()
  await producer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  let seen = 0
  const { promise: all, resolve } = Promise.withResolvers<undefined>()
  await consumer.run({
    eachMessage: () => {
      seen += 1
      if (seen === EVENTS) resolve(undefined)
      return Promise.resolve()
    },
  })
  const started = performance.now()
  const value = JSON.stringify({ text: 'x'.repeat(600) })
  for (let at = 0; at < EVENTS; at += 200)
    await producer.send({
      topic,
      acks: -1,
      messages: Array.from({ length: 200 }, () => ({ key: randomUUID(), value })),
    })
  await all
  const seconds = (performance.now() - started) / 1_000
  await consumer.disconnect()
  await producer.disconnect()
  return EVENTS / seconds
}
