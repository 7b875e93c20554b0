import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { testKafka, type TestKafka } from '@erp-steward/kafka/ladder'
import { processSite } from './process-site.ts'
import { openStage, type Stage } from './stage.ts'

let kafka: TestKafka | { skipped: string }
let stage: Stage | undefined

beforeAll(async () => {
  kafka = await testKafka()
  if ('skipped' in kafka) {
    if (process.env.CI === 'true') throw new Error(`no Kafka: ${kafka.skipped}`)
    process.stderr.write(`no Kafka, the play is left out: ${kafka.skipped}\n`)
    return
  }
  const { brokers } = kafka
  stage = await openStage((environment) => processSite(brokers, environment))
}, 240_000)
afterAll(async () => {
  await stage?.close()
  if (!('skipped' in kafka)) await kafka.release()
}, 60_000)

test('[A-2.1.4][A-3.2.3][A-5.2.3][B-4.0] the first alarm, each service its own process on real Kafka', async () => {
  if (stage === undefined) return
  for (const [name, step] of stage.play.steps) {
    process.stderr.write(`  ${name}\n`)
    await step()
  }
  expect(stage.play.refusedAfterMs).toBeLessThan(1_000)
  await stage.play.everyEffectHappenedOnce()
  await stage.play.tamper()
}, 300_000)
