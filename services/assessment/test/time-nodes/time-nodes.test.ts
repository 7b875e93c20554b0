import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { create, send } from '@erp-steward/test-kit/requests'
import { after } from '@erp-steward/test-kit/instants'
import { runTask } from '@erp-steward/test-kit/run-task'
import { OTHER_UNIT, UNIT } from '@erp-steward/test-kit/tell-of-company'
import { caller, type Caller } from '@erp-steward/test-kit/tokens'
import {
  assessmentStage,
  authority,
  compute,
  emptyStage,
  endUser,
  facts,
  fillDirectory,
  FINANCE,
  middleware,
  MONDAY,
  ofUnit,
  ok,
  OTHER_DEPARTMENT,
  scoreOf,
  setParameter,
  stranger,
  tellOfPerson,
} from '../assessment-stage.ts'

let stage: TestService
let people: Record<'clerk' | 'mate', string>
const DUE = '2026-03-10T10:00:00.000Z'

beforeAll(async () => {
  stage = await assessmentStage()
})
afterAll(() => stage.release())
beforeEach(async () => {
  await emptyStage(stage)
  people = await fillDirectory(stage, 'clerk', 'mate')
})

const body = (changes: Record<string, unknown> = {}) => ({
  code: 'close-gl',
  title: 'Close the general ledger',
  unitId: UNIT,
  departmentId: null,
  personId: null,
  dueAt: DUE,
  isUrgent: false,
  ...changes,
})

const plan = async (changes: Record<string, unknown> = {}) =>
  ok(await create(stage, '/v1/time-nodes', authority(), body(changes)))

const complete = (id: string, completedAt: Date | string, headers: Caller = middleware()) =>
  send(stage, 'POST', `/v1/time-nodes/${id}/complete`, headers, { completedAt })

const jobs = (): Promise<{ runAt: Date }[]> =>
  stage.db.query(
    `select j.run_at as "runAt" from assessment_jobs._private_jobs j
       join assessment_jobs._private_tasks t on t.id = j.task_id
      where t.identifier = 'time-node-due' order by j.run_at`,
  )

const delays = async () =>
  (await facts(stage, 'observation.recorded')).filter(({ data }) => data.kind === 'delay')

