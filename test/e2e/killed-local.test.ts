import { afterAll, beforeAll, test } from '@jest/globals'
import { openStage, type Stage } from './stage.ts'
import { standaloneSite } from './standalone-site.ts'
import { playUnderFire } from './under-fire.ts'

let stage: Stage

beforeAll(async () => {
  stage = await openStage(standaloneSite)
}, 120_000)
afterAll(() => stage.close(), 30_000)

test('host and backup agent are killed at 20 random moments each; every effect happens once and the day completes', async () => {
  const { site, day } = stage
  await playUnderFire(stage, {
    host: async () => {
      await site.kill()
      await site.start()
      return true
    },
    agent: () => day.host.killAndRestart(),
  })
}, 900_000)
