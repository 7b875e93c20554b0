import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { send } from '@erp-steward/test-kit/requests'
import { UNIT } from '@erp-steward/test-kit/tell-of-company'
import { caller, type Caller } from '@erp-steward/test-kit/tokens'
import {
  assessmentStage,
  authority,
  compute,
  count,
  deductionsOf,
  emptyStage,
  facts,
  fillDirectory,
  FINANCE,
  measure,
  middleware,
  ofUnit,
  ok,
  record,
  report,
  scoreOf,
  setParameter,
  tellOfPerson,
} from '../assessment-stage.ts'

let stage: TestService
let clerk: string

beforeAll(async () => {
  stage = await assessmentStage()
})
afterAll(() => stage.release())
beforeEach(async () => {
  await emptyStage(stage)
  ;({ clerk } = await fillDirectory(stage, 'clerk'))
})

/** The clerk's score of February after these kinds of facts. */
async function scoreAfter(
  ...kinds: readonly (readonly [kind: string, severity?: string | null, points?: number])[]
) {
  ok(
    await record(
      stage,
      ...kinds.map(([kind, severity = null, points]) =>
        report({ kind, severity, personId: clerk, ...(points !== undefined && { points }) }),
      ),
    ),
  )
  return scoreOf(stage, await compute(stage), clerk)
}

test('[A-6.1.1][A-6.1.2] a month without one fact is not measured: no points, no grade, for nobody', async () => {
  const sheet = await compute(stage)
  const nothing = { measured: false, total: null, grade: null, staffAverage: null }
  expect(sheet).toMatchObject({ measured: 0 })
  expect(await scoreOf(stage, sheet, clerk)).toMatchObject({
    ...nothing,
    groups: { accuracy: { weight: 40, deducted: 0, score: null } },
  })
  for (const subject of [FINANCE, UNIT])
    expect(await scoreOf(stage, sheet, subject)).toMatchObject({ ...nothing, measuredStaff: 0 })
  const check = `/v1/score-sheets/${sheet.id}/recompute-check`
  expect(ok(await send(stage, 'POST', check, authority()))).toMatchObject({ matches: true })
  const [computed] = await facts(stage, 'score.computed')
  expect(computed?.data).toMatchObject({
    measured: 0,
    measuredAccuracy: 0,
    measuredTimeliness: 0,
  })
})

test('[A-6.1.1] a fact that was voided is none, and entries of zero are none either', async () => {
  const error = report({ personId: clerk })
  ok(await record(stage, error))
  expect(await scoreOf(stage, await compute(stage), clerk)).toMatchObject({ measured: true })
  await stage.db.query(
    `update observation set standing = 'voided', voided_order = nextval('fact_order') where id = $1`,
    [error.id],
  )
  expect(await scoreOf(stage, await compute(stage), clerk)).toMatchObject({ measured: false })
  ok(await count(stage, { [clerk]: 0 }))
  expect(await scoreOf(stage, await compute(stage), clerk)).toMatchObject({ measured: false })
  ok(await count(stage, { [clerk]: 1 }))
  expect(await scoreOf(stage, await compute(stage), clerk)).toMatchObject({
    measured: true,
    total: 100,
  })
})

test('[A-6.1.1][A-6.1.3] a trifle that the own unit tells makes no month of 99 points; told by others it counts', async () => {
  const mate = randomUUID()
  await tellOfPerson(stage, mate, { name: 'mate' })
  const late = () => report({ kind: 'lateness', personId: clerk })
  const tell = async (headers: Caller, ...observations: object[]) =>
    ok(await send(stage, 'POST', '/v1/observations', headers, { observations }))
  const nothing = { measured: false, total: null, grade: null }
  await tell(ofUnit('BUSINESS_OWNER', mate), late())
  await tell(caller({ roles: ['SCRIPT'], kind: 'client', controllers: [mate] }), late())
  await tell(ofUnit('BUSINESS_OWNER', mate), {
    ...report({ kind: 'late-leaver-notice', departmentId: FINANCE }),
  })
  const sheet = await compute(stage)
  for (const subject of [clerk, FINANCE, UNIT])
    expect(await scoreOf(stage, sheet, subject)).toMatchObject(nothing)
  await tell(middleware(), late())
  expect(await scoreOf(stage, await compute(stage), clerk)).toMatchObject({
    measured: true,
    total: 97,
  })
})

