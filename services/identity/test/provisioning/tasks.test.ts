import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { awaitTasks } from '../../src/provisioning/await-tasks.ts'
import { identityStage, pass } from '../account-stage.ts'
import {
  as,
  call,
  joined,
  lease,
  ok,
  onPerson,
  refusal,
  report,
  responsibility,
  setRights,
  smallCompany,
  tasksOf,
  workOff,
  type TaskView,
} from '../directory-stage.ts'

let stage: TestService
let company: Awaited<ReturnType<typeof smallCompany>>

beforeAll(async () => {
  stage = await identityStage()
  company = await smallCompany(stage)
  await setRights(stage, 'CLERK', {
    roles: ['END_USER'],
    responsibilities: [responsibility('SQLGL', 'GL_CLERK')],
    ebsRoles: ['UMX|CLERK'],
  })
})
beforeEach(async () => {
  // Beyond every pause and lease of the test before, whose tasks are then worked off.
  pass(stage, 7_200_000)
  await workOff(stage)
})
afterAll(() => stage.release())

const fail = (task: TaskView, leaseToken = task.leaseToken, permanent = false) =>
  call(stage, {
    method: 'POST',
    url: `/v1/provisioning-tasks/${task.id}/fail`,
    headers: as('MIDDLEWARE'),
    payload: { leaseToken, code: 'ORA-20001', message: 'EBS said no', permanent },
  })

const handle = (task: TaskView, verb: 'retry' | 'drop', payload?: object) =>
  call(stage, {
    method: 'POST',
    url: `/v1/provisioning-tasks/${task.id}/${verb}`,
    headers: as('SYSTEM_ADMIN'),
    version: task.version,
    ...(payload !== undefined && { payload }),
  })

const states = async (userName: string) =>
  (await tasksOf(stage, userName)).map(({ kind, status }) => `${kind} ${status}`)

const factsOf = async (task: TaskView) =>
  (await queuedEvents(stage.db))
    .filter(({ data }) => (data as { taskId?: string }).taskId === task.id)
    .map(({ type }) => type)

/** The one task that is ready. */
async function only(): Promise<TaskView> {
  const [task, ...more] = await lease(stage)
  if (task === undefined || more.length > 0) throw new Error('there is not one task')
  return task
}

/** Gives the task back and takes it again until it has failed for good. */
async function failForGood(task: TaskView): Promise<TaskView> {
  let held = task
  for (;;) {
    const answer = await ok<TaskView>(fail(held))
    if (answer.status === 'failed') return answer
    pass(stage, 3_600_000)
    held = await only()
  }
}

test('[A-2.1.1] tasks of one user are handed out one by one in their order', async () => {
  const { userName } = await joined(stage)
  const kinds = []
  for (let tasks = await lease(stage); tasks.length > 0; tasks = await lease(stage)) {
    expect(tasks).toHaveLength(1)
    expect(await lease(stage)).toEqual([])
    for (const task of tasks) {
      kinds.push(task.kind)
      expect(await ok(report(stage, task))).toMatchObject({
        status: 'done',
        readBack: task.expected,
      })
    }
  }
  expect(kinds).toEqual(['create-user', 'add-responsibility', 'add-role'])
  expect(await states(userName)).toEqual(kinds.map((kind) => `${kind} done`))
})

test('of ten workers at once each user goes to one', async () => {
  for (let each = 0; each < 5; each += 1) await joined(stage)
  const leased = (await Promise.all(Array.from({ length: 10 }, () => lease(stage)))).flat()
  expect(leased).toHaveLength(5)
  expect(new Set(leased.map(({ userName }) => userName)).size).toBe(5)
  for (const task of leased) await ok(report(stage, task))
})

test('a lease that ran out goes to another worker, and the late one is fenced off', async () => {
  await joined(stage)
  const late = await only()
  pass(stage, 61_000)
  const again = await only()
  expect([again.id, again.attempts]).toEqual([late.id, 2])
  expect(again.leaseToken).not.toBe(late.leaseToken)
  expect(await refusal(report(stage, late))).toEqual([409, 'lease-lost'])
  expect(await refusal(fail(late))).toEqual([409, 'lease-lost'])
  expect((await report(stage, again)).statusCode).toBe(200)
})

test('a report after the lease ran out counts while nobody else got the task', async () => {
  await joined(stage)
  const task = await only()
  pass(stage, 61_000)
  expect((await report(stage, task)).statusCode).toBe(200)
})

test('a report that is repeated, even ten times at once, is done once', async () => {
  await joined(stage)
  const task = await only()
  const answers = await Promise.all(Array.from({ length: 10 }, () => report(stage, task)))
  expect(answers.map(({ statusCode }) => statusCode)).toEqual(Array(10).fill(200))
  const facts = await factsOf(task)
  expect(facts).toEqual(['identity.provisioning.queued.v1', 'identity.provisioning.done.v1'])
})

