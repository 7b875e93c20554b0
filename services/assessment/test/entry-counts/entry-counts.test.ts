import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { send } from '@erp-steward/test-kit/requests'
import {
  assessmentStage,
  authority,
  compute,
  count,
  emptyStage,
  facts,
  fillDirectory,
  FEBRUARY,
  ofUnit,
  ok,
  OTHER_UNIT,
  record,
  report,
  scoreOf,
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
    code: 'entry-counts-refused',
  })
  ok(await count(stage, { [people.clerk]: 10 }))
  expect(ok(await send(stage, 'GET', '/v1/entry-counts', foreign)).items).toEqual([])
  for (const cursor of ['WyItMSJd', 'x'])
    expect(
      (await send(stage, 'GET', `/v1/entry-counts?cursor=${cursor}`, authority())).json(),
    ).toMatchObject({ code: 'cursor-unusable' })
})
