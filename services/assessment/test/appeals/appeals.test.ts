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
  FEBRUARY,
  fillDirectory,
  FINANCE,
  measure,
  middleware,
  MONDAY,
  observation,
  ofUnit,
  ok,
  OTHER_DEPARTMENT,
  publish,
  record,
  report,
  scoreOf,
  sheets,
  stranger,
  tellOfPerson,
  type Report,
} from '../assessment-stage.ts'

let stage: TestService
let people: Record<'clerk' | 'mate' | 'owner' | 'judge', string>
let error: Report

beforeAll(async () => {
  stage = await assessmentStage()
})
afterAll(() => stage.release())
beforeEach(async () => {
  await emptyStage(stage)
  people = {
    ...(await fillDirectory(stage, 'clerk', 'mate', 'owner')),
    judge: await stranger(stage),
  }
  await measure(stage, { clerk: people.clerk })
  error = report({ personId: people.clerk, severity: 'heavy' })
  ok(await record(stage, error))
})

const file = (headers: Caller, observationId = error.id) =>
  create(stage, '/v1/appeals', headers, { observationId, reason: 'It was prescribed.' })

const decide = (id: string, headers: Caller, outcome = 'voided') =>
  send(stage, 'POST', `/v1/appeals/${id}/decide`, headers, { outcome, reason: 'Looked into it.' })

const judge = () => authority(people.judge)

describe('filing', () => {
  test('[A-6.3.1][B-5.6] the person concerned objects, before publication too', async () => {
    const appeal = ok(await file(endUser(people.clerk)))
    expect(appeal).toMatchObject({
      observationId: error.id,
      month: FEBRUARY,
      state: 'filed',
      appellantPersonId: people.clerk,
      outcome: null,
    })
    expect(await facts(stage, 'appeal.filed')).toMatchObject([
      { subject: appeal.id, data: { observationId: error.id, appellantPersonId: people.clerk } },
    ])
    expect(await observation(stage, error.id)).toMatchObject({ appeals: [{ id: appeal.id }] })
  })

  test.each([
    ['a colleague', () => endUser(people.mate)],
    ['a business owner, for the fact of a person', () => ofUnit('BUSINESS_OWNER', people.owner)],
  ])('[A-6.3.1] %s does not', async (_who, headers) => {
    expect((await file(headers())).json()).toMatchObject({ status: 403, code: 'not-concerned' })
  })

  test('an account without a person does not', async () => {
    expect((await file(caller({ roles: ['OM_AUTHORITY'] }))).json()).toMatchObject({
      status: 403,
      code: 'person-required',
    })
  })

  test('[A-6.3.1] for a department a business owner of its unit does, and nobody of another unit', async () => {
    const late = report({ kind: 'late-leaver-notice', departmentId: FINANCE })
    ok(await record(stage, late))
    for (const headers of [
      endUser(people.clerk),
      ofUnit('KEY_USER', people.mate),
      ofUnit('BUSINESS_OWNER', people.owner, OTHER_UNIT),
    ])
      expect((await file(headers, late.id)).json()).toMatchObject({ code: 'not-concerned' })
    ok(await file(ofUnit('BUSINESS_OWNER', people.owner), late.id))
  })

  test('[A-6.3.1] one fact has one appeal, also when two are filed at once', async () => {
    const answers = await Promise.all([file(endUser(people.clerk)), file(endUser(people.clerk))])
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([201, 409])
    expect((await file(endUser(people.clerk))).json()).toMatchObject({ code: 'appeal-exists' })
  })

  test.each([
    ['at the last instant it is in time', 0, 201],
    ['a millisecond later it is not', 1, 409],
  ])('[A-6.3.1] within five working days from publication: %s', async (_what, ms, status) => {
    const { appealsUntil } = await publish(stage, await compute(stage))
    stage.now = after(appealsUntil ?? '', ms)
    const answer = await file(endUser(people.clerk))
    expect(answer.statusCode).toBe(status)
    if (status === 409) expect(answer.json()).toMatchObject({ code: 'appeal-too-late' })
  })

  test('[A-6.3.1] the time for a late fact runs from the revision that first counts it', async () => {
    const first = await publish(stage, await compute(stage))
    stage.now = after(MONDAY, 86_400_000)
    const late = report({ personId: people.clerk })
    ok(await record(stage, late))
    const second = await publish(stage, await compute(stage))
    expect(second.appealsUntil).not.toBe(first.appealsUntil)
    stage.now = after(first.appealsUntil ?? '', 1)
    expect((await file(endUser(people.clerk))).json()).toMatchObject({ code: 'appeal-too-late' })
    ok(await file(endUser(people.clerk), late.id))
  })

  test('an unknown observation and bad text are told', async () => {
    expect((await file(endUser(people.clerk), randomUUID())).json()).toMatchObject({
      status: 404,
      code: 'observation-not-found',
    })
    const nul = await create(stage, '/v1/appeals', endUser(people.clerk), {
      observationId: error.id,
      reason: 'a\u0000b',
    })
    expect(nul.json()).toMatchObject({ status: 422, code: 'validation-failed' })
  })
})

