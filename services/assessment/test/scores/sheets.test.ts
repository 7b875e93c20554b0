import { createHash, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { create, send } from '@erp-steward/test-kit/requests'
import { after } from '@erp-steward/test-kit/instants'
import { OTHER_UNIT, UNIT } from '@erp-steward/test-kit/tell-of-company'
import { caller } from '@erp-steward/test-kit/tokens'
import {
  assessmentStage,
  authority,
  compute,
  count,
  deductionsOf,
  emptyStage,
  endUser,
  facts,
  FEBRUARY,
  MID_FEBRUARY,
  fillDirectory,
  FINANCE,
  linesOf,
  measure,
  observation,
  ofUnit,
  ok,
  publish,
  PUBLISHER,
  record,
  report,
  SALES,
  scoreOf,
  sheets,
  tellOfPerson,
  type Report,
  type Score,
  type Sheet,
} from '../assessment-stage.ts'

let stage: TestService
let people: Record<'clerk' | 'mate' | 'third' | 'seller', string>

beforeAll(async () => {
  stage = await assessmentStage()
})
afterAll(() => stage.release())
beforeEach(async () => {
  await emptyStage(stage)
  people = await fillDirectory(stage, 'clerk', 'mate', 'third', 'seller')
  await tellOfPerson(stage, people.seller, { name: 'seller', departmentId: SALES })
})

interface Check {
  readonly matches: boolean
  readonly digest: string
  readonly firstDifference: { line: number; stored: string | null; computed: string | null } | null
}

async function check(sheet: Sheet): Promise<Check> {
  const url = `/v1/score-sheets/${sheet.id}/recompute-check`
  return ok(await send(stage, 'POST', url, authority())) as unknown as Check
}

describe('traces', () => {
  test('[B-5.6][A-6.1.1] each deduction leads to the event that stated its fact', async () => {
    const error = report({ personId: people.clerk, severity: 'heavy' })
    ok(await record(stage, error))
    const score = await scoreOf(stage, await compute(stage), people.clerk)
    const [deduction] = await deductionsOf(stage, score)
    const [stated] = await facts(stage, 'observation.recorded')
    expect(deduction).toEqual({
      observationId: error.id,
      batchId: null,
      eventId: stated?.id,
      kind: 'data-error',
      group: 'accuracy',
      ruleKey: 'assessment.deduction.error_heavy',
      parameterVersion: 0,
      points: 5,
      reference: 'JE-1',
      description: 'Wrong account.',
      occurredAt: MID_FEBRUARY,
    })
    expect(stated).toMatchObject({ subject: error.id })
    expect((await observation(stage, error.id)).eventId).toBe(stated?.id)
  })

  test('[B-5.6] the digest is that of the lines, and the event carries it', async () => {
    ok(await record(stage, report({ personId: people.clerk })))
    const sheet = await compute(stage)
    const digest = createHash('sha256')
      .update(await linesOf(stage, sheet))
      .digest('hex')
    expect(sheet).toMatchObject({
      digest,
      revision: 1,
      state: 'computed',
      subjects: 7,
      deductions: 1,
    })
    expect(await facts(stage, 'score.computed')).toMatchObject([
      { subject: sheet.id, data: { digest, revision: 1, month: FEBRUARY, subjects: 7 } },
    ])
  })
})

describe('departments and units', () => {
  test('[B-5.6] a department has the average of its staff, half to even in thousandths', async () => {
    // 100 + 99 + 98 points of three people; then 100 + 100 + 98, whose average has no end.
    ok(
      await record(
        stage,
        report({ personId: people.clerk }),
        report({ kind: 'delay', personId: people.mate }),
      ),
    )
    await measure(stage, people)
    const first = await compute(stage)
    expect(await scoreOf(stage, first, FINANCE)).toMatchObject({
      subjectKind: 'department',
      staff: 3,
      measuredStaff: 3,
      staffAverage: 99,
      total: 99,
    })
    ok(await record(stage, report({ personId: people.clerk })))
    const second = await compute(stage)
    // 98 + 98 + 100 = 296, in thirds 98.666…
    expect(await scoreOf(stage, second, FINANCE)).toMatchObject({ total: 98.667 })
    // 98 + 98 + 100 + 100 = 396 over four.
    expect(await scoreOf(stage, second, UNIT)).toMatchObject({
      subjectKind: 'unit',
      staff: 4,
      total: 99,
    })
  })

  test('[B-5.6] who was not measured is left out of the average, and counted apart', async () => {
    ok(await record(stage, report({ kind: 'delay', personId: people.mate })))
    const sheet = await compute(stage)
    expect(await scoreOf(stage, sheet, FINANCE)).toMatchObject({
      ...{ staff: 3, measuredStaff: 1, staffAverage: 98, total: 98, measured: true },
    })
    expect(await scoreOf(stage, sheet, UNIT)).toMatchObject({ staff: 4, measuredStaff: 1 })
    expect(await scoreOf(stage, sheet, SALES)).toMatchObject({ measured: false, total: null })
    expect(sheet).toMatchObject({ measured: 1 })
  })

  test('[A-6.1.4] what is held against the department comes off its average, not off its people', async () => {
    ok(await record(stage, report({ kind: 'late-leaver-notice', departmentId: FINANCE })))
    await measure(stage, people)
    const sheet = await compute(stage)
    expect(await scoreOf(stage, sheet, FINANCE)).toMatchObject({
      staffAverage: 100,
      total: 98,
      groups: { security: { deducted: 2, score: null } },
    })
    expect((await scoreOf(stage, sheet, people.clerk)).total).toBe(100)
    expect((await scoreOf(stage, sheet, UNIT)).total).toBe(100)
  })

  test('[A-6.1.1] the error rate of a department is that of its people together', async () => {
    ok(await count(stage, { [people.clerk]: 100, [people.mate]: 300 }))
    ok(await record(stage, report({ personId: people.clerk }), report({ personId: people.mate })))
    const { errorRate } = await scoreOf(stage, await compute(stage), FINANCE)
    expect(errorRate).toEqual({ errors: 2, entries: 400, percent: 0.5 })
  })

  test('[B-5.6] a person who moves after the computation counts where the sheet has put them', async () => {
    ok(await record(stage, report({ personId: people.clerk })))
    const sheet = await compute(stage)
    await tellOfPerson(stage, people.clerk, { name: 'clerk', departmentId: SALES })
    expect(await scoreOf(stage, sheet, people.clerk)).toMatchObject({ departmentId: FINANCE })
    expect(await check(sheet)).toMatchObject({ matches: true })
    const next = await compute(stage)
    expect(await scoreOf(stage, next, people.clerk)).toMatchObject({ departmentId: FINANCE })
    expect(next.digest).toBe(sheet.digest)
  })

  test('[B-5.6] who left is not scored, unless facts of the month came to light', async () => {
    const gone = { name: 'mate', active: false }
    await tellOfPerson(stage, people.mate, gone)
    await tellOfPerson(stage, people.third, { ...gone, name: 'third' })
    ok(await record(stage, report({ personId: people.third })))
    const sheet = await compute(stage)
    await expect(scoreOf(stage, sheet, people.mate)).rejects.toThrow('there is no score')
    expect(await scoreOf(stage, sheet, people.third)).toMatchObject({ total: 99 })
  })
})

describe('the same facts give the same bytes', () => {
  test('[B-5.6] whatever their order, on another database too', async () => {
    const kinds = [
      'data-error',
      'delay',
      'absence',
      'late-correction',
      'account-lending',
      'extra-help',
    ]
    const everybody = Object.values(people)
    const reports: Report[] = Array.from({ length: 120 }, (_, index) =>
      report({
        kind: kinds[index % kinds.length] ?? 'delay',
        severity: kinds[index % kinds.length] === 'data-error' ? 'medium' : null,
        personId: everybody[index % everybody.length] ?? null,
      }),
    )
    const batches = [randomUUID(), randomUUID()] as const
    const inOrder = async (running: TestService, order: readonly Report[], swapped: boolean) => {
      for (let at = 0; at < order.length; at += 17)
        ok(await record(running, ...order.slice(at, at + 17)))
      for (const which of swapped ? [1, 0] : [0, 1])
        ok(
          await count(
            running,
            { [people.clerk]: 50 },
            {
              batchId: batches[which] ?? '',
              moduleCode: which === 0 ? 'GL' : null,
            },
          ),
        )
      return compute(running)
    }
    const sheet = await inOrder(stage, reports, false)
    const other = await assessmentStage()
    try {
      await fillDirectory(other)
      for (const [name, id] of Object.entries(people))
        await tellOfPerson(other, id, { name, departmentId: name === 'seller' ? SALES : FINANCE })
      other.now = after(other.now, 3_600_000)
      const shuffled = [...reports].sort((a, b) => (a.id < b.id ? -1 : 1)).reverse()
      const same = await inOrder(other, shuffled, true)
      expect(await linesOf(other, same)).toBe(await linesOf(stage, sheet))
      expect(same.digest).toBe(sheet.digest)
    } finally {
      await other.release()
    }
  })

  test('[B-5.6] a sheet computed again matches, and leaves nothing behind', async () => {
    ok(await record(stage, report({ personId: people.clerk })))
    const sheet = await compute(stage)
    ok(await record(stage, report({ personId: people.clerk })))
    expect(await check(sheet)).toMatchObject({
      matches: true,
      digest: sheet.digest,
      firstDifference: null,
    })
    expect(await sheets(stage)).toHaveLength(1)
    const [left] = await stage.db.query<{ sheets: string }[]>(
      'select count(distinct sheet_id) as sheets from score',
    )
    expect(left?.sheets).toBe('1')
  })

  test.each([
    ['a score', `update score set total = total + 1000 where subject_id = $1`],
    ['a deduction', `delete from score_deduction where subject_id = $1`],
    ['a fact', `update observation set severity = 'medium' where person_id = $1`],
  ])(
    '[B-5.6] %s that was changed behind its back is told by its line',
    async (_what, statement) => {
      ok(await record(stage, report({ personId: people.clerk })))
      const sheet = await compute(stage)
      await stage.db.query(statement, [people.clerk])
      const { matches, firstDifference } = await check(sheet)
      expect(matches).toBe(false)
      expect(firstDifference?.stored).not.toBe(firstDifference?.computed)
      expect(firstDifference?.line).toBeGreaterThan(1)
    },
  )

  test('[B-5.6] a roster that was changed is told by the digest', async () => {
    const sheet = await compute(stage)
    await stage.db.query('update score_roster set department_id = null where subject_id = $1', [
      people.clerk,
    ])
    expect(await check(sheet)).toMatchObject({ matches: false })
  })
})

describe('cut-off', () => {
  test('[B-5.6] a late fact counts in the next revision only', async () => {
    await measure(stage, people)
    const first = await publish(stage, await compute(stage))
    ok(await record(stage, report({ personId: people.clerk })))
    const second = await compute(stage)
    expect((await scoreOf(stage, first, people.clerk)).total).toBe(100)
    expect((await scoreOf(stage, second, people.clerk)).total).toBe(99)
    expect(second).toMatchObject({ revision: 2, state: 'computed' })
    expect(await check(first)).toMatchObject({ matches: true })
  })

  test('[B-5.6] computations at the same moment are revisions one after the other', async () => {
    ok(await record(stage, report({ personId: people.clerk })))
    const made = await Promise.all([compute(stage), compute(stage), compute(stage)])
    expect(made.map(({ revision }) => revision).sort()).toEqual([1, 2, 3])
    expect(new Set(made.map(({ digest }) => digest)).size).toBe(1)
  })

  test('[B-5.6] facts that come while a sheet is computed are wholly in it or wholly not', async () => {
    const storm = Array.from({ length: 12 }, () =>
      record(stage, ...Array.from({ length: 5 }, () => report({ personId: people.clerk }))),
    )
    const sheet = await compute(stage)
    await Promise.all(storm)
    expect(sheet.deductions % 5).toBe(0)
    expect(await check(sheet)).toMatchObject({ matches: true })
  })

  test('[B-5.6] the month ends at 16:00 UTC of its last day', async () => {
    const last = report({
      personId: people.clerk,
      occurredAt: '2026-02-28T15:59:59.999Z',
      foundAt: '2026-03-01T00:00:00Z',
    })
    const next = report({
      personId: people.clerk,
      occurredAt: '2026-02-28T16:00:00.000Z',
      foundAt: '2026-03-01T00:00:00Z',
    })
    ok(await record(stage, last, next))
    const score = await scoreOf(stage, await compute(stage), people.clerk)
    expect((await deductionsOf(stage, score)).map((each) => each.observationId)).toEqual([last.id])
    expect(await observation(stage, next.id)).toMatchObject({ month: '2026-03' })
  })

  test('[B-5.6] a month is over, and no preview, from its last instant in China on', async () => {
    stage.now = new Date('2026-02-28T15:59:59.999Z')
    const early = await compute(stage)
    expect(early.state).toBe('preview')
    stage.now = new Date('2026-02-28T16:00:00.000Z')
    expect((await compute(stage)).state).toBe('computed')
    const headers = { ...authority(), 'if-match': '"1"' }
    const refused = await send(stage, 'POST', `/v1/score-sheets/${early.id}/publish`, headers)
    expect(refused.json()).toMatchObject({ status: 409, code: 'sheet-state' })
    // A preview is no fact for the ledger.
    expect(await facts(stage, 'score.computed')).toHaveLength(1)
  })

  test('a month that has not begun is refused', async () => {
    const answer = await create(stage, '/v1/score-sheets', authority(), { month: '2026-04' })
    expect(answer.json()).toMatchObject({ status: 422, code: 'month-refused' })
  })
})

describe('publication', () => {
  test('[B-5.6] is by another person than had it computed, also through a client', async () => {
    const [first, second] = [randomUUID(), randomUUID()]
    const by = (headers: Record<string, string>, sheet: Sheet) =>
      send(stage, 'POST', `/v1/score-sheets/${sheet.id}/publish`, {
        ...headers,
        'if-match': '"1"',
      })
    const body = { month: FEBRUARY }
    const own = ok(await create(stage, '/v1/score-sheets', authority(first), body))
    for (const headers of [authority(first), authority()])
      expect((await by(headers, own as unknown as Sheet)).json()).toMatchObject({
        status: 409,
        code: 'same-person',
      })
    const script = caller({ roles: ['SCRIPT'], kind: 'client', controllers: [first] })
    const sheet = ok(await create(stage, '/v1/score-sheets', script, body)) as unknown as Sheet
    expect((await by(authority(first), sheet)).json()).toMatchObject({ code: 'same-person' })
    ok(await by(authority(second), sheet))
  })

  test('[B-5.6] states it with the last day of appeals; the sheet before is superseded', async () => {
    const first = await publish(stage, await compute(stage))
    // Monday 10:00 and five working days: the next Monday 10:00 in China.
    expect(first).toMatchObject({ state: 'published', appealsUntil: '2026-03-16T02:00:00.000Z' })
    expect(await facts(stage, 'score.published')).toMatchObject([
      {
        subject: first.id,
        data: { revision: 1, digest: first.digest, appealsUntil: first.appealsUntil },
      },
    ])
    await publish(stage, await compute(stage))
    expect((await sheets(stage)).map(({ state }) => state)).toEqual(['published', 'superseded'])
  })

  test('only the newest revision is published, under its version, by the authority', async () => {
    const old = await compute(stage)
    const newest = await compute(stage)
    const url = (sheet: Sheet) => `/v1/score-sheets/${sheet.id}/publish`
    const match = { ...authority(PUBLISHER), 'if-match': '"1"' }
    expect((await send(stage, 'POST', url(old), match)).json()).toMatchObject({
      status: 409,
      code: 'sheet-state',
    })
    expect((await send(stage, 'POST', url(newest), authority())).json()).toMatchObject({
      status: 428,
    })
    const stale = { ...authority(PUBLISHER), 'if-match': '"7"' }
    expect((await send(stage, 'POST', url(newest), stale)).json()).toMatchObject({
      code: 'version-stale',
    })
    const owner = { ...ofUnit('BUSINESS_OWNER', people.mate), 'if-match': '"1"' }
    expect((await send(stage, 'POST', url(newest), owner)).json()).toMatchObject({ status: 403 })
    const foreign = { ...ofUnit('OM_AUTHORITY', people.mate), 'if-match': '"1"' }
    expect((await send(stage, 'POST', url(newest), foreign)).json()).toMatchObject({
      code: 'outside-unit',
    })
    await publish(stage, newest)
    const again = { ...authority(PUBLISHER), 'if-match': '"2"' }
    expect((await send(stage, 'POST', url(newest), again)).json()).toMatchObject({
      code: 'sheet-state',
    })
  })
})

describe('who sees what', () => {
  const listed = async (headers: Record<string, string>, sheet: Sheet): Promise<Score[]> =>
    ok(await send(stage, 'GET', `/v1/scores?sheetId=${sheet.id}`, headers)).items as Score[]

  test('a user sees the own score, from its publication on, and no other', async () => {
    const computed = await compute(stage)
    const own = endUser(people.clerk)
    const foreign = await scoreOf(stage, computed, people.mate)
    expect(await listed(own, computed)).toEqual([])
    expect((await send(stage, 'GET', `/v1/score-sheets/${computed.id}`, own)).statusCode).toBe(404)
    const sheet = await publish(stage, computed)
    expect((await listed(own, sheet)).map(({ subjectId }) => subjectId)).toEqual([people.clerk])
    for (const path of [`/v1/scores/${foreign.id}`, `/v1/scores/${foreign.id}/deductions`])
      expect((await send(stage, 'GET', path, own)).json()).toMatchObject({
        status: 404,
        code: 'score-not-found',
      })
    for (const [method, path] of [
      ['GET', 'lines'],
      ['POST', 'recompute-check'],
    ] as const)
      expect(
        (await send(stage, method, `/v1/score-sheets/${sheet.id}/${path}`, own)).json(),
      ).toMatchObject({ status: 403, code: 'not-concerned' })
  })

  test('who answers for a unit sees that unit', async () => {
    await tellOfPerson(stage, people.third, {
      name: 'third',
      unitId: OTHER_UNIT,
      departmentId: randomUUID(),
    })
    const sheet = await compute(stage)
    const seen = await listed(ofUnit('BUSINESS_OWNER', people.mate), sheet)
    expect(new Set(seen.map(({ unitId }) => unitId))).toEqual(new Set([UNIT]))
    const { id } = await scoreOf(stage, sheet, people.third)
    const answer = await send(stage, 'GET', `/v1/scores/${id}`, ofUnit('KEY_USER', people.mate))
    expect(answer.statusCode).toBe(404)
    const lines = await send(
      stage,
      'GET',
      `/v1/score-sheets/${sheet.id}/lines`,
      ofUnit('KEY_USER', people.mate),
    )
    expect(lines.json()).toMatchObject({ status: 403, code: 'outside-unit' })
  })

  test('unknown ids and foreign cursors are told, none is a failure', async () => {
    const id = randomUUID()
    const codes = await Promise.all(
      [
        ['GET', `/v1/score-sheets/${id}`],
        ['GET', `/v1/score-sheets/${id}/lines`],
        ['POST', `/v1/score-sheets/${id}/recompute-check`],
        ['GET', `/v1/scores/${id}`],
        ['GET', `/v1/scores/${id}/deductions?cursor=WyJhIl0`],
        ['GET', `/v1/scores?sheetId=${id}&cursor=WyJhIl0`],
        ['GET', `/v1/score-sheets?cursor=WyJhIiwiYiJd`],
        ['GET', `/v1/score-sheets?month=2026-13`],
      ].map(async ([method, url]) => {
        const answer = await send(stage, method as 'GET', url ?? '', authority())
        return answer.json<{ code: string }>().code
      }),
    )
    expect(codes).toEqual([
      'sheet-not-found',
      'sheet-not-found',
      'sheet-not-found',
      'score-not-found',
      'score-not-found',
      'cursor-unusable',
      'cursor-unusable',
      'validation-failed',
    ])
    const lists = `/v1/scores?sheetId=${(await compute(stage)).id}&limit=2`
    const first = ok(await send(stage, 'GET', lists, authority()))
    const second = ok(
      await send(stage, 'GET', `${lists}&cursor=${String(first.next)}`, authority()),
    )
    expect(
      new Set([...(first.items as Score[]), ...(second.items as Score[])].map((s) => s.id)).size,
    ).toBe(4)
  })
})
