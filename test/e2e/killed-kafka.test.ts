import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, test } from '@jest/globals'
import { startKafka } from '@erp-steward/kafka/broker'
import { openKafkaStage, type KafkaStage } from './kafka-stage.ts'
import { playUnderFire } from './under-fire.ts'

let stage: KafkaStage | null = null

beforeAll(async () => {
  stage = await openKafkaStage()
}, 600_000)
afterAll(() => stage?.close())

test('a process, each in its turn, and the broker are killed at ten random moments each; every effect happens once and the day completes', async () => {
  if (stage === null) return
  const { site, kafka } = stage
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
}, 1_800_000)