test('[A-4.3.3] what was read back otherwise is kept and announced, and the task is not done', async () => {
  await joined(stage)
  const task = await only()
  const readBack = { ...task.expected, userName: 'SOMEBODY' }
  const refused = await report(stage, task, readBack)
  expect(refused.json()).toMatchObject({ status: 409, code: 'read-back-differs', readBack })
  const [stored] = await tasksOf(stage, task.userName)
  expect(stored).toMatchObject({ status: 'queued', readBack, errorCode: 'read-back-differs' })
  expect(await factsOf(task)).toContain('identity.provisioning.drift.v1')
})

test('an earlier end date in EBS is good enough, a missing one is not', async () => {
  const person = await joined(stage)
  await workOff(stage)
  await ok(onPerson(stage, person, 'leave', { kind: 'resignation' }))
  const end = await only()
  expect(end).toMatchObject({
    kind: 'end-date-user',
    call: { procedure: 'FND_USER_PKG.UpdateUser', arguments: { x_owner: 'CUST' } },
  })
  const open = { ...end.expected, endDate: null }
  expect(await refusal(report(stage, end, open))).toEqual([409, 'read-back-differs'])
  pass(stage, 3_600_000)
  const again = await only()
  const earlier = { ...again.expected, endDate: '2020-01-31' }
  expect((await report(stage, again, earlier)).statusCode).toBe(200)
})

test('a task that fails waits longer each time, then for a person, and holds back what follows', async () => {
  const { userName } = await joined(stage)
  const first = await only()
  await ok(fail(first))
  expect(await lease(stage)).toEqual([])
  pass(stage, 59_000)
  expect(await lease(stage)).toEqual([])
  pass(stage, 1_000)
  const failed = await failForGood(await only())
  expect(failed).toMatchObject({ status: 'failed', attempts: 5, errorCode: 'ORA-20001' })
  expect(await factsOf(failed)).toContain('identity.provisioning.failed.v1')
  expect(await lease(stage)).toEqual([])
  expect(await refusal(handle({ ...failed, version: 1 }, 'retry'))).toEqual([412, 'version-stale'])
  const retried = await ok<TaskView>(handle(failed, 'retry'))
  expect(await refusal(handle(retried, 'drop', { reason: 'done by hand' }))).toEqual([
    409,
    'task-state',
  ])
  await workOff(stage)
  expect(await states(userName)).toEqual([
    'create-user done',
    'add-responsibility done',
    'add-role done',
  ])
})

test('a failed task that a person gave up lets the others go on', async () => {
  const { userName } = await joined(stage)
  await ok(report(stage, await only()))
  const failed = await failForGood(await only())
  await ok(handle(failed, 'drop', { reason: 'attached by hand' }))
  await workOff(stage)
  expect(await states(userName)).toEqual([
    'create-user done',
    'add-responsibility superseded',
    'add-role done',
  ])
})

test('a worker that never comes back is noticed after five leases', async () => {
  const { userName } = await joined(stage)
  for (let each = 0; each < 5; each += 1) {
    expect(await lease(stage)).toHaveLength(1)
    pass(stage, 61_000)
  }
  expect(await lease(stage)).toEqual([])
  expect((await states(userName))[0]).toBe('create-user failed')
  const [task] = await tasksOf(stage, userName)
  if (task !== undefined) await ok(handle(task, 'drop', { reason: 'clean up' }))
})

test('[A-2.1.4] the end date of a leaver overtakes a stuck task', async () => {
  const person = await joined(stage)
  await ok(report(stage, await only()))
  const stuck = await only()
  const other = await joined(stage)
  await ok(fail(stuck))
  const left = onPerson(stage, person, 'leave', { kind: 'dismissal' })
  await ok(left)
  const ready = await lease(stage)
  expect(ready.map(({ userName, kind }) => `${userName} ${kind}`).sort()).toEqual(
    [`${other.userName} create-user`, `${person.userName} end-date-user`].sort(),
  )
  for (const task of ready) await ok(report(stage, task))
  await workOff(stage)
  expect(await states(person.userName)).toEqual([
    'create-user done',
    'add-responsibility superseded',
    'add-role superseded',
    'end-date-user done',
    // Tried once, so it may have reached EBS; the role never was.
    'end-responsibility done',
  ])
})

test('the middleware of a unit sees the tasks of its unit alone', async () => {
  const person = await joined(stage)
  const headers = as('MIDDLEWARE', { range: 'unit', unit: company.south.id })
  const leased = await ok<{ items: unknown[] }>(
    call(stage, {
      method: 'POST',
      url: '/v1/provisioning-tasks/lease',
      headers,
      payload: { worker: 'south' },
    }),
  )
  expect(leased.items).toEqual([])
  const [task] = await tasksOf(stage, person.userName)
  const url = `/v1/provisioning-tasks/${String(task?.id)}`
  expect(await refusal(call(stage, { method: 'GET', url, headers }))).toEqual([404, 'not-found'])
})

test('a lease token is shown to its worker only', async () => {
  await joined(stage)
  const task = await only()
  const list = await tasksOf(stage, task.userName)
  expect(list.every((each) => !('leaseToken' in each))).toBe(true)
  await ok(report(stage, task))
})

