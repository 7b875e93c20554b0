import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { PEOPLE } from './company.ts'
import { openStage, playAll, REFUSED_WITHIN_MS, tamperIsFound, type Stage } from './stage.ts'
import { standaloneSite } from './standalone-site.ts'

let stage: Stage

beforeAll(async () => {
  stage = await openStage(standaloneSite)
}, 600_000)
afterAll(() => stage.close())

test('[A-2.1.1][A-2.1.4][A-2.2.3][A-2.2.7][A-2.4.2][A-2.4.3][A-2.4.4][A-2.4.6][A-2.4.7][A-3.2.3][A-3.3.4][A-5.2.3][A-6.1.1][B-4.0][B-4.2.4][B-5.6] a working day, as a user runs the product: one process, local bus', async () => {
  await playAll(stage)
  expect(stage.day.alarm.refusedAfterMs).toBeLessThan(REFUSED_WITHIN_MS)
  await stage.effects.everythingIsInTheLedger()
  await stage.effects.happenedOnce(stage.day, PEOPLE)
}, 1_200_000)

test('[A-4.3.4] one row of the ledger changed by SQL is found and named', async () => {
  await tamperIsFound(stage)
})
