import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  Kafka,
  logLevel,
  Partitioners,
  type Consumer,
  type KafkaMessage,
  type Producer,
} from 'kafkajs'
import type { Logger } from 'pino'
import type { EventBus } from './bus.ts'

/** A topic as the cluster keeps it. */
export interface TopicShape {
  readonly topic: string
  readonly partitions: number
  readonly retentionDays: number
}

/**
 * Protocol errors that kafkajs logs as errors and then retries: coordinators still loading, leaders moving, a broker
 * that restarts. They are news only when they last, and then the relay or the consumer says so.
 */
const RETRIED =
  /coordinator|rebalanc|not the leader|leader|Connection (error|timeout)|ECONNREFUSED|closed connection|metadata|Topic with this name already exists|does not host this topic/i

/** Messages of one partition in hand at once: as many as a relay publishes at once, and repeated after a crash. */
const AT_ONCE = 200

/** Pause before a consumer that ended by itself joins again, in milliseconds. */
const RESTART_MS = 1_000

function kafka(brokers: string, clientId: string, log: Logger): Kafka {
  return new Kafka({
    clientId,
    brokers: brokers.split(','),
    connectionTimeout: 5_000,
    requestTimeout: 30_000,
    retry: { initialRetryTime: 100, maxRetryTime: 5_000, retries: 8 },
    logLevel: logLevel.WARN,
    logCreator: () => (entry) => {
      const { message, error } = entry.log as { message: string; error?: string }
      const fields = { kafka: entry.namespace, error }
      if (entry.level === logLevel.ERROR && !RETRIED.test(`${message} ${error ?? ''}`))
        log.error(fields, message)
      else log.debug(fields, message)
    },
  })
}

/** How long a member of a group may be silent before others take its partitions, in seconds, unless said otherwise. */
export const SESSION_SECONDS = 15

/**
 * The bus over Apache Kafka: acks from all replicas, key = subject, one idempotent producer per process.
 *
 * @param sessionSeconds how long the group of a process that was killed waits for it; at least what the broker takes, which
 *   is 6 unless its `group.min.session.timeout.ms` says otherwise
 */
