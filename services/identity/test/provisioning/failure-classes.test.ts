import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { toldAttention } from '@erp-steward/test-kit/told-attention'
import { identityStage, pass } from '../account-stage.ts'
import {
  as,
  call,
  factsAbout,
  joined,
  lease,
  ok,
  onPerson,
  refusal,
  report,
  smallCompany,
  tasksOf,
  workOff,
  type TaskView,
} from '../directory-stage.ts'
import { decide, findings, held, upload } from '../reconciliation-stage.ts'

const MINUTE = 60_000

let stage: TestService
beforeEach(async () => {
  stage = await identityStage()
  await smallCompany(stage)
})
afterEach(() => stage.release())

const fail = ({ id, leaseToken }: TaskView, members: object) =>
  ok<TaskView>(
    call(stage, {
      method: 'POST',
      url: `/v1/provisioning-tasks/${id}/fail`,
      headers: as('MIDDLEWARE'),
      payload: { leaseToken, code: 'ORA-12541', message: 'no listener', ...members },
    }),
  )

/** The one task that can be leased now. */
async function next(): Promise<TaskView> {
  const [task] = await lease(stage)
  if (task === undefined) throw new Error('there is no task')
  return task
}

test('[A-2.1.4] an EBS that is away for days uses up no try, and a human is told', async () => {
  const { userName } = await joined(stage)
  for (let times = 0; times < 12; times += 1) {
    const task = await fail(await next(), { class: 'unreachable' })
    expect(task).toMatchObject({ status: 'queued', attempts: 0 })
    expect(await lease(stage)).toEqual([])
    pass(stage, 5 * MINUTE)
  }
  expect(await toldAttention(stage, { kind: 'ebs-task-waiting' })).toHaveLength(1)
  await workOff(stage)
  expect((await tasksOf(stage, userName)).map(({ status }) => status)).toEqual(['done'])
})

test('an EBS that is busy is asked again after seconds, ten times in all', async () => {
  await joined(stage)
  await fail(await next(), { class: 'busy' })
  pass(stage, 9_999)
  expect(await lease(stage)).toEqual([])
  pass(stage, 1)
  for (let times = 2; times <= 10; times += 1) {
    const { status } = await fail(await next(), { class: 'busy' })
    expect(status).toBe(times < 10 ? 'queued' : 'failed')
    pass(stage, 5 * MINUTE)
  }
})

test('what is permanent waits for a person at once, by either word', async () => {
  for (const members of [{ class: 'permanent' }, { permanent: true }]) {
    await joined(stage)
    expect(await fail(await next(), members)).toMatchObject({ status: 'failed', attempts: 1 })
  }
})

const reset = (accountId: string, headers = as('SECURITY_ADMIN')) =>
  call(stage, {
    method: 'POST',
    url: `/v1/accounts/${accountId}/ebs-password-reset`,
    headers,
    payload: { reason: 'called, and was known' },
  })

test('[A-2.2.2] [A-4.2.4] a password in EBS is reset by the security administrator, never by its owner, and read back', async () => {
  const person = await joined(stage)
  await workOff(stage)
  const { accountId, userName } = person
  expect(await refusal(reset(accountId, as('SYSTEM_ADMIN')))).toEqual([403, 'permission-missing'])
  const own = as('SECURITY_ADMIN', { person: person.id, sub: randomUUID() })
  expect(await refusal(reset(accountId, own))).toEqual([409, 'same-person'])
  expect(await refusal(reset(randomUUID()))).toEqual([404, 'account-unknown'])
  const queued = await ok<TaskView>(reset(accountId))
  expect(queued).toMatchObject({ kind: 'reset-password', status: 'queued', userName })
  expect(JSON.stringify(queued.call)).not.toMatch(/unencrypted/)
  const task = await next()
  const set = { userName, passwordDate: '2026-11-30' }
  expect(await refusal(report(stage, task, set))).toEqual([409, 'read-back-differs'])
  pass(stage, MINUTE)
  await ok(report(stage, await next()))
  expect(await factsAbout(stage, accountId)).toContain('identity.provisioning.reset-asked.v1')
})

test('[A-2.1.4] a reset that waits is taken back when the person leaves, and nobody who is out gets one', async () => {
  const person = await joined(stage)
  await workOff(stage)
  await ok(reset(person.accountId))
  await ok(onPerson(stage, person, 'leave', { leaveOn: '2020-01-31', kind: 'dismissal' }))
  const tasks = await tasksOf(stage, person.userName)
  expect(tasks.find(({ kind }) => kind === 'reset-password')?.status).toBe('superseded')
  expect(await refusal(reset(person.accountId))).toEqual([409, 'account-state'])
})

test('[A-2.2.5] a profile option that differs is set as the parameters ask when a person says so, and is no user', async () => {
  const { userName } = await joined(stage)
  await workOff(stage)
  pass(stage, 1_000)
  const weak = { profileOption: 'SIGNON_PASSWORD_LENGTH', value: '5' }
  await upload(stage, [held(userName), weak])
  const found = await findings(stage, '&kind=profile-option')
  const length = found.find(({ name }) => name === 'SIGNON_PASSWORD_LENGTH')
  const custom = found.find(({ name }) => name === 'SIGNON_PASSWORD_CUSTOM')
  if (length === undefined || custom === undefined) throw new Error('nothing was found')
  expect(await refusal(decide(stage, custom, 'restore'))).toEqual([409, 'finding-state'])
  await ok(decide(stage, length, 'restore'))
  const task = await next()
  expect(task).toMatchObject({
    ...{ kind: 'set-profile-option', userName: '-' },
    expected: { profileOption: 'SIGNON_PASSWORD_LENGTH', value: '8' },
  })
  await ok(report(stage, task))
})