test('[B-5.6] a month of entries without fault is a full score, excellent', async () => {
  await measure(stage, { clerk })
  expect(await scoreOf(stage, await compute(stage), clerk)).toMatchObject({
    subjectKind: 'person',
    departmentId: FINANCE,
    total: 100,
    grade: 'excellent',
    bonus: 0,
    groups: {
      accuracy: { weight: 40, deducted: 0, score: 40 },
      timeliness: { weight: 30, deducted: 0, score: 30 },
      cooperation: { weight: 15, deducted: 0, score: 15 },
      security: { weight: 15, deducted: 0, score: 15 },
    },
    errorRate: { errors: 0, entries: 1_000_000, percent: 0 },
  })
})

describe('points of each fact on the default sheet', () => {
  test.each([
    ['[A-6.1.1] a light data error', 'data-error', 'light', 'accuracy', 1],
    ['[A-6.1.1] a medium data error', 'data-error', 'medium', 'accuracy', 3],
    ['[A-6.1.1] a heavy data error', 'data-error', 'heavy', 'accuracy', 5],
    ['[A-2.3.1] a heavy deviation from the process', 'process-deviation', 'heavy', 'accuracy', 5],
    ['[A-2.3.1] a deviation of no stated severity', 'process-deviation', null, 'accuracy', 1],
    ['[A-6.1.2] a delay', 'delay', null, 'timeliness', 2],
    ['[A-6.1.2] a delay of an urgent matter', 'delay', 'heavy', 'timeliness', 5],
    ['[A-2.3.5] a late correction', 'late-correction', null, 'timeliness', 1],
    ['[A-6.1.3] a refused task', 'task-refused', null, 'cooperation', 3],
    ['[A-6.1.3] an absence', 'absence', null, 'cooperation', 3],
    ['[A-6.1.3] a lateness', 'lateness', null, 'cooperation', 1],
    ['[A-6.1.4] a lent account', 'account-lending', null, 'security', 10],
    ['[A-6.1.4] a leaked password', 'password-leak', null, 'security', 5],
    ['[A-6.1.4] a late leaver notice', 'late-leaver-notice', null, 'security', 2],
    ['[A-6.1.4] a security incident costs the group', 'security-incident', null, 'security', 15],
  ] as const)('%s', async (_what, kind, severity, group, points) => {
    const score = await scoreAfter([kind, severity])
    expect(score.total).toBe(100 - points)
    expect(score.groups[group].deducted).toBe(points)
    expect(await deductionsOf(stage, score)).toMatchObject([{ kind, group, points }])
  })
})

test('[A-6.1.4] a group never falls below 0 and takes nothing from the others', async () => {
  const score = await scoreAfter(['account-lending'], ['account-lending'], ['security-incident'])
  expect(score.groups.security).toEqual({ weight: 15, deducted: 35, score: 0 })
  expect(score).toMatchObject({ total: 85, grade: 'good' })
})

describe('bonus', () => {
  test('an improvement earns its own points, extra help two', async () => {
    const score = await scoreAfter(['improvement', null, 5], ['extra-help'])
    expect(score).toMatchObject({ bonus: 7, total: 107, grade: 'excellent' })
  })

  test('the bonus ends at its maximum', async () => {
    const score = await scoreAfter(
      ['improvement', null, 5],
      ['improvement', null, 4],
      ['extra-help'],
    )
    expect(score).toMatchObject({ bonus: 10, total: 110 })
  })
})

