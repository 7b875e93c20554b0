import { afterAll, beforeAll, test } from '@jest/globals'
import { openStage, type Stage } from './stage.ts'
import { standaloneSite } from './standalone-site.ts'
import { playUnderFire } from './under-fire.ts'

let stage: Stage

beforeAll(async () => {
  stage = await openStage(standaloneSite)
}, 600_000)
afterAll(() => stage.close())

test('host and backup agent are killed at ten random moments each; every effect happens once and the day completes', async () => {
  const { site, day } = stage
  await playUnderFire(stage, {
    host: async () => {
      await site.kill()
      await site.start()
      return true
    },
    agent: () => day.host.killAndRestart(),
  })
}, 1_800_000)