describe('completion', () => {
  test.each([
    ['at its time is in time', 0, true],
    ['a millisecond later is a delay', 1, false],
  ])('[A-2.3.7] %s', async (_what, ms, withinTarget) => {
    const { id } = await plan({ personId: people.clerk })
    stage.now = after(DUE, 60_000)
    expect(ok(await complete(id, after(DUE, ms)))).toMatchObject({ state: 'completed' })
    expect(await facts(stage, 'time-node.completed')).toMatchObject([
      { subject: id, data: { withinTarget, dueAt: DUE } },
    ])
    expect(await facts(stage, 'time-node.missed')).toHaveLength(withinTarget ? 0 : 1)
    expect(await delays()).toHaveLength(withinTarget ? 0 : 1)
  })

  test('[A-2.3.7] told twice it is one, told otherwise it is refused', async () => {
    const { id } = await plan()
    ok(await complete(id, MONDAY))
    ok(await complete(id, MONDAY))
    expect(await facts(stage, 'time-node.completed')).toHaveLength(1)
    expect((await complete(id, after(MONDAY, -1))).json()).toMatchObject({
      status: 409,
      code: 'time-node-state',
    })
    const { id: other } = await plan()
    expect((await complete(other, after(MONDAY, 1))).json()).toMatchObject({
      code: 'time-node-state',
    })
  })

  test('[A-2.3.7] told after the time of a finish before it, the delay is voided, but not on the own word', async () => {
    const { id } = await plan({ personId: people.clerk })
    stage.now = after(DUE, 1)
    await runTask(stage, 'time-node-due', { nodeId: id })
    expect((await complete(id, DUE, endUser(people.clerk))).json()).toMatchObject({
      code: 'same-person',
    })
    expect(ok(await complete(id, DUE))).toMatchObject({ state: 'completed' })
    const sheet = await compute(stage, '2026-03')
    expect((await scoreOf(stage, sheet, people.clerk)).total).toBe(100)
  })

  test('[A-2.3.7] what the unit says in time is a claim, until somebody of another unit says so', async () => {
    const { id } = await plan({ personId: people.clerk })
    const own = endUser(people.clerk)
    expect(ok(await complete(id, MONDAY, own))).toMatchObject({ state: 'claimed' })
    ok(await complete(id, MONDAY, own))
    expect((await complete(id, after(MONDAY, -1), own)).json()).toMatchObject({
      code: 'same-person',
    })
    for (const headers of [
      ofUnit('BUSINESS_OWNER', people.mate),
      caller({ roles: ['SCRIPT'], kind: 'client', controllers: [people.mate] }),
      // Nobody knows who stands behind it: it may be the clerk's own.
      caller({ roles: ['SCRIPT'], kind: 'client', controllers: [] }),
    ])
      expect((await complete(id, after(MONDAY, -1), headers)).json()).toMatchObject({
        code: 'same-person',
      })
    expect(await facts(stage, 'time-node.completed')).toEqual([])
    expect(await facts(stage, 'time-node.claimed')).toMatchObject([
      { subject: id, data: { confirmBy: '2026-03-24T10:00:00.000Z' } },
    ])
    stage.now = after(DUE, 1)
    await runTask(stage, 'time-node-due', { nodeId: id })
    expect(await delays()).toEqual([])
    const judge = authority(await stranger(stage))
    expect(ok(await complete(id, MONDAY, judge))).toMatchObject({ state: 'completed' })
    expect(await facts(stage, 'time-node.completed')).toMatchObject([
      { subject: id, data: { withinTarget: true } },
    ])
  })

  test('[A-2.3.7][A-6.1.2] a claim that nobody confirms in two weeks is a step that was missed, until somebody does', async () => {
    const { id } = await plan({ personId: people.clerk })
    ok(await complete(id, MONDAY, endUser(people.clerk)))
    stage.now = after(DUE, 14 * 86_400_000)
    await runTask(stage, 'watch-claims')
    expect(await delays()).toEqual([])
    stage.now = after(DUE, 14 * 86_400_000 + 1)
    await Promise.all([runTask(stage, 'watch-claims'), runTask(stage, 'watch-claims')])
    expect(await delays()).toHaveLength(1)
    expect((await scoreOf(stage, await compute(stage, '2026-03'), people.clerk)).total).toBe(98)
    // The claim is gone: it is not made again after the time.
    for (const headers of [endUser(people.clerk), ofUnit('BUSINESS_OWNER', people.mate)])
      expect((await complete(id, MONDAY, headers)).json()).toMatchObject({ code: 'same-person' })
    ok(await complete(id, MONDAY, authority(await stranger(stage))))
    expect((await scoreOf(stage, await compute(stage, '2026-03'), people.clerk)).total).toBe(100)
  })

  test('[A-2.3.7] a client of nobody known claims as the unit does, and says nothing after the time', async () => {
    const anyone = caller({ roles: ['SCRIPT'], kind: 'client', controllers: [] })
    const { id } = await plan({ personId: people.clerk })
    expect(ok(await complete(id, MONDAY, anyone))).toMatchObject({ state: 'claimed' })
    const other = await plan({ code: 'close-ap' })
    stage.now = after(DUE, 1)
    expect((await complete(other.id, DUE, anyone)).json()).toMatchObject({ code: 'same-person' })
  })

  test('[A-2.3.7][A-6.1.2] whoever measured moves takes the new unit along: its people say nothing of the step', async () => {
    const { id } = await plan({ personId: people.clerk })
    const colleague = await stranger(stage)
    const away = { name: 'clerk', unitId: OTHER_UNIT, departmentId: OTHER_DEPARTMENT }
    await tellOfPerson(stage, people.clerk, away)
    expect(ok(await complete(id, MONDAY, authority(colleague)))).toMatchObject({ state: 'claimed' })
    expect((await complete(id, after(MONDAY, -1), authority(people.mate))).json()).toMatchObject({
      code: 'same-person',
    })
    await tellOfPerson(stage, people.clerk, { name: 'clerk' })
    expect((await complete(id, after(MONDAY, -1), authority(colleague))).json()).toMatchObject({
      code: 'same-person',
    })
    ok(await complete(id, MONDAY))
  })

  test('[A-2.3.7] a claim is no measure: who has nothing else in the month is not measured', async () => {
    const { id } = await plan({ personId: people.clerk })
    ok(await complete(id, MONDAY, endUser(people.clerk)))
    const before = await compute(stage, '2026-03')
    expect(await scoreOf(stage, before, people.clerk)).toMatchObject({ measured: false })
    ok(await complete(id, MONDAY, authority(await stranger(stage))))
    const now = await compute(stage, '2026-03')
    expect(await scoreOf(stage, now, people.clerk)).toMatchObject({ measured: true, total: 100 })
    const check = `/v1/score-sheets/${before.id}/recompute-check`
    expect(ok(await send(stage, 'POST', check, authority()))).toMatchObject({ matches: true })
  })

  test('[A-2.3.7] a claim is refused by somebody of another unit: open again in time, a delay after it', async () => {
    const refuse = (id: string, headers: Caller) =>
      send(stage, 'POST', `/v1/time-nodes/${id}/refuse-claim`, headers)
    const judge = authority(await stranger(stage))
    const { id } = await plan({ personId: people.clerk })
    expect((await refuse(id, judge)).json()).toMatchObject({ code: 'time-node-state' })
    ok(await complete(id, MONDAY, endUser(people.clerk)))
    for (const headers of [ofUnit('BUSINESS_OWNER', people.mate), authority(people.clerk)])
      expect((await refuse(id, headers)).json()).toMatchObject({ code: 'same-person' })
    expect((await refuse(id, authority())).json()).toMatchObject({ code: 'person-required' })
    expect(ok(await refuse(id, judge))).toMatchObject({ state: 'open', completedAt: null })
    ok(await complete(id, MONDAY, endUser(people.clerk)))
    stage.now = after(DUE, 1)
    expect(ok(await refuse(id, judge))).toMatchObject({ state: 'missed' })
    expect(await delays()).toHaveLength(1)
  })

  test('[A-2.3.7] after its time no colleague, leader or client of the unit says that it was in time', async () => {
    const { id } = await plan({ personId: people.clerk })
    stage.now = after(DUE, 1)
    await runTask(stage, 'time-node-due', { nodeId: id })
    const away = { name: 'mate', unitId: OTHER_UNIT, departmentId: OTHER_DEPARTMENT }
    for (const headers of [
      ofUnit('KEY_USER', people.mate),
      ofUnit('BUSINESS_OWNER', people.mate),
      authority(people.mate),
      caller({ roles: ['SCRIPT'], kind: 'client', controllers: [people.mate] }),
    ])
      expect((await complete(id, DUE, headers)).json()).toMatchObject({
        status: 409,
        code: 'same-person',
      })
    await tellOfPerson(stage, people.mate, away)
    expect((await complete(id, DUE, authority(people.mate))).json()).toMatchObject({
      code: 'same-person',
    })
    expect(await facts(stage, 'observation.voided')).toEqual([])
  })

  test('a user completes own steps and those of the unit, not those of a colleague or another unit', async () => {
    const mine = await plan({ personId: people.clerk })
    const ours = await plan({ departmentId: FINANCE })
    const theirs = await plan({ personId: people.mate })
    const foreign = await plan({ unitId: OTHER_UNIT })
    ok(await complete(mine.id, MONDAY, endUser(people.clerk)))
    ok(await complete(ours.id, MONDAY, endUser(people.clerk)))
    expect((await complete(theirs.id, MONDAY, endUser(people.clerk))).json()).toMatchObject({
      status: 403,
      code: 'not-concerned',
    })
    expect((await complete(foreign.id, MONDAY, endUser(people.clerk))).statusCode).toBe(404)
    expect((await complete(randomUUID(), MONDAY)).json()).toMatchObject({
      code: 'time-node-not-found',
    })
  })
})