describe('deciding', () => {
  test('[A-6.3.1][B-5.6] a voided fact gives the month a new revision, published as the one before', async () => {
    const first = await publish(stage, await compute(stage))
    const { id } = ok(await file(endUser(people.clerk)))
    expect(ok(await decide(id, judge()))).toMatchObject({
      state: 'decided',
      outcome: 'voided',
      deciderPersonId: people.judge,
      version: 2,
    })
    const [newest, before] = await sheets(stage)
    expect(newest).toMatchObject({ revision: 2, state: 'published' })
    expect(before).toMatchObject({ id: first.id, state: 'superseded', digest: first.digest })
    if (newest === undefined) throw new Error('there is no sheet')
    expect((await scoreOf(stage, newest, people.clerk)).total).toBe(100)
    expect((await scoreOf(stage, first, people.clerk)).total).toBe(95)
    expect(await observation(stage, error.id)).toMatchObject({
      standing: 'voided',
      voidedReason: 'Looked into it.',
    })
    expect(await facts(stage, 'appeal.decided')).toMatchObject([
      { subject: id, data: { outcome: 'voided', deciderPersonId: people.judge } },
    ])
    const check = `/v1/score-sheets/${first.id}/recompute-check`
    expect(ok(await send(stage, 'POST', check, authority()))).toMatchObject({ matches: true })
  })

  test('[B-5.6] a sheet that was not published is recomputed and not published', async () => {
    await compute(stage)
    const { id } = ok(await file(endUser(people.clerk)))
    ok(await decide(id, judge()))
    expect((await sheets(stage)).map(({ state }) => state)).toEqual(['computed', 'computed'])
  })

  test('[B-5.6] a month that was never computed is not computed by an appeal', async () => {
    const { id } = ok(await file(endUser(people.clerk)))
    ok(await decide(id, judge()))
    expect(await sheets(stage)).toEqual([])
    expect((await scoreOf(stage, await compute(stage), people.clerk)).total).toBe(100)
  })

  test('[A-6.3.1] a fact that is upheld counts on, and no revision is made', async () => {
    const sheet = await publish(stage, await compute(stage))
    const { id } = ok(await file(endUser(people.clerk)))
    ok(await decide(id, judge(), 'upheld'))
    expect(await observation(stage, error.id)).toMatchObject({ standing: 'upheld' })
    expect(await sheets(stage)).toMatchObject([{ id: sheet.id, state: 'published' }])
    expect((await scoreOf(stage, await compute(stage), people.clerk)).total).toBe(95)
  })

  test('[A-6.3.1] a voided error takes its late correction with it', async () => {
    stage.now = MONDAY
    await runTask(stage, 'watch-corrections')
    expect((await scoreOf(stage, await compute(stage), people.clerk)).total).toBe(94)
    const { id } = ok(await file(endUser(people.clerk)))
    ok(await decide(id, judge()))
    expect((await scoreOf(stage, await compute(stage), people.clerk)).total).toBe(100)
  })

  test('[A-6.3.1] nobody decides the own appeal, whatever the role', async () => {
    const { id } = ok(await file(endUser(people.clerk)))
    expect((await decide(id, authority(people.clerk))).json()).toMatchObject({
      code: 'same-person',
    })
    expect((await decide(id, endUser(people.clerk))).statusCode).toBe(403)
  })

  test('[A-6.3.1] who recorded the fact does not decide, as person or as account', async () => {
    const account = randomUUID()
    const recorder = (person: string) => caller({ roles: ['OM_AUTHORITY'], person, sub: account })
    const own = report({ personId: people.clerk })
    ok(
      await send(stage, 'POST', '/v1/observations', recorder(people.mate), { observations: [own] }),
    )
    const { id } = ok(await file(endUser(people.clerk), own.id))
    for (const headers of [authority(people.mate), recorder(people.judge)])
      expect((await decide(id, headers)).json()).toMatchObject({ code: 'same-person' })
    ok(await decide(id, judge()))
  })

  test('[A-6.3.1] who is behind the client that recorded the fact does not decide either, nor of what follows from it', async () => {
    const own = report({ personId: people.clerk })
    const through = caller({ roles: ['SCRIPT'], kind: 'client', controllers: [people.judge] })
    ok(await send(stage, 'POST', '/v1/observations', through, { observations: [own] }))
    stage.now = after(MONDAY, 60_000)
    await runTask(stage, 'watch-corrections')
    const { derived } = (await observation(stage, own.id)) as unknown as { derived: Report[] }
    for (const observationId of [own.id, derived[0]?.id]) {
      const { id } = ok(await file(endUser(people.clerk), observationId))
      expect((await decide(id, judge())).json()).toMatchObject({ code: 'same-person' })
      ok(await decide(id, authority(await stranger(stage)), 'upheld'))
    }
  })

  test('[A-6.3.1] a decision is final, also when two decide at once', async () => {
    const { id } = ok(await file(endUser(people.clerk)))
    const answers = await Promise.all([
      decide(id, judge(), 'upheld'),
      decide(id, authority(await stranger(stage)), 'voided'),
    ])
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, 409])
    expect(await facts(stage, 'appeal.decided')).toHaveLength(1)
  })

  test('[A-6.3.1] who is of the unit does not judge what is held against it or its people, in whatever role', async () => {
    const late = report({ kind: 'late-leaver-notice', departmentId: FINANCE })
    ok(await record(stage, late))
    const ofDepartment = ok(await file(ofUnit('BUSINESS_OWNER', people.owner), late.id))
    const ofPerson = ok(await file(endUser(people.clerk)))
    for (const { id } of [ofDepartment, ofPerson]) {
      expect((await decide(id, authority(people.mate))).json()).toMatchObject({
        code: 'same-person',
      })
      expect((await decide(id, ofUnit('OM_AUTHORITY', people.judge))).json()).toMatchObject({
        code: 'same-person',
      })
      expect((await decide(id, ofUnit('BUSINESS_OWNER', people.mate))).json()).toMatchObject({
        code: 'permission-missing',
      })
      ok(await decide(id, judge()))
    }
  })

  test('[A-6.3.1] who moved out of the unit lately does not judge either, after a quarter they do', async () => {
    const { id } = ok(await file(endUser(people.clerk)))
    const away = { name: 'mate', unitId: OTHER_UNIT, departmentId: OTHER_DEPARTMENT }
    await tellOfPerson(stage, people.mate, away)
    stage.now = after(MONDAY, 92 * 86_400_000 - 1)
    expect((await decide(id, authority(people.mate))).json()).toMatchObject({ code: 'same-person' })
    stage.now = after(MONDAY, 92 * 86_400_000)
    ok(await decide(id, authority(people.mate)))
  })

  test('[A-6.3.1] who recorded the error does not decide of its late correction, nor the planner of the delay', async () => {
    const own = report({ personId: people.clerk })
    const recorder = authority(await stranger(stage))
    ok(await send(stage, 'POST', '/v1/observations', recorder, { observations: [own] }))
    stage.now = after(MONDAY, 60_000)
    await runTask(stage, 'watch-corrections')
    const { derived } = (await observation(stage, own.id)) as unknown as { derived: Report[] }
    const appeal = ok(await file(endUser(people.clerk), derived[0]?.id))
    expect((await decide(appeal.id, recorder)).json()).toMatchObject({ code: 'same-person' })

    const planning = await stranger(stage)
    const planner = caller({ roles: ['OM_AUTHORITY'], person: planning, sub: randomUUID() })
    const node = ok(
      await create(stage, '/v1/time-nodes', planner, {
        ...{ code: 'close', title: 'Close', unitId: UNIT, departmentId: null },
        ...{ personId: people.clerk, isUrgent: false, dueAt: after(stage.now, 1).toISOString() },
      }),
    )
    stage.now = after(stage.now, 2)
    await runTask(stage, 'time-node-due', { nodeId: node.id })
    const [delay] = (await facts(stage, 'observation.recorded')).filter(
      ({ data }) => data.kind === 'delay',
    )
    const second = ok(await file(endUser(people.clerk), delay?.subject))
    expect((await decide(second.id, planner)).json()).toMatchObject({ code: 'same-person' })
    const otherAccount = { roles: ['OM_AUTHORITY' as const], person: planning, sub: randomUUID() }
    expect((await decide(second.id, caller(otherAccount))).json()).toMatchObject({
      code: 'same-person',
    })
    ok(await decide(second.id, judge()))
  })

  test('[A-6.3.1] a fact that was voided meanwhile cannot be let stand', async () => {
    stage.now = after(MONDAY, 60_000)
    await runTask(stage, 'watch-corrections')
    const { derived } = (await observation(stage, error.id)) as unknown as { derived: Report[] }
    const { id } = ok(await file(endUser(people.clerk), derived[0]?.id))
    const corrected = { correctedAt: error.foundAt }
    ok(await send(stage, 'POST', `/v1/observations/${error.id}/correct`, middleware(), corrected))
    expect(await facts(stage, 'observation.voided')).toMatchObject([
      { subject: derived[0]?.id, data: { kind: 'late-correction', originId: error.id } },
    ])
    expect((await decide(id, judge(), 'upheld')).json()).toMatchObject({
      code: 'observation-state',
    })
    ok(await decide(id, judge()))
  })

  test('only a person of the right role and unit decides', async () => {
    const { id } = ok(await file(endUser(people.clerk)))
    expect((await decide(id, authority())).json()).toMatchObject({ code: 'person-required' })
    expect((await decide(id, ofUnit('KEY_USER', people.mate))).json()).toMatchObject({
      status: 403,
      code: 'permission-missing',
    })
    expect((await decide(id, middleware())).statusCode).toBe(403)
    const foreign = ofUnit('BUSINESS_OWNER', people.owner, OTHER_UNIT)
    expect((await decide(id, foreign)).json()).toMatchObject({ code: 'permission-missing' })
    const ranged = ofUnit('OM_AUTHORITY', people.judge, OTHER_UNIT)
    expect((await decide(id, ranged)).json()).toMatchObject({ code: 'appeal-not-found' })
    expect((await decide(randomUUID(), judge())).json()).toMatchObject({ status: 404 })
  })
})

test('a user sees the own appeals, who answers for a unit those of the unit', async () => {
  const { id } = ok(await file(endUser(people.clerk)))
  const seen = async (headers: Caller) =>
    (ok(await send(stage, 'GET', '/v1/appeals?state=filed', headers)).items as unknown[]).length
  expect(await seen(endUser(people.clerk))).toBe(1)
  expect(await seen(endUser(people.mate))).toBe(0)
  expect(await seen(ofUnit('BUSINESS_OWNER', people.owner))).toBe(1)
  expect(await seen(ofUnit('BUSINESS_OWNER', people.owner, OTHER_UNIT))).toBe(0)
  const read = (headers: Caller) => send(stage, 'GET', `/v1/appeals/${id}`, headers)
  expect((await read(endUser(people.clerk))).headers.etag).toBe('"1"')
  expect((await read(endUser(people.mate))).statusCode).toBe(404)
})
