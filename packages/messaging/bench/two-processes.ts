// From the outbox of one process to the effect in another over Apache Kafka, against kafkajs with an INSERT per message.
// Standalone: node packages/messaging/bench/two-processes.ts
import { spawn, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineEvent } from '@erp-steward/contracts/event'
import { startKafka } from '@erp-steward/kafka/broker'
import { createConsumer, on, startConsumer } from '@erp-steward/messaging/consumer'
import { createKafkaBus, createTopics } from '@erp-steward/messaging/kafka-bus'
import { appendEvent } from '@erp-steward/messaging/outbox'
import { startRelay } from '@erp-steward/messaging/relay'
import { freePort } from '@erp-steward/postgres/port'
import { openDatabase } from '@erp-steward/service-kit/database'
import { cpuMicrosOf, ownCpuMicros, type BenchRow } from '@erp-steward/test-kit/bench-row'
import { eventually } from '@erp-steward/test-kit/eventually'
import { onTestServer } from '@erp-steward/test-kit/on-test-server'
import { testAct } from '@erp-steward/test-kit/test-act'
import { testDatabase } from '@erp-steward/test-kit/test-database'
import { Kafka, logLevel, Partitioners } from 'kafkajs'
import { pino } from 'pino'
import { Type } from 'typebox'
import type { DataSource } from 'typeorm'

const EVENTS = 5_000
/** Events queued before the clock starts: caches, prepared partitions and compiled code. */
const WARM_UP = 500
/** As many as our relay publishes at once. */
const BATCH = 200
const PARTITIONS = 6

const SERVICE = { name: 'incident-tiering', entities: [], migrations: [] } as const
const RAW_TOPIC = 'bench.raw.v1'
const Crossed = defineEvent({
  type: 'bench.flow.crossed.v1',
  summary: 'A fact to measure with.',
  clauses: [],
  payload: Type.Object({ text: Type.String() }),
})
const TEXT = 'x'.repeat(200)

const log = pino({ level: 'silent' })

export const bottleneck =
  'Outbox to effect: receipts and commits are shared by up to 20 events; what is left is the statement of each handler, ' +
  'whose way through the socket is a third of the CPU of Node.'

/** Both sides from the first publish to the last committed effect; the same rows, the same messages, the same broker. */
export function run(): Promise<BenchRow[]> {
  return onTestServer(measure)
}

async function measure(): Promise<BenchRow[]> {
  const database = await testDatabase(SERVICE)
  const { db, url } = database
  await db.query('create table effect (event_id uuid primary key, text text not null)')
  const dataDirectory = mkdtempSync(join(tmpdir(), 'steward-bench-kafka-'))
  const broker = await startKafka({
    dataDirectory,
    port: await freePort(),
    controllerPort: await freePort(),
  })
  const { brokers } = broker
  try {
    await createTopics(
      brokers,
      [Crossed.topic, RAW_TOPIC].map((topic) => ({
        topic,
        partitions: PARTITIONS,
        retentionDays: 1,
      })),
      log,
    )
    const theirs = await withConsumer('raw', url, brokers, (child) =>
      timed(db, child, (count) => produceRaw(brokers, count)),
    )
    const ours = await withConsumer('service', url, brokers, (child) =>
      timed(db, child, (count) => relayAll(db, url, brokers, count)),
    )
    return [
      {
        name: 'outbox to effect between two processes, Kafka',
        reference: 'raw kafkajs, one INSERT per message',
        ours: ours.rate,
        theirs: theirs.rate,
        unit: 'events/s',
        cpuMicrosPerUnit: ours.cpuMicros,
        note: `${String(EVENTS)} events; CPU of both processes, theirs ${theirs.cpuMicros.toFixed(0)} µs`,
      },
    ]
  } finally {
    await broker.stop()
    await database.release()
    rmSync(dataDirectory, { recursive: true, force: true })
  }
}