test('[A-2.3.7] after its time a user does not clear the delay of the own department, somebody of another unit does', async () => {
  const { id } = await plan({ departmentId: FINANCE })
  stage.now = after(DUE, 60_000)
  await runTask(stage, 'time-node-due', { nodeId: id })
  expect((await complete(id, DUE, endUser(people.clerk))).json()).toMatchObject({
    code: 'same-person',
  })
  ok(await complete(id, DUE, authority(await stranger(stage))))
  expect(await facts(stage, 'observation.voided')).toMatchObject([
    { data: { kind: 'delay', originId: id, reason: 'Finished in time, told later.' } },
  ])
})

test('a user does not see what a colleague had to finish', async () => {
  const theirs = await plan({ personId: people.mate })
  const ours = await plan({ departmentId: FINANCE })
  const mine = await plan({ personId: people.clerk })
  const list = ok(await send(stage, 'GET', '/v1/time-nodes', endUser(people.clerk)))
  expect((list.items as { id: string }[]).map(({ id }) => id).sort()).toEqual(
    [ours.id, mine.id].sort(),
  )
  const read = await send(stage, 'GET', `/v1/time-nodes/${theirs.id}`, endUser(people.clerk))
  expect(read.statusCode).toBe(404)
})

describe('the timer', () => {
  test('[A-2.3.7][A-6.1.2] looks after the last instant, and a missed node is one delay', async () => {
    const { id } = await plan({ personId: people.clerk, isUrgent: true })
    expect(await jobs()).toEqual([{ runAt: after(DUE, 1) }])
    stage.now = new Date(DUE)
    await runTask(stage, 'time-node-due', { nodeId: id })
    expect(await facts(stage, 'time-node.missed')).toEqual([])
    stage.now = after(DUE, 1)
    await Promise.all([
      runTask(stage, 'time-node-due', { nodeId: id }),
      runTask(stage, 'time-node-due', { nodeId: id }),
    ])
    await runTask(stage, 'time-node-due', { nodeId: id })
    expect(await facts(stage, 'time-node.missed')).toMatchObject([
      { subject: id, data: { personId: people.clerk, dueAt: DUE } },
    ])
    expect(await delays()).toMatchObject([
      { data: { personId: people.clerk, severity: 'heavy', occurredAt: DUE } },
    ])
    const sheet = await compute(stage, '2026-03')
    expect((await scoreOf(stage, sheet, people.clerk)).total).toBe(95)
  })

  test('[A-6.1.2] a node of the unit as a whole counts for the unit alone', async () => {
    const { id } = await plan()
    stage.now = after(DUE, 1)
    await runTask(stage, 'time-node-due', { nodeId: id })
    const sheet = await compute(stage, '2026-03')
    expect(await scoreOf(stage, sheet, UNIT)).toMatchObject({ staffAverage: null, total: 98 })
    expect((await scoreOf(stage, sheet, people.clerk)).total).toBeNull()
  })

  test('[A-2.3.7] a completed node is left alone', async () => {
    const { id } = await plan()
    ok(await complete(id, MONDAY))
    stage.now = after(DUE, 1)
    await runTask(stage, 'time-node-due', { nodeId: id })
    expect(await delays()).toEqual([])
  })
})

