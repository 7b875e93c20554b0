import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { send } from '@erp-steward/test-kit/requests'
import { OTHER_UNIT } from '@erp-steward/test-kit/tell-of-company'
import { caller, type Caller } from '@erp-steward/test-kit/tokens'
import {
  assessmentStage,
  authority,
  compute,
  count,
  emptyStage,
  endUser,
  facts,
  fillDirectory,
  FEBRUARY,
  middleware,
  ofUnit,
  ok,
  OTHER_DEPARTMENT,
  publish,
  record,
  report,
  scoreOf,
  stranger,
  tellOfPerson,
} from '../assessment-stage.ts'

let stage: TestService
let people: Record<'clerk' | 'mate', string>

beforeAll(async () => {
  stage = await assessmentStage()
})
afterAll(() => stage.release())
beforeEach(async () => {
  await emptyStage(stage)
  people = await fillDirectory(stage, 'clerk', 'mate')
})

const listed = async () =>
  ok(await send(stage, 'GET', `/v1/entry-counts?month=${FEBRUARY}`, authority())).items

test('[A-2.3.3] a batch sent twice, also at the same moment, counts once', async () => {
  const batchId = randomUUID()
  const counts = { [people.clerk]: 10, [people.mate]: 20 }
  const answers = await Promise.all([
    count(stage, counts, { batchId }),
    count(stage, counts, { batchId }),
  ])
  expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200])
  expect(await facts(stage, 'observation.entries-counted')).toMatchObject([
    { subject: batchId, data: { month: FEBRUARY, persons: 2, entries: 30 } },
  ])
  expect(await listed()).toHaveLength(2)
  const other = await count(stage, { [people.clerk]: 11 }, { batchId })
  expect(other.json()).toMatchObject({ status: 409, code: 'batch-exists' })
  const month = await count(stage, counts, { batchId, month: '2026-01' })
  expect(month.json()).toMatchObject({ status: 409, code: 'batch-exists' })
})

test('[A-6.1.1] a later batch replaces the counts of its people and module, and the history stays', async () => {
  ok(await count(stage, { [people.clerk]: 10, [people.mate]: 7 }))
  ok(await record(stage, report({ personId: people.clerk }), report({ personId: people.mate })))
  const before = await compute(stage)
  ok(await count(stage, { [people.clerk]: 1_000 }))
  ok(await count(stage, { [people.clerk]: 500 }, { moduleCode: 'GL' }))
  const now = await compute(stage)
  expect((await scoreOf(stage, now, people.clerk)).errorRate).toMatchObject({ entries: 1_500 })
  expect((await scoreOf(stage, now, people.mate)).errorRate).toMatchObject({ entries: 7 })
  expect((await scoreOf(stage, before, people.clerk)).errorRate).toMatchObject({ entries: 10 })
  expect(await listed()).toMatchObject([
    { entries: 500, moduleCode: 'GL', replaced: false },
    { entries: 1_000, replaced: false },
    { personId: people.mate, replaced: false },
    { entries: 10, replaced: true },
  ])
  const check = `/v1/score-sheets/${before.id}/recompute-check`
  expect(ok(await send(stage, 'POST', check, authority()))).toMatchObject({ matches: true })
})

test('[A-2.3.3] every faulty member is told by place, and nothing is kept', async () => {
  const body = {
    batchId: randomUUID(),
    month: '2026-04',
    moduleCode: 'ZZ',
    counts: [
      { personId: people.clerk, entries: 1 },
      { personId: randomUUID(), entries: 1 },
      { personId: people.clerk, entries: 2 },
    ],
  }
  const answer = await send(stage, 'PUT', '/v1/entry-counts', authority(), body)
  expect(answer.json()).toMatchObject({ status: 422, code: 'entry-counts-refused' })
  const { errors } = answer.json<{ errors: { pointer: string }[] }>()
  expect(errors.map(({ pointer }) => pointer)).toEqual([
    '#/month',
    '#/moduleCode',
    '#/counts/1/personId',
    '#/counts/2/personId',
  ])
  expect(await facts(stage, 'observation.entries-counted')).toEqual([])
})

test('a caller of one unit counts and reads that unit only', async () => {
  const foreign = ofUnit('BUSINESS_OWNER', people.mate, OTHER_UNIT)
  const body = {
    batchId: randomUUID(),
    month: FEBRUARY,
    moduleCode: null,
    counts: [{ personId: people.clerk, entries: 1 }],
  }
  expect((await send(stage, 'PUT', '/v1/entry-counts', foreign, body)).json()).toMatchObject({
    code: 'permission-missing',
  })
  const ranged = ofUnit('OM_AUTHORITY', people.mate, OTHER_UNIT)
  expect((await send(stage, 'PUT', '/v1/entry-counts', ranged, body)).json()).toMatchObject({
    code: 'entry-counts-refused',
  })
  ok(await count(stage, { [people.clerk]: 10 }))
  expect(ok(await send(stage, 'GET', '/v1/entry-counts', foreign)).items).toEqual([])
  for (const [cursor, code] of [
    ['WyItMSJd', 'cursor-unusable'],
    ['x', 'validation-failed'],
  ])
    expect(
      (await send(stage, 'GET', `/v1/entry-counts?cursor=${cursor}`, authority())).json(),
    ).toMatchObject({ code, errors: [{ parameter: 'cursor' }] })
})