test.each([
  ['an unknown task', randomUUID(), { leaseToken: randomUUID(), readBack: {} }, 404],
  ['an id that is none', 'x', { leaseToken: randomUUID(), readBack: {} }, 422],
  ['a token that is none', randomUUID(), { leaseToken: 'x', readBack: {} }, 422],
  ['a number read back', randomUUID(), { leaseToken: randomUUID(), readBack: { a: 1 } }, 422],
  ['a NUL read back', randomUUID(), { leaseToken: randomUUID(), readBack: { a: '\u0000' } }, 422],
])('a report with %s is refused', async (_what, id, payload, status) => {
  const url = `/v1/provisioning-tasks/${id}/done`
  const answer = await call(stage, { method: 'POST', url, headers: as('MIDDLEWARE'), payload })
  expect(answer.statusCode).toBe(status)
})

test.each(['SYSTEM_ADMIN', 'SECURITY_ADMIN', 'OM_AUTHORITY', 'SCRIPT'] as const)(
  '%s may not do the work of the middleware',
  async (role) => {
    const answer = call(stage, {
      method: 'POST',
      url: '/v1/provisioning-tasks/lease',
      headers: as(role),
      payload: { worker: 'x' },
    })
    expect(await refusal(answer)).toEqual([403, 'permission-missing'])
  },
)

test('[A-2.1.4] a failure that no further try mends is for a person at once', async () => {
  await joined(stage)
  const task = await only()
  const answer = await ok<TaskView>(fail(task, task.leaseToken, true))
  expect([answer.status, answer.attempts]).toEqual(['failed', 1])
  expect(await factsOf(task)).toContain('identity.provisioning.failed.v1')
  pass(stage, 7_200_000)
  expect(await lease(stage)).toEqual([])
  await ok(handle(answer, 'retry'))
})

const renew = (task: TaskView, leaseSeconds?: number, leaseToken = task.leaseToken) =>
  call(stage, {
    method: 'POST',
    url: `/v1/provisioning-tasks/${task.id}/renew`,
    headers: as('MIDDLEWARE'),
    payload: { leaseToken, ...(leaseSeconds !== undefined && { leaseSeconds }) },
  })

test('[A-2.1.1] a lease that is renewed in time keeps the task from others, and one that was lost is not', async () => {
  await joined(stage)
  const task = await only()
  pass(stage, 59_000)
  await ok(renew(task, 120))
  pass(stage, 119_000)
  expect(await lease(stage)).toEqual([])
  // Past its end and nobody has taken it: what was done in EBS was done.
  pass(stage, 2_000)
  await ok(renew(task))
  pass(stage, 61_000)
  const taken = await only()
  expect(taken.id).toBe(task.id)
  expect(await refusal(renew(task))).toEqual([409, 'lease-lost'])
  expect(await refusal(renew(taken, 3_601))).toEqual([422, 'validation-failed'])
  expect((await ok<TaskView>(report(stage, taken))).status).toBe('done')
  expect(await refusal(renew(taken))).toEqual([409, 'lease-lost'])
})

test('[A-2.1.1] a worker that waits gets a task as soon as there is one, and nothing when there is none', async () => {
  expect(await lease(stage, { waitSeconds: 1 })).toEqual([])
  const waiting = lease(stage, { waitSeconds: 20 })
  await joined(stage)
  const tasks = await waiting
  expect(tasks).toHaveLength(1)
  expect(tasks[0]?.leaseToken).not.toBeNull()
  for (const task of tasks) await report(stage, task)
})

test('[A-2.1.4] nothing is handed to a worker that has gone, and no worker holds up the end of the service', async () => {
  const other = await identityStage()
  await smallCompany(other)
  const url = await other.app.listen({ host: '127.0.0.1', port: 0 })
  const ask = (signal?: AbortSignal) =>
    fetch(`${url}/v1/provisioning-tasks/lease`, {
      method: 'POST',
      headers: { ...as('MIDDLEWARE'), 'content-type': 'application/json' },
      body: JSON.stringify({ worker: 'gone', waitSeconds: 20 }),
      ...(signal !== undefined && { signal }),
    })
  const arrival = () => once(other.app.server, 'request')
  const leaving = new AbortController()
  const arrived = arrival()
  const asked = ask(leaving.signal).catch(() => null)
  const [, response] = (await arrived) as [unknown, ServerResponse]
  const closed = once(response, 'close')
  leaving.abort()
  await Promise.all([asked, closed])
  const { userName } = await joined(other)
  expect(await (await ask()).json()).toMatchObject({ items: [{ userName }] })

  const next = arrival()
  const waiting = ask()
  await next
  await other.release()
  expect(await (await waiting).json()).toEqual({ items: [] })
})

test('once nobody waits any more nothing is looked for again', async () => {
  const gone = new AbortController()
  let looks = 0
  const look = () => {
    looks += 1
    gone.abort()
    return Promise.resolve(looks === 1 ? [] : ['a task'])
  }
  expect(await awaitTasks(look, 20_000, gone.signal)).toEqual([])
  expect(looks).toBe(1)
})
