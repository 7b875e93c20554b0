import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { endOrphan, startKafka, type KafkaBroker, type KafkaOptions } from './broker.ts'
import { KafkaUnavailable } from './jars.ts'

/** A broker that tests may fill. */
export interface TestKafka {
  /** Bootstrap address, `host:port`. */
  brokers: string
  /** Which rung gave it, for the report of the run. */
  origin: string
  /** The process, when it was started here: for tests that kill it. */
  broker: KafkaBroker | null
  /** Starts the same broker again after such a kill; `null` when it was not started here. */
  options: KafkaOptions | null
  /** Ends what was started here, with its data. */
  release(): Promise<void>
}

const IMAGE = 'apache/kafka:4.2.0'

/**
 * The broker for tests: `KAFKA_BROKERS` if set, else a container if a Docker engine answers, else a real broker from
 * the pinned jars. Where none of them can be had, `skipped` says why.
 */
export async function testKafka(): Promise<TestKafka | { skipped: string }> {
  const { KAFKA_BROKERS: brokers } = process.env
  if (brokers !== undefined && brokers !== '') {
    return { brokers, origin: 'KAFKA_BROKERS', broker: null, options: null, release: nothing }
  }
  try {
    return (await startContainer()) ?? (await startOwn())
  } catch (error) {
    if (error instanceof KafkaUnavailable) return { skipped: error.message }
    throw error
  }
}

function nothing(): Promise<void> {
  return Promise.resolve()
}

async function startContainer(): Promise<TestKafka | null> {
  // Without an address or a socket there is no engine, and loading testcontainers costs a second.
  if (process.env.DOCKER_HOST === undefined && !existsSync('/var/run/docker.sock')) return null
  try {
    const { GenericContainer, Wait } = await import('testcontainers')
    const port = await freePort()
    const container = await new GenericContainer(IMAGE)
      // A client is sent to the advertised address, so the port outside must be known before the start.
      .withExposedPorts({ container: 9092, host: port })
      .withEnvironment({
        KAFKA_NODE_ID: '1',
        KAFKA_PROCESS_ROLES: 'broker,controller',
        KAFKA_LISTENERS: 'PLAINTEXT://0.0.0.0:9092,CONTROLLER://localhost:9093',
        KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://localhost:${port}`,
        KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
        KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
        KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:9093',
        KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
        KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
        KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
        KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
        KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
      })
      .withWaitStrategy(Wait.forLogMessage(/Kafka Server started/))
      .start()
    return {
      brokers: `${container.getHost()}:${port}`,
      origin: `container ${IMAGE}`,
      broker: null,
      options: null,
      release: async () => {
        await container.stop()
      },
    }
  } catch {
    return null
  }
}

async function startOwn(): Promise<TestKafka> {
  const folder = mkdtempSync(join(tmpdir(), 'erp-steward-kafka-'))
  try {
    const options: KafkaOptions = {
      dataDirectory: join(folder, 'data'),
      port: await freePort(),
      controllerPort: await freePort(),
      brief: true,
    }
    const broker = await startKafka(options)
    return {
      brokers: broker.brokers,
      origin: 'Apache Kafka from pinned jars',
      broker,
      options,
      release: async () => {
        await broker.stop()
        // A test that killed the broker may have started another on the same data, which must not outlive it.
        await endOrphan(options.dataDirectory)
        rmSync(folder, { recursive: true })
      },
    }
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen({ host: '127.0.0.1', port: 0 })
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (typeof address === 'object' && address !== null) return address.port
  throw new Error('A listening server has no port.')
}
