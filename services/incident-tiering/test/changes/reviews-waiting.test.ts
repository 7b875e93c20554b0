import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { saidOfWaits } from '@erp-steward/test-kit/said-of-waits'
import { runTask } from '@erp-steward/test-kit/run-task'
import {
  approved,
  changeStage,
  minorChange,
  must,
  standing,
  TUESDAY_NIGHT,
  type ChangeStage,
} from './change-stage.ts'

let all: ChangeStage
beforeAll(async () => {
  all = await changeStage()
})
afterAll(() => all.stage.release())

test('[A-3.3.5] a change that nobody but requester and executor could look back at is an alarm until somebody can', async () => {
  const { stage, people } = all
  const change = await approved(all, minorChange(all))
  const { id } = change
  stage.now = TUESDAY_NIGHT
  await must(all, change, 'start', 'provider')
  await must(all, change, 'finish', 'provider', { outcome: 'deployed', result: 'All done.' })
  const said = async () =>
    (await saidOfWaits(stage.db, 'change.review')).map((each) => [each.said, each.subject])
  await runTask(stage, 'watch-waits')
  expect(await said()).toEqual([])
  for (const part of ['owner', 'deputy', 'leaver', 'second', 'authority', 'foreign'] as const)
    await standing(stage, people[part], ['END_USER'])
  await runTask(stage, 'watch-waits')
  expect(await said()).toEqual([['undecidable', id]])
  // Of another unit, and so not for him to read.
  await standing(stage, people.foreign, ['BUSINESS_OWNER', 'KEY_USER'])
  await runTask(stage, 'watch-waits')
  expect(await said()).toHaveLength(1)
  await standing(stage, people.owner, ['BUSINESS_OWNER'])
  await runTask(stage, 'watch-waits')
  expect(await said()).toEqual([
    ['undecidable', id],
    ['decidable', id],
  ])
})