/** Runs `produce` twice, the first time unmeasured; until every effect is there. */
async function timed(
  db: DataSource,
  { pid = 0 }: ChildProcess,
  produce: (count: number) => Promise<() => Promise<void>>,
) {
  const pass = async (count: number) => {
    await db.query('truncate effect, outbox, inbox')
    const begin = await produce(count)
    const [started, cpu] = [performance.now(), ownCpuMicros() + cpuMicrosOf(pid)]
    await begin()
    await eventually(
      async () => {
        const [{ n }]: [{ n: number }] = await db.query('select count(*)::int as n from effect')
        if (n < count) throw new Error(`${String(n)} of ${String(count)} effects`)
      },
      { within: 120_000, every: 20 },
    )
    return {
      rate: count / ((performance.now() - started) / 1_000),
      cpuMicros: (ownCpuMicros() + cpuMicrosOf(pid) - cpu) / count,
    }
  }
  await pass(WARM_UP)
  return pass(EVENTS)
}

/** Queues the events; what it answers relays them. */
async function relayAll(db: DataSource, url: string, brokers: string, count: number) {
  await db.transaction(async (tx) => {
    for (let at = 0; at < count; at += 1)
      await appendEvent(tx, SERVICE.name, Crossed, randomUUID(), { text: TEXT }, testAct())
  })
  return async () => {
    const bus = createKafkaBus(brokers, 'bench', log)
    const relay = startRelay({ url, schema: 'incident_tiering', bus, log })
    await eventually(
      async () => {
        const waiting: unknown[] = await db.query(
          'select from outbox where published_at is null limit 1',
        )
        if (waiting.length > 0) throw new Error('the relay is still at work')
      },
      { within: 120_000, every: 20 },
    )
    await relay.stop()
    await bus.close()
  }
}

async function produceRaw(brokers: string, count: number) {
  const producer = rawKafka(brokers).producer({
    createPartitioner: Partitioners.DefaultPartitioner,
  })
  await producer.connect()
  const messages = Array.from({ length: count }, () => {
    const id = randomUUID()
    // As long as one of our envelopes.
    return { key: id, value: JSON.stringify({ id, text: TEXT, padding: 'x'.repeat(450) }) }
  })
  return async () => {
    for (let at = 0; at < count; at += BATCH)
      await producer.send({
        topic: RAW_TOPIC,
        acks: -1,
        messages: messages.slice(at, at + BATCH),
      })
    await producer.disconnect()
  }
}

const rawKafka = (brokers: string) =>
  new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING })

async function withConsumer<Result>(
  role: Role,
  url: string,
  brokers: string,
  work: (child: ChildProcess) => Promise<Result>,
): Promise<Result> {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), role, url, brokers], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    const joined = once(child.stdout, 'data')
    const ended = once(child, 'exit').then(() => {
      throw new Error(`the ${role} consumer ended before it had joined`)
    })
    await Promise.race([joined, ended])
    return await work(child)
  } finally {
    child.kill('SIGKILL')
  }
}

type Role = 'service' | 'raw'

/** What the child process does: an effect for each message, until it is killed. */
async function consume(role: Role, url: string, brokers: string): Promise<void> {
  const db = await openDatabase(SERVICE, url)
  const insert = 'insert into effect (event_id, text) values ($1, $2)'
  if (role === 'service') {
    const subscriptions = [
      on(Crossed, async (tx, { id, data }) => {
        await tx.query(insert, [id, data.text])
      }),
    ]
    const clock = () => new Date()
    const consumer = createConsumer({ service: SERVICE.name, db, subscriptions, clock, log })
    await startConsumer(
      createKafkaBus(brokers, 'bench', log),
      SERVICE.name,
      subscriptions,
      consumer,
    )
  } else {
    const consumer = rawKafka(brokers).consumer({ groupId: 'bench-raw' })
    await consumer.connect()
    await consumer.subscribe({ topic: RAW_TOPIC, fromBeginning: true })
    const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve))
    await consumer.run({
      partitionsConsumedConcurrently: 4,
      eachMessage: async ({ message }) => {
        const { id, text } = JSON.parse(String(message.value)) as { id: string; text: string }
        await db.query(insert, [id, text])
      },
    })
    await joined
  }
  process.stdout.write('joined\n')
}

if (import.meta.main) {
  const [role, url = '', brokers = ''] = process.argv.slice(2)
  if (role === undefined) console.table(await run())
  else await consume(role as Role, url, brokers)
}
