import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { toldAttention } from '@erp-steward/test-kit/told-attention'
import { identityStage, pass } from './account-stage.ts'
import {
  as,
  call,
  joined,
  lease,
  report,
  smallCompany,
  tasksOf,
  workOff,
} from './directory-stage.ts'

const MINUTE = 60_000

let stage: TestService
beforeAll(async () => {
  stage = await identityStage()
  await smallCompany(stage)
})
afterAll(() => stage.release())

const waiting = () => toldAttention(stage, { kind: 'ebs-task-waiting' })
const failed = () => toldAttention(stage, { kind: 'ebs-task-failed' })

test('[A-2.1.4] a task wants a human after a quarter of an hour without the middleware, the next of each user alone', async () => {
  const { userName } = await joined(stage)
  pass(stage, 1)
  await joined(stage)
  const [first] = await tasksOf(stage, userName)
  pass(stage, 15 * MINUTE - 1)
  expect(await waiting()).toEqual([])
  pass(stage, 1)
  expect(await waiting()).toHaveLength(1)
  pass(stage, 1)
  const matters = await waiting()
  expect(matters).toHaveLength(2)
  expect(matters[0]).toMatchObject({
    ...{ subject: first?.id, name: 'create-user', severity: 'warning', target: null },
    mending: 'readProvisioningTask',
  })
  expect(await toldAttention(stage, { kind: 'ebs-task-waiting', unitId: first?.id ?? '' })).toEqual(
    [],
  )
  expect(JSON.stringify(matters)).not.toContain(userName)
  const [held] = await lease(stage, { limit: 1 })
  if (held === undefined) throw new Error('there is no task')
  expect(await waiting()).toHaveLength(1)
  await report(stage, held)
  await workOff(stage)
  expect(await waiting()).toEqual([])
})

test('a lease that ran out and was not taken up is told of too', async () => {
  await joined(stage)
  const [task] = await lease(stage, { leaseSeconds: 60 })
  pass(stage, 16 * MINUTE)
  expect(await waiting()).toEqual([])
  pass(stage, MINUTE)
  expect(await waiting()).toMatchObject([{ subject: task?.id }])
  pass(stage, 60 * MINUTE)
  await workOff(stage)
})

test('[A-2.1.4] a task that failed is told of instead of what waits behind it; an end is graver than a beginning', async () => {
  const { userName } = await joined(stage)
  const [task] = await tasksOf(stage, userName)
  for (;;) {
    const [held] = await lease(stage)
    if (held === undefined) throw new Error('there is no task')
    const answer = await call(stage, {
      method: 'POST',
      url: `/v1/provisioning-tasks/${held.id}/fail`,
      headers: as('MIDDLEWARE'),
      payload: { leaseToken: held.leaseToken, code: 'ORA-20001', message: 'EBS said no' },
    })
    if (answer.json<{ status: string }>().status === 'failed') break
    pass(stage, 60 * MINUTE)
  }
  pass(stage, 60 * MINUTE)
  expect(await waiting()).toEqual([])
  expect(await failed()).toMatchObject([
    { subject: task?.id, severity: 'warning', mending: 'retryProvisioningTask' },
  ])
  await stage.db.query(`update provisioning_task set kind = 'end-date-user' where id = $1`, [
    task?.id,
  ])
  expect(await failed()).toMatchObject([{ severity: 'critical', name: 'end-date-user' }])
  expect(await waiting()).toEqual([])
})
