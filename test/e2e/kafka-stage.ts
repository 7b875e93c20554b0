import { testKafka, type TestKafka } from '@erp-steward/kafka/ladder'
import { processSite } from './process-site.ts'
import { openStage, type Stage } from './stage.ts'

/** The product as processes of its own on a real Kafka, and the day upon it. */
export interface KafkaStage extends Stage {
  readonly kafka: TestKafka
}

/**
 * Opens it; `null`, with the reason on stderr, where no Kafka can be had.
 *
 * @throws Error in CI instead, where a day that is left out is a failure
 */
export async function openKafkaStage(): Promise<KafkaStage | null> {
  const kafka = await testKafka()
  if ('skipped' in kafka) {
    if (process.env.CI === 'true') throw new Error(`no Kafka: ${kafka.skipped}`)
    process.stderr.write(`no Kafka, the day is left out: ${kafka.skipped}\n`)
    return null
  }
  try {
    const stage = await openStage((environment) => processSite(kafka.brokers, environment))
    return {
      ...stage,
      kafka,
      close: async () => {
        await stage.close()
        await kafka.release()
      },
    }
  } catch (error) {
    await kafka.release()
    throw error
  }
}
