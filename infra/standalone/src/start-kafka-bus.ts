import { join } from 'node:path'
import { startKafka } from '@erp-steward/kafka/broker'
import type { EventBus } from '@erp-steward/messaging/bus'
import { createKafkaBus } from '@erp-steward/messaging/kafka-bus'
import type { HostOptions } from './host.ts'
import { PART_LIMIT_MS, SERVER_LIMIT_MS, unlessCalledOff, type Part } from './parts.ts'
import { prepareTopics } from './prepare-topics.ts'

/** The bus over the cluster of `KAFKA_BROKERS`, or over an own broker that is started. */
export async function startKafkaBus(
  { config, log, progress, signal }: HostOptions,
  folder: string,
  parts: Part[],
): Promise<EventBus> {
  let brokers = config.KAFKA_BROKERS
  if (brokers === '') {
    progress('Starting Apache Kafka')
    // Waited for whatever happens: a start that goes on while the host ends would leave a broker behind.
    const broker = await startKafka({
      dataDirectory: join(folder, 'kafka'),
      port: config.STEWARD_KAFKA_PORT,
      controllerPort: config.STEWARD_KAFKA_CONTROLLER_PORT,
      log: progress,
      signal,
    })
    parts.push({ name: 'Kafka', limitMs: SERVER_LIMIT_MS, stop: () => broker.stop() })
    brokers = broker.brokers
  }
  await unlessCalledOff(signal, prepareTopics(brokers, log))
  const bus = createKafkaBus(brokers, 'erp-steward', log)
  parts.push({ name: 'bus', limitMs: PART_LIMIT_MS, stop: () => bus.close() })
  return bus
}
