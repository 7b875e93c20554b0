import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { PEOPLE } from './company.ts'
import { openKafkaStage, type KafkaStage } from './kafka-stage.ts'
import { playAll, REFUSED_WITHIN_MS, tamperIsFound } from './stage.ts'

let stage: KafkaStage | null = null

beforeAll(async () => {
  stage = await openKafkaStage()
}, 600_000)
afterAll(() => stage?.close())

test('[A-2.1.4][A-2.4.4][A-2.4.7][A-3.2.3][A-5.2.3][B-4.0][B-5.6] a working day, each service its own process on real Kafka', async () => {
  if (stage === null) return
  await playAll(stage)
  expect(stage.day.alarm.refusedAfterMs).toBeLessThan(REFUSED_WITHIN_MS)
  await stage.effects.everythingIsInTheLedger()
  await stage.effects.happenedOnce(stage.day, PEOPLE)
  await tamperIsFound(stage)
}, 1_200_000)