export function createKafkaBus(
  brokers: string,
  clientId: string,
  log: Logger,
  sessionSeconds = SESSION_SECONDS,
): EventBus {
  const client = kafka(brokers, clientId, log)
  const consumers = new Set<Consumer>()
  let producing: Promise<Producer> | undefined

  function connected(): Promise<Producer> {
    producing ??= (async () => {
      const producer = client.producer({
        idempotent: true,
        maxInFlightRequests: 1,
        createPartitioner: Partitioners.DefaultPartitioner,
      })
      await producer.connect()
      return producer
    })()
    return producing
  }

  /** Where a broadcast begins. Committed at once, so that a restart of the consumer or the broker skips nothing. */
  async function endOf(topics: readonly string[]) {
    const admin = client.admin()
    await admin.connect()
    try {
      const ends = await Promise.all(
        topics.map(async (topic) =>
          (await admin.fetchTopicOffsets(topic)).map(({ partition, high }) => ({
            topic,
            partition,
            offset: high,
          })),
        ),
      )
      return ends.flat()
    } finally {
      await admin.disconnect()
    }
  }

  /** After a failure the next publish starts over: an idempotent producer with a gap in its sequence never recovers. */
  async function forgetProducer() {
    const failed = producing
    producing = undefined
    await failed?.then((producer) => producer.disconnect()).catch(() => undefined)
  }

  return {
    async publish(messages) {
      const byTopic = Map.groupBy(messages, ({ topic }) => topic)
      try {
        const producer = await connected()
        await producer.sendBatch({
          acks: -1,
          topicMessages: [...byTopic].map(([topic, ofTopic]) => ({
            topic,
            messages: ofTopic.map(({ envelope }) => ({
              key: envelope.subject,
              value: JSON.stringify(envelope),
              headers: { 'content-type': 'application/cloudevents+json' },
            })),
          })),
        })
      } catch (error) {
        await forgetProducer()
        throw error
      }
    },

    async subscribe({ group, topics, broadcast = false, handle }) {
      const starts = broadcast ? await endOf(topics) : []
      const consumer = client.consumer({
        groupId: broadcast ? `${group}-${randomUUID()}` : group,
        sessionTimeout: sessionSeconds * 1_000,
        rebalanceTimeout: 20_000,
        heartbeatInterval: 1_000,
        maxWaitTimeInMs: 500,
        allowAutoTopicCreation: false,
        // A consumer that gives up is an outage nobody sees; it starts again until it is stopped.
        retry: { restartOnFailure: () => Promise.resolve(true), retries: 8 },
      })
      consumers.add(consumer)
      const joined = new Promise<void>((resolve) => {
        const off = consumer.on(consumer.events.GROUP_JOIN, () => {
          off()
          resolve()
        })
      })
      const run = () =>
        consumer.run({
          partitionsConsumedConcurrently: 4,
          eachBatchAutoResolve: false,
          eachBatch: async (work) => {
            const { messages, topic, partition } = work.batch
            for (let from = 0; from < messages.length; from += AT_ONCE) {
              if (!work.isRunning() || work.isStale()) return
              const some = messages.slice(from, from + AT_ONCE)
              await inOrderPerKey(some, async ({ value, offset }) => {
                const envelope = parse(value)
                if (envelope === undefined)
                  log.error({ topic, partition, offset }, 'message is not JSON, dropped')
                else await handle(envelope)
                await work.heartbeat()
              })
              const last = some.at(-1)
              if (last !== undefined) work.resolveOffset(last.offset)
              await work.commitOffsetsIfNecessary()
            }
          },
        })
      const join = async () => {
        await consumer.connect()
        await consumer.subscribe({ topics: [...topics], fromBeginning: !broadcast })
        await run()
      }
      const joinAgain = async () => {
        await sleep(RESTART_MS)
        if (!consumers.has(consumer)) return
        await join().catch(notJoined)
      }
      const notJoined = (error: unknown) => {
        if (!consumers.has(consumer)) return
        log.error({ err: error, group }, 'consumer cannot join, will try again')
        void joinAgain()
      }
      // kafkajs ends a consumer for good on what it takes for a bug, a coordinator not found among them.
      consumer.on(consumer.events.CRASH, ({ payload: { error, restart } }) => {
        if (restart || !consumers.has(consumer)) return
        log.error({ err: error, group }, 'consumer crashed, will join again')
        void joinAgain()
      })
      if (broadcast) {
        await join()
        await joined
        for (const start of starts) consumer.seek(start)
        if (starts.length > 0) await consumer.commitOffsets(starts)
      } else {
        // Not waited for: requests are served while the broker is away, or the group waits for a member that was killed.
        join().catch(notJoined)
      }
      return {
        stop: async () => {
          consumers.delete(consumer)
          await consumer.disconnect()
        },
      }
    },

    async close() {
      const open = [...consumers]
      consumers.clear()
      await Promise.all(open.map((consumer) => consumer.disconnect()))
      await forgetProducer()
    },
  }
}

/**
 * Hands over messages of one key one after the other, those of several keys at once.
 *
 * @throws what the first of them threw, once all that were handed over have ended
 */
async function inOrderPerKey(
  messages: readonly KafkaMessage[],
  handle: (message: KafkaMessage) => Promise<void>,
): Promise<void> {
  const byKey = Map.groupBy(messages, ({ key }) => key?.toString())
  const outcomes = await Promise.allSettled(
    [...byKey.values()].map(async (inOrder) => {
      for (const message of inOrder) await handle(message)
    }),
  )
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
}

function parse(value: Buffer | null): unknown {
  try {
    return JSON.parse(value?.toString() ?? '') as unknown
  } catch {
    return undefined
  }
}

/** Creates the topics that are missing; one that exists is left as it is. */
export async function createTopics(
  brokers: string,
  topics: readonly TopicShape[],
  log: Logger,
  replicationFactor = 1,
): Promise<void> {
  const admin = kafka(brokers, 'erp-steward-topics', log).admin()
  await admin.connect()
  try {
    const existing = new Set(await admin.listTopics())
    const missing = topics.filter(({ topic }) => !existing.has(topic))
    if (missing.length === 0) return
    await admin.createTopics({
      waitForLeaders: true,
      topics: missing.map(({ topic, partitions, retentionDays }) => ({
        topic,
        numPartitions: partitions,
        replicationFactor,
        configEntries: [{ name: 'retention.ms', value: String(retentionDays * 86_400_000) }],
      })),
    })
  } finally {
    await admin.disconnect()
  }
}
