import { readTopics } from '@erp-steward/kafka/topics'
import { createTopics } from '@erp-steward/messaging/kafka-bus'
import type { Logger } from 'pino'

/** Creates the topics that are missing on the cluster, each kept by `replicationFactor` brokers. */
export async function prepareTopics(
  brokers: string,
  log: Logger,
  replicationFactor = 1,
): Promise<void> {
  await createTopics(brokers, readTopics(), log, replicationFactor)
}
