import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { send } from '@erp-steward/test-kit/requests'
import { after } from '@erp-steward/test-kit/instants'
import { runTask } from '@erp-steward/test-kit/run-task'
import { OTHER_UNIT, UNIT } from '@erp-steward/test-kit/tell-of-company'
import { caller } from '@erp-steward/test-kit/tokens'
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
  observation,
  ofUnit,
  ok,
  OTHER_DEPARTMENT,
  record,
  report,
  scoreOf,
  setParameter,
  stranger,
  tellOfPerson,
  type Report,
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

const rows = async (): Promise<number> => {
  const [{ count }]: [{ count: number }] = await stage.db.query(
    'select count(*)::integer as count from observation',
  )
  return count
}

const recordAs = (headers: ReturnType<typeof middleware>, ...observations: readonly Report[]) =>
  send(stage, 'POST', '/v1/observations', headers, { observations })

describe('recording', () => {
  test('[A-2.3.3][A-2.3.1] takes the unit from the person or department and states each fact', async () => {
    const error = report({ personId: people.clerk, moduleCode: 'GL' })
    const notice = report({ kind: 'late-leaver-notice', departmentId: FINANCE })
    const answer = await record(stage, error, notice)
    expect(answer.statusCode).toBe(201)
    expect(answer.json()).toEqual({ recorded: 2, repeated: 0 })
    expect(await observation(stage, error.id)).toMatchObject({
      unitId: UNIT,
      month: '2026-02',
      standing: 'recorded',
      moduleCode: 'GL',
      appeals: [],
      derived: [],
    })
    expect(await facts(stage, 'observation.recorded')).toMatchObject([
      { subject: error.id, data: { personId: people.clerk, unitId: UNIT, severity: 'light' } },
      { subject: notice.id, data: { departmentId: FINANCE, unitId: UNIT, severity: null } },
    ])
  })

  test('the same list sent twice, or at the same moment, is recorded once', async () => {
    const list = Array.from({ length: 20 }, () => report({ personId: people.clerk }))
    const answers = await Promise.all([
      record(stage, ...list),
      record(stage, ...[...list].reverse()),
      record(stage, ...list),
    ])
    expect(answers.map((answer) => answer.json<{ recorded: number }>().recorded).sort()).toEqual([
      0, 0, 20,
    ])
    expect(await facts(stage, 'observation.recorded')).toHaveLength(20)
  })

  test('another observation under a taken id is refused, and nothing of its list is kept', async () => {
    const error = report({ personId: people.clerk })
    ok(await record(stage, error))
    const answer = await record(stage, report({ personId: people.clerk }), {
      ...error,
      description: 'Something else.',
    })
    expect(answer.json()).toMatchObject({
      status: 422,
      code: 'observations-refused',
      errors: [{ pointer: '#/observations/1/id' }],
    })
    expect(await rows()).toBe(1)
  })

  test.each([
    ['nobody concerned', {}, 'personId'],
    ['an unknown person', { personId: randomUUID() }, 'personId'],
    ['an unknown department', { departmentId: randomUUID() }, 'departmentId'],
    ['an unknown module', { departmentId: FINANCE, moduleCode: 'ZZ' }, 'moduleCode'],
    ['a data error without severity', { departmentId: FINANCE, severity: null }, 'severity'],
    ['an improvement without points', { kind: 'improvement', departmentId: FINANCE }, 'points'],
    [
      'an improvement of one point',
      { kind: 'improvement', departmentId: FINANCE, points: 1 },
      'points',
    ],
    [
      'an improvement of six points',
      { kind: 'improvement', departmentId: FINANCE, points: 6 },
      'points',
    ],
    ['points on another kind', { departmentId: FINANCE, points: 2 }, 'points'],
    [
      'a thing to come',
      {
        departmentId: FINANCE,
        occurredAt: '2026-03-09T02:00:00.001Z',
        foundAt: '2026-03-09T02:00:00.001Z',
      },
      'occurredAt',
    ],
    [
      'found before it occurred',
      { departmentId: FINANCE, foundAt: '2026-02-01T00:00:00Z' },
      'foundAt',
    ],
  ] as const)(
    '[A-2.3.3] %s is told by place, and nothing is kept',
    async (_what, changes, member) => {
      const answer = await record(stage, report({ personId: people.clerk }), report(changes))
      expect(answer.json()).toMatchObject({ status: 422, code: 'observations-refused' })
      const { errors } = answer.json<{ errors: { pointer: string }[] }>()
      expect(errors.map(({ pointer }) => pointer)).toContain(`#/observations/1/${member}`)
      expect(await rows()).toBe(0)
    },
  )

  test('nobody takes the id of what follows from a fact, nor earns points on the own word', async () => {
    const owner = ofUnit('BUSINESS_OWNER', people.mate)
    const taken = report({ personId: people.clerk, id: '00000000-0000-8000-8000-000000000001' })
    const praise = report({ kind: 'extra-help', personId: people.mate })
    expect((await recordAs(owner, taken, praise)).json()).toMatchObject({
      code: 'observations-refused',
      errors: [{ pointer: '#/observations/0/id' }, { pointer: '#/observations/1/personId' }],
    })
    for (const headers of [
      ofUnit('BUSINESS_OWNER', people.clerk),
      authority(people.clerk),
      caller({ roles: ['SCRIPT'], kind: 'client', controllers: [people.mate] }),
    ])
      expect((await recordAs(headers, praise)).json()).toMatchObject({
        errors: [{ pointer: '#/observations/0/personId' }],
      })
    ok(await recordAs(authority(await stranger(stage)), praise))
  })

  test('a department of another unit than that of the person is refused', async () => {
    const answer = await record(
      stage,
      report({ personId: people.clerk, departmentId: OTHER_DEPARTMENT }),
    )
    expect(answer.json()).toMatchObject({ errors: [{ pointer: '#/observations/0/departmentId' }] })
  })

  test.each([
    ['an empty list', { observations: [] }],
    ['1,001 reports', { observations: Array.from({ length: 1_001 }, () => report({})) }],
    ['a kind that is none', { observations: [report({ kind: 'gossip' })] }],
    ['NUL in a text', { observations: [report({ description: 'a\u0000' })] }],
    ['a line feed in the reference', { observations: [report({ reference: 'a\nb' })] }],
    ['a leap second', { observations: [report({ occurredAt: '2026-02-11T23:59:60Z' })] }],
  ])('%s does not fit', async (_what, body) => {
    const answer = await send(stage, 'POST', '/v1/observations', middleware(), body)
    expect(answer.json()).toMatchObject({ status: 422, code: 'validation-failed' })
  })

  test('[B-7.1] a caller of one unit records and reads that unit only', async () => {
    const error = report({ personId: people.clerk })
    const foreign = ofUnit('BUSINESS_OWNER', people.mate, OTHER_UNIT)
    expect((await recordAs(foreign, error)).json()).toMatchObject({
      errors: [{ pointer: '#/observations/0/personId' }],
    })
    ok(await recordAs(ofUnit('BUSINESS_OWNER', people.mate), error))
    const path = `/v1/observations/${error.id}`
    expect((await send(stage, 'GET', path, foreign)).json()).toMatchObject({
      status: 404,
      code: 'observation-not-found',
    })
    expect(ok(await send(stage, 'GET', '/v1/observations', foreign)).items).toEqual([])
    const correct = { correctedAt: MONDAY.toISOString() }
    expect((await send(stage, 'POST', `${path}/correct`, foreign, correct)).statusCode).toBe(404)
  })

  test('users of the ERP record and read no observations', async () => {
    const answer = await recordAs(endUser(people.clerk), report({ personId: people.mate }))
    expect(answer.json()).toMatchObject({ status: 403, code: 'permission-missing' })
    expect((await send(stage, 'GET', '/v1/observations', endUser(people.clerk))).statusCode).toBe(
      403,
    )
  })

  test('[B-6.3] the list is filtered, and paged without gap or repetition', async () => {
    const errors = Array.from({ length: 5 }, () => report({ personId: people.clerk }))
    ok(await record(stage, ...errors, report({ kind: 'delay', personId: people.mate })))
    const url = `/v1/observations?personId=${people.clerk}&unitId=${UNIT}&month=2026-02&kind=data-error&standing=recorded&limit=2`
    const seen: string[] = []
    let next: unknown = ''
    while (typeof next === 'string') {
      const cursor: string = next === '' ? '' : `&cursor=${next}`
      const body = ok(await send(stage, 'GET', `${url}${cursor}`, authority()))
      seen.push(...(body.items as { id: string }[]).map(({ id }) => id))
      next = body.next
    }
    expect([...seen].sort()).toEqual(errors.map(({ id }) => id).sort())
  })
})