describe('planning', () => {
  test.each([
    ['an unknown unit', { unitId: randomUUID() }, 'unit-unknown'],
    ['a department of another unit', { departmentId: OTHER_DEPARTMENT }, 'department-unknown'],
    ['an unknown person', { personId: randomUUID() }, 'person-unknown'],
    ['a time that is over', { dueAt: MONDAY.toISOString() }, 'time-node-refused'],
    ['a code with a space', { code: 'close gl' }, 'validation-failed'],
  ])('%s is told', async (_what, changes, code) => {
    const answer = await create(stage, '/v1/time-nodes', authority(), body(changes))
    expect(answer.json()).toMatchObject({ status: 422, code })
  })

  test('[A-2.3.7] a business owner proposes a node of the own unit, somebody of another unit sets it', async () => {
    const foreign = ofUnit('BUSINESS_OWNER', people.mate, OTHER_UNIT)
    expect((await create(stage, '/v1/time-nodes', foreign, body())).json()).toMatchObject({
      code: 'outside-unit',
    })
    const list = `/v1/time-nodes?unitId=${UNIT}&state=open&month=2026-03`
    const asked = await create(
      stage,
      '/v1/time-nodes',
      ofUnit('BUSINESS_OWNER', people.mate),
      body(),
    )
    expect(asked.statusCode).toBe(202)
    expect(ok(await send(stage, 'GET', list, endUser(people.clerk))).items).toEqual([])
    const approve = (headers: Caller) =>
      send(
        stage,
        'POST',
        `/v1/proposals/assessment/${asked.json<{ id: string }>().id}/approve`,
        { ...headers, 'if-match': '"1"' },
        {},
      )
    expect((await approve(authority(people.clerk))).json()).toMatchObject({ code: 'concerned' })
    ok(await approve(authority(await stranger(stage))))
    const [planned] = ok(await send(stage, 'GET', list, endUser(people.clerk))).items as {
      id: string
    }[]
    const id = planned?.id ?? ''
    const own = await create(stage, '/v1/time-nodes', authority(people.mate), body({ code: 'b' }))
    expect(own.statusCode).toBe(202)
    expect(ok(await send(stage, 'GET', list, foreign)).items).toEqual([])
    expect((await send(stage, 'GET', `/v1/time-nodes/${id}`, foreign)).statusCode).toBe(404)
  })

  test('[A-2.3.7] the nodes of the next month are planned once for each unit, as it has set them', async () => {
    ok(
      await setParameter(stage, 'assessment.calendar.nodes', [
        'close-gl WD3 18:00',
        'report D31 09:30',
      ]),
    )
    ok(await setParameter(stage, 'assessment.calendar.nodes', [], { unitId: OTHER_UNIT }))
    await runTask(stage, 'plan-monthly-nodes')
    await runTask(stage, 'plan-monthly-nodes')
    const list = ok(await send(stage, 'GET', '/v1/time-nodes?month=2026-04', authority())).items
    // April 2026: 1st to 3rd are working days (the 4th to 6th a holiday); it has 30 days.
    expect(list).toMatchObject([
      { code: 'report', unitId: UNIT, dueAt: '2026-04-30T01:30:00.000Z' },
      { code: 'close-gl', unitId: UNIT, dueAt: '2026-04-03T10:00:00.000Z' },
    ])
    expect(list).toHaveLength(2)
    expect(await jobs()).toHaveLength(2)
  })

  test('[A-2.3.7] working days of a year without holiday data wait for it', async () => {
    stage.now = new Date('2039-12-15T02:00:00Z')
    ok(
      await setParameter(stage, 'assessment.calendar.nodes', [
        'close-gl WD3 18:00',
        'report D5 09:30',
      ]),
    )
    await runTask(stage, 'plan-monthly-nodes')
    const list = ok(await send(stage, 'GET', '/v1/time-nodes?month=2040-01', authority())).items
    expect(list).toMatchObject([{ code: 'report' }, { code: 'report' }])
  })
})
