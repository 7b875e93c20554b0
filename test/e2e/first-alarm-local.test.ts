import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { openStage, type Stage } from './stage.ts'
import { standaloneSite } from './standalone-site.ts'

let stage: Stage

beforeAll(async () => {
  stage = await openStage(standaloneSite)
}, 120_000)
afterAll(() => stage.close(), 30_000)

test('[A-2.1.1][A-2.1.4][A-2.2.3][A-2.2.7][A-3.2.3][A-5.2.3][B-4.0] the first alarm, as a user runs the product: one process, local bus', async () => {
  for (const [name, step] of stage.play.steps) {
    process.stderr.write(`  ${name}\n`)
    await step()
  }
  expect(stage.play.refusedAfterMs).toBeLessThan(1_000)
  await stage.play.everyEffectHappenedOnce()
}, 300_000)

test('[A-4.3.4] one row of the ledger changed by SQL is found and named', async () => {
  await stage.play.tamper()
}, 60_000)
