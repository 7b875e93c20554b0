import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { testKafka, type TestKafka } from '@erp-steward/kafka/ladder'
import { PEOPLE } from './company.ts'
import { processSite } from './process-site.ts'
import { openStage, playAll, tamperIsFound, type Stage } from './stage.ts'

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

test('[A-2.1.4][A-2.4.4][A-2.4.7][A-3.2.3][A-5.2.3][B-4.0][B-5.6] a working day, each service its own process on real Kafka', async () => {
  if (stage === undefined) return
  await playAll(stage)
  expect(stage.day.alarm.refusedAfterMs).toBeLessThan(1_000)
  await stage.effects.everythingIsInTheLedger()
  await stage.effects.happenedOnce(stage.day, PEOPLE)
  await tamperIsFound(stage)
}, 600_000)