describe('who is counted does not count', () => {
  const body = (entries: number, batchId: string = randomUUID()) => ({
    batchId,
    month: FEBRUARY,
    moduleCode: null,
    counts: [{ personId: people.clerk, entries }],
  })
  const put = (headers: Caller, sent: object) =>
    send(stage, 'PUT', '/v1/entry-counts', headers, sent)
  const decide = (id: string, verb: 'approve' | 'reject', headers: Caller) =>
    send(
      stage,
      'POST',
      `/v1/proposals/assessment/${id}/${verb}`,
      { ...headers, 'if-match': '"1"' },
      { reason: 'Compared with the journal.' },
    )

  test('[A-6.1.1][A-2.3.3] the leader of the unit is refused, for whatever people', async () => {
    const leader = ofUnit('BUSINESS_OWNER', people.mate)
    expect((await put(leader, body(1_000_000))).json()).toMatchObject({
      status: 403,
      code: 'permission-missing',
    })
    expect((await put(endUser(people.clerk), body(1))).statusCode).toBe(403)
  })

  test('[A-6.1.1] by a person it counts when a second one approves who is not of the unit', async () => {
    ok(await count(stage, { [people.clerk]: 10 }))
    const [first, second] = [await stranger(stage), await stranger(stage)]
    const proposal = await put(authority(first), body(1_000_000))
    expect(proposal.statusCode).toBe(202)
    const { id } = proposal.json<{ id: string }>()
    expect(await listed()).toMatchObject([{ entries: 10 }])
    for (const headers of [authority(first), authority(people.clerk), authority(people.mate)])
      expect(['same-person', 'concerned']).toContain(
        (await decide(id, 'approve', headers)).json<{ code: string }>().code,
      )
    expect(await listed()).toHaveLength(1)
    ok(await decide(id, 'approve', authority(second)))
    expect(await listed()).toMatchObject([{ entries: 1_000_000 }, { entries: 10, replaced: true }])
  })

  test('[A-6.1.1] a client does not count for whoever controls it, nor for their unit', async () => {
    const through = (controllers: string[]) =>
      caller({ roles: ['SCRIPT'], kind: 'client', controllers })
    for (const hand of [people.clerk, people.mate])
      expect((await put(through([hand]), body(10))).json()).toMatchObject({
        status: 409,
        code: 'same-person',
      })
    const away = { name: 'mate', unitId: OTHER_UNIT, departmentId: OTHER_DEPARTMENT }
    await tellOfPerson(stage, people.mate, away)
    expect((await put(through([people.mate]), body(10))).json()).toMatchObject({
      code: 'same-person',
    })
    ok(await put(through([await stranger(stage)]), body(10)))
  })

  test('[A-6.1.1] who is of a unit that somebody counted moved away from counts and approves nothing', async () => {
    const away = { name: 'clerk', unitId: OTHER_UNIT, departmentId: OTHER_DEPARTMENT }
    await tellOfPerson(stage, people.clerk, away)
    const through = caller({ roles: ['SCRIPT'], kind: 'client', controllers: [people.mate] })
    expect((await put(through, body(10))).json()).toMatchObject({ code: 'same-person' })
    const asked = await put(authority(randomUUID()), body(10))
    const { id } = ok(asked)
    expect((await decide(id, 'approve', authority(people.mate))).json()).toMatchObject({
      code: 'concerned',
    })
    expect(await listed()).toEqual([])
    ok(await decide(id, 'approve', authority(randomUUID())))
  })

  test('[A-6.1.1] a published month is not recounted by a client, and one batch sent again is no recount', async () => {
    const batchId = randomUUID()
    ok(await put(middleware(), body(10, batchId)))
    await publish(stage, await compute(stage))
    ok(await put(middleware(), body(10, batchId)))
    expect((await put(middleware(), body(20))).json()).toMatchObject({
      code: 'entry-counts-refused',
      errors: [{ pointer: '#/month' }],
    })
    stage.now = new Date('2026-05-28T16:00:00.000Z')
    expect((await put(middleware(), body(20))).json()).toMatchObject({
      code: 'entry-counts-refused',
    })
    expect((await put(authority(await stranger(stage)), body(20))).statusCode).toBe(202)
    stage.now = new Date('2026-05-28T16:00:00.001Z')
    expect((await put(authority(await stranger(stage)), body(30))).statusCode).toBe(422)
  })
})