describe('error rate', () => {
  test.each([
    ['at the high mark: no deduction', 1, 100, 99, 1],
    ['just above the high mark', 1, 99, 94, 1.01],
    ['at the very high mark: as high', 3, 100, 92, 3],
    ['just above the very high mark', 3, 99, 87, 3.03],
  ] as const)('[A-6.1.1][A-2.3.3] %s', async (_what, errors, entries, total, percent) => {
    ok(await count(stage, { [clerk]: entries }))
    const score = await scoreAfter(
      ...Array.from({ length: errors }, () => ['data-error', 'light'] as const),
    )
    expect(score).toMatchObject({ total, errorRate: { errors, entries, percent } })
  })

  test('[A-6.1.1] without a denominator there is no rate and no deduction', async () => {
    const score = await scoreAfter(['data-error', 'light'])
    expect(score).toMatchObject({
      total: 99,
      errorRate: { errors: 1, entries: null, percent: null },
    })
  })

  test('[A-6.1.1] no entries at all is no rate either', async () => {
    ok(await count(stage, { [clerk]: 0 }))
    const score = await scoreAfter(['data-error', 'light'])
    expect(score).toMatchObject({ total: 99, errorRate: { errors: 1, entries: 0, percent: null } })
  })

  test('[A-2.3.3] the entries of modules add up, and the deduction leads to a batch and its event', async () => {
    const batchId = '00000000-0000-4000-8000-000000000001'
    const batch = ok(await count(stage, { [clerk]: 30 }, { moduleCode: 'GL', batchId }))
    ok(await count(stage, { [clerk]: 20 }))
    const score = await scoreAfter(['data-error', 'light'])
    expect(score.errorRate).toEqual({ errors: 1, entries: 50, percent: 2 })
    const [rate] = (await deductionsOf(stage, score)).filter(({ kind }) => kind === 'error-rate')
    expect(rate).toEqual({
      observationId: null,
      batchId,
      eventId: batch.eventId,
      kind: 'error-rate',
      group: 'accuracy',
      ruleKey: 'assessment.deduction.error_rate_high',
      parameterVersion: 0,
      points: 5,
      reference: null,
      description: null,
      occurredAt: null,
    })
  })

  test('[A-6.1.1] a mark with a fraction is compared exactly', async () => {
    ok(await setParameter(stage, 'assessment.error_rate.high', 0.3))
    ok(await count(stage, { [clerk]: 1_000 }))
    const three = Array.from({ length: 3 }, () => ['data-error', 'light'] as const)
    expect((await scoreAfter(...three)).total).toBe(97)
    expect((await scoreAfter(['data-error', 'light'])).total).toBe(91)
  })
})

describe('grades', () => {
  test.each([
    ['excellent', 90, ['account-lending']],
    ['good', 89, ['account-lending', 'lateness']],
    ['good', 75, ['security-incident', 'task-refused', 'task-refused', 'task-refused', 'lateness']],
    [
      'pass',
      74,
      ['security-incident', 'task-refused', 'task-refused', 'task-refused', 'lateness', 'lateness'],
    ],
  ] as const)('[B-5.6] %s at %i', async (grade, total, kinds) => {
    expect(await scoreAfter(...kinds.map((kind) => [kind] as const))).toMatchObject({
      grade,
      total,
    })
  })

  test.each([
    ['pass', 60],
    ['fail', 59],
  ] as const)('[B-5.6] %s at %i', async (grade, total) => {
    const errors = Array.from({ length: 8 }, () => ['data-error', 'heavy'] as const)
    const rest = total === 59 ? [['lateness'] as const] : []
    expect(await scoreAfter(...errors, ...rest)).toMatchObject({ grade, total })
  })
})

test('[B-5.6] weights that do not add up to 100 are told with the unit and their sum', async () => {
  ok(await setParameter(stage, 'assessment.weights.accuracy', 41, { unitId: UNIT }))
  await expect(compute(stage)).rejects.toThrow(/"code":"weights-refused".*"sum":101/s)
})

test('[B-5.6] a unit has its own points, and the deduction keeps their version', async () => {
  ok(await setParameter(stage, 'assessment.deduction.delay', 4, { unitId: UNIT }))
  const score = await scoreAfter(['delay'])
  expect(score.total).toBe(96)
  expect(await deductionsOf(stage, score)).toMatchObject([{ points: 4, parameterVersion: 1 }])
})

test('[B-5.6] a rule that changes after the month does not touch it', async () => {
  const validFrom = '2026-02-28T16:00:00Z'
  ok(await setParameter(stage, 'assessment.deduction.delay', 4, { validFrom }))
  expect((await scoreAfter(['delay'])).total).toBe(98)
})
