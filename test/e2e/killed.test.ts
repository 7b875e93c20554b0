import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, test } from '@jest/globals'
import { openStage, type Stage } from './stage.ts'
import { standaloneSite } from './standalone-site.ts'

const KILLS = 20

let stage: Stage

beforeAll(async () => {
  stage = await openStage(standaloneSite)
}, 120_000)
afterAll(() => stage.close(), 30_000)

test('the host is killed at 20 random moments of the play; every effect happens once and the play completes', async () => {
  const { play, site } = stage
  let kills = 0
  const playing = new AbortController()
  const killer = (async () => {
    while (!playing.signal.aborted && kills < KILLS) {
      // Between a moment and three seconds after it answers again: in every step, and in starts as well.
      await sleep(200 + Math.random() * 2_800)
      site.kill()
      kills += 1
      await site.start()
    }
  })()
  try {
    for (const [name, step] of play.steps) {
      process.stderr.write(`  ${name} (${kills} kills so far)\n`)
      await step()
    }
  } finally {
    playing.abort()
    await killer
  }
  // What is left of the twenty falls on the finished play: nothing may come of it.
  for (; kills < KILLS; kills += 1) {
    await sleep(Math.random() * 500)
    site.kill()
    await site.start()
  }
  await play.everythingIsInTheLedger()
  await play.verifyLedger()
  await play.everyEffectHappenedOnce()
}, 600_000)