describe('correction in time', () => {
  /** Found on a Friday afternoon at 16:30 in China; one working day later it is Monday 16:30. */
  const FOUND = '2026-03-06T08:30:00.000Z'
  const DUE = '2026-03-09T08:30:00.000Z'
  let error: Report

  beforeEach(async () => {
    error = report({
      personId: people.clerk,
      severity: 'medium',
      occurredAt: FOUND,
      foundAt: FOUND,
    })
    ok(await record(stage, error))
  })

  const correct = (correctedAt: Date | string, headers = middleware()) =>
    send(stage, 'POST', `/v1/observations/${error.id}/correct`, headers, { correctedAt })

  const late = () =>
    facts(stage, 'observation.recorded').then((all) =>
      all.filter(({ data }) => data.kind === 'late-correction'),
    )

  test('[A-2.3.5] a data error is due one working day after it was found', async () => {
    expect(await observation(stage, error.id)).toMatchObject({
      correction: {
        dueAt: DUE,
        fault: null,
        parameterVersion: 0,
        correctedAt: null,
        withinTarget: null,
      },
    })
  })

  test.each([
    ['at the due date is in time', 0, true],
    ['a millisecond later is late', 1, false],
  ])('[A-2.3.5] %s', async (_what, ms, withinTarget) => {
    stage.now = after(DUE, 3_600_000)
    const answer = ok(await correct(after(DUE, ms)))
    expect(answer.correction).toMatchObject({ withinTarget })
    expect(await facts(stage, 'observation.corrected')).toMatchObject([
      { subject: error.id, data: { dueAt: DUE, withinTarget } },
    ])
    expect(await late()).toHaveLength(withinTarget ? 0 : 1)
  })

  test('[A-2.3.5] the timer states a missing correction once, and a late one is not counted twice', async () => {
    stage.now = after(DUE, 0)
    await runTask(stage, 'watch-corrections')
    expect(await late()).toHaveLength(0)
    stage.now = after(DUE, 1)
    await Promise.all([runTask(stage, 'watch-corrections'), runTask(stage, 'watch-corrections')])
    await runTask(stage, 'watch-corrections')
    stage.now = after(DUE, 60_000)
    ok(await correct(stage.now))
    ok(await correct(stage.now))
    expect(await late()).toMatchObject([{ data: { personId: people.clerk, occurredAt: DUE } }])
    const { derived } = await observation(stage, error.id)
    expect(derived).toMatchObject([
      { kind: 'late-correction', month: '2026-03', originId: error.id },
    ])
    expect(await facts(stage, 'observation.corrected')).toHaveLength(1)
    expect((await scoreOf(stage, await compute(stage, '2026-03'), people.clerk)).total).toBe(96)
  })

  test('[A-2.3.5] told late of a correction in time, the record is set right, but not by the person concerned', async () => {
    stage.now = after(DUE, 1)
    await runTask(stage, 'watch-corrections')
    const self = caller({ roles: ['BUSINESS_OWNER'], person: people.clerk })
    expect((await correct(DUE, self)).json()).toMatchObject({ code: 'same-person' })
    expect(ok(await correct(DUE)).correction).toMatchObject({ withinTarget: true })
    expect((await observation(stage, error.id)).derived).toMatchObject([{ standing: 'voided' }])
    expect((await scoreOf(stage, await compute(stage, '2026-03'), people.clerk)).total).toBe(97)
  })

  test('[A-2.3.5] after the due date the word of the person concerned does not do, before the timer looked neither', async () => {
    const error = report({ personId: people.clerk, foundAt: '2026-03-06T02:00:00Z' })
    ok(await record(stage, error))
    const { correction } = (await observation(stage, error.id)) as unknown as {
      correction: { dueAt: string }
    }
    const path = `/v1/observations/${error.id}/correct`
    const body = { correctedAt: correction.dueAt }
    stage.now = after(correction.dueAt, 1)
    const own = ofUnit('BUSINESS_OWNER', people.clerk)
    expect((await send(stage, 'POST', path, own, body)).json()).toMatchObject({
      code: 'same-person',
    })
    stage.now = after(correction.dueAt, 0)
    expect(ok(await send(stage, 'POST', path, own, body)).correction).toMatchObject({
      withinTarget: true,
      confirmed: false,
    })
  })

  test('[A-2.3.5] neither does that of their leader, a colleague, or a client of theirs', async () => {
    stage.now = after(DUE, 1)
    for (const headers of [
      ofUnit('BUSINESS_OWNER', people.mate),
      authority(people.mate),
      caller({ roles: ['SCRIPT'], kind: 'client', controllers: [people.mate] }),
    ])
      expect((await correct(DUE, headers)).json()).toMatchObject({ code: 'same-person' })
    ok(await correct(DUE, authority(await stranger(stage))))
  })

  test('[A-2.3.5] what the unit says in time is confirmed by somebody else, or set right, once', async () => {
    const own = ofUnit('BUSINESS_OWNER', people.mate)
    const claimed = after(FOUND, 1)
    ok(await correct(claimed, own))
    ok(await correct(claimed, own))
    expect((await correct(after(FOUND, 2), own)).json()).toMatchObject({
      code: 'observation-state',
    })
    stage.now = after(DUE, 60_000)
    await runTask(stage, 'watch-corrections')
    expect(await late()).toHaveLength(0)
    // Nobody knows who stands behind such a client: it may be the unit's own.
    const anyone = caller({ roles: ['SCRIPT'], kind: 'client', controllers: [] })
    expect((await correct(after(DUE, 1), anyone)).json()).toMatchObject({ code: 'same-person' })
    const judge = authority(await stranger(stage))
    expect(ok(await correct(after(DUE, 1), judge)).correction).toMatchObject({
      withinTarget: false,
      confirmed: true,
    })
    expect(await late()).toHaveLength(1)
    expect((await correct(claimed, own)).json()).toMatchObject({ code: 'observation-state' })
    expect(await facts(stage, 'observation.corrected')).toMatchObject([
      { data: { confirmed: false, withinTarget: true } },
      { data: { confirmed: true, withinTarget: false } },
    ])
  })

  test('[A-2.3.5][A-6.1.2] the unit’s word without another’s is late after two weeks, until another says it was in time', async () => {
    const claimed = after(FOUND, 1)
    ok(await correct(claimed, ofUnit('BUSINESS_OWNER', people.mate)))
    stage.now = after(DUE, 14 * 86_400_000)
    await runTask(stage, 'watch-corrections')
    expect(await late()).toHaveLength(0)
    stage.now = after(DUE, 14 * 86_400_000 + 1)
    await runTask(stage, 'watch-corrections')
    await runTask(stage, 'watch-corrections')
    expect(await late()).toHaveLength(1)
    expect((await scoreOf(stage, await compute(stage, '2026-03'), people.clerk)).total).toBe(96)
    ok(await correct(claimed, authority(await stranger(stage))))
    expect((await observation(stage, error.id)).derived).toMatchObject([{ standing: 'voided' }])
  })

  test('[A-2.3.5] a client of nobody known says no more than the unit itself', async () => {
    const anyone = caller({ roles: ['SCRIPT'], kind: 'client', controllers: [] })
    expect(ok(await correct(after(FOUND, 1), anyone)).correction).toMatchObject({
      confirmed: false,
    })
    expect((await correct(after(FOUND, 1), anyone)).json()).toMatchObject({ code: 'same-person' })
  })

  test('[A-2.3.5] a colleague of the unit that the person moved to meanwhile does not confirm either', async () => {
    const colleague = await stranger(stage)
    ok(await correct(after(FOUND, 1), ofUnit('BUSINESS_OWNER', people.mate)))
    const away = { name: 'clerk', unitId: OTHER_UNIT, departmentId: OTHER_DEPARTMENT }
    await tellOfPerson(stage, people.clerk, away)
    for (const hand of [
      authority(colleague),
      caller({ roles: ['SCRIPT'], kind: 'client', controllers: [colleague] }),
    ])
      expect((await correct(after(FOUND, 1), hand)).json()).toMatchObject({
        correction: { confirmed: false },
      })
    // Away and back on one day, the person is of both.
    await tellOfPerson(stage, people.clerk, { name: 'clerk' })
    expect((await correct(after(FOUND, 2), authority(colleague))).json()).toMatchObject({
      code: 'observation-state',
    })
    ok(await correct(after(FOUND, 2), middleware()))
  })

  test('what is corrected cannot be corrected otherwise, nor before it was found or in the future', async () => {
    for (const at of [after(FOUND, -1), after(MONDAY, 1)])
      expect((await correct(at)).json()).toMatchObject({ status: 409, code: 'observation-state' })
    ok(await correct(MONDAY))
    expect((await correct(after(MONDAY, -1))).json()).toMatchObject({ code: 'observation-state' })
    const delay = report({ kind: 'delay', personId: people.clerk })
    ok(await record(stage, delay))
    const path = `/v1/observations/${delay.id}/correct`
    const body = { correctedAt: MONDAY.toISOString() }
    expect((await send(stage, 'POST', path, middleware(), body)).json()).toMatchObject({
      code: 'observation-state',
    })
  })

  test('[A-2.3.5] a unit may have less time', async () => {
    const quick = { clock: 'continuous', within: 'PT2H' }
    ok(await setParameter(stage, 'assessment.error.fix_within', quick, { unitId: UNIT }))
    const other = report({ personId: people.clerk, occurredAt: FOUND, foundAt: FOUND })
    ok(await record(stage, other))
    expect(await observation(stage, other.id)).toMatchObject({
      correction: { dueAt: '2026-03-06T10:30:00.000Z', parameterVersion: 1 },
    })
  })

  test('[A-2.3.5] a year without holiday data gives no due date, and says so', async () => {
    stage.now = new Date('2040-01-10T02:00:00Z')
    const at = '2040-01-09T02:00:00Z'
    const far = report({ personId: people.clerk, occurredAt: at, foundAt: at })
    ok(await record(stage, far))
    const { correction } = await observation(stage, far.id)
    expect(correction).toMatchObject({ dueAt: null })
    expect((correction as { fault: string }).fault).toMatch(/^The public holidays of 2040 are not/)
    const chinese = await observation(stage, far.id, 'zh-CN')
    expect((chinese.correction as { fault: string }).fault).toMatch(
      /^2040 年的法定节假日尚未录入。/,
    )
    // As a release before kept it.
    await stage.db.query('update observation set due_missing_year = null where id = $1', [far.id])
    expect((await observation(stage, far.id, 'zh-CN')).correction).toEqual(correction)
    await runTask(stage, 'watch-corrections')
    expect(await late()).toHaveLength(1)
    const path = `/v1/observations/${far.id}/correct`
    const answer = await send(stage, 'POST', path, middleware(), { correctedAt: stage.now })
    // Nobody can say that a due date was kept which there is not.
    expect(ok(answer).correction).toMatchObject({
      correctedAt: expect.any(String),
      withinTarget: null,
    })
    expect(await facts(stage, 'observation.corrected')).toMatchObject([
      { data: { dueAt: null, withinTarget: null } },
    ])
  })

  test('[A-2.3.5] once the year is known, errors have their due dates and are late by them', async () => {
    stage.now = new Date('2040-01-10T02:00:00Z')
    const at = '2040-01-09T02:00:00Z'
    const [open, corrected, inTime, unknown] = [0, 1, 2, 3].map(() =>
      report({ personId: people.clerk, occurredAt: at, foundAt: at }),
    ) as [Report, Report, Report, Report]
    ok(await record(stage, open, corrected, inTime, unknown))
    for (const { id } of [corrected, inTime])
      ok(
        await send(stage, 'POST', `/v1/observations/${id}/correct`, middleware(), {
          correctedAt: stage.now,
        }),
      )
    // As if the holidays of that year had come with a release: the errors are of a year that is known.
    await stage.db.query('update observation set found_at = $1 where id <> $2', [FOUND, unknown.id])
    await stage.db.query('update observation set corrected_at = $1 where id = $2', [
      FOUND,
      inTime.id,
    ])
    await runTask(stage, 'settle-due-dates')
    await runTask(stage, 'settle-due-dates')
    await runTask(stage, 'watch-corrections')
    const due = { dueAt: DUE, fault: null }
    for (const { id } of [open, corrected, inTime])
      expect((await observation(stage, id)).correction).toMatchObject(due)
    expect((await observation(stage, unknown.id)).correction).toMatchObject({ dueAt: null })
    const origins: { id: string }[] = await stage.db.query(
      `select origin_id as id from observation where kind = 'late-correction'`,
    )
    expect(origins.map(({ id }) => id).toSorted()).toEqual(
      [error.id, open.id, corrected.id].toSorted(),
    )
  })
})
