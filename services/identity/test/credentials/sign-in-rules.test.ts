import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import { runTask } from '@erp-steward/test-kit/run-task'
import type { TestService } from '@erp-steward/test-kit/test-service'
import {
  giveInitialPassword,
  identityStage,
  addAccount,
  newcomer,
  pass,
  signedIn,
} from '../account-stage.ts'

let stage: TestService
beforeAll(async () => {
  stage = await identityStage()
})
afterAll(() => stage.release())

async function counted() {
  await runTask(stage, 'check-sign-in-rules')
  return (await queuedEvents(stage.db)).at(-1)?.data
}
const NONE = { sessionsPastInitial: 0, withoutClasses: 0, tooShort: 0, sessionsPastLimit: 0 }

test('[A-2.2.3][A-2.2.4][A-2.2.5][A-2.2.7] what the rules for signing in forbid is counted as it is now', async () => {
  const { account } = await newcomer(stage)
  expect(await counted()).toMatchObject(NONE)
  const initial = await addAccount(stage)
  await signedIn(stage, initial, await giveInitialPassword(stage, initial))
  expect(await counted()).toMatchObject(NONE)

  await stage.db.query(
    `update credential set policy = policy || '{"classes": 0, "minLength": 6}' where account_id = $1`,
    [account.id],
  )
  expect(await counted()).toMatchObject({ ...NONE, withoutClasses: 1, tooShort: 1 })
  await stage.db.query(`update account set status = 'disabled' where id = $1`, [account.id])
  expect(await counted()).toMatchObject(NONE)

  // Somebody at the tables keeps sessions open: they are found.
  await stage.db.query(`update session set idle_at = $1, ends_at = $1 where ended_at is null`, [
    new Date(stage.now.getTime() + 30 * 86_400_000),
  ])
  pass(stage, 4 * 86_400_000)
  expect(await counted()).toMatchObject({ ...NONE, sessionsPastInitial: 1 })
  pass(stage, 27 * 86_400_000)
  expect(await counted()).toMatchObject({ sessionsPastLimit: 2 })
  await runTask(stage, 'end-lapsed-sessions')
  expect(await counted()).toMatchObject(NONE)
})
