import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, test } from '@jest/globals'
import { startKafka } from '@erp-steward/kafka/broker'
import { testKafka, type TestKafka } from '@erp-steward/kafka/ladder'
import { processSite } from './process-site.ts'
import { openStage, type Stage } from './stage.ts'
import { playUnderFire } from './under-fire.ts'

let kafka: TestKafka | { skipped: string }
let stage: Stage | undefined

beforeAll(async () => {
  kafka = await testKafka()
  if ('skipped' in kafka) {
    if (process.env.CI === 'true') throw new Error(`no Kafka: ${kafka.skipped}`)
    process.stderr.write(`no Kafka, the day is left out: ${kafka.skipped}\n`)
    return
  }
  const { brokers } = kafka
  stage = await openStage((environment) => processSite(brokers, environment))
}, 240_000)
afterAll(async () => {
  await stage?.close()
  if (!('skipped' in kafka)) await kafka.release()
}, 120_000)

test('a process and the broker are killed at 20 random moments each; every effect happens once and the day completes', async () => {
  if (stage === undefined || 'skipped' in kafka) return
  const { site } = stage
  let { broker } = kafka
  const { options } = kafka
  await playUnderFire(stage, {
    process: async () => {
      await site.kill()
      await site.start()
      return true
    },
    // A broker that runs elsewhere is not ours to kill.
    ...(broker !== null &&
      options !== null && {
        broker: async () => {
          broker?.kill()
          await sleep(Math.random() * 1_000)
          broker = await startKafka(options)
          return true
        },
      }),
  })
}, 1_200_000)
