import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { HolidayYearLoaded } from '@erp-steward/contracts/incident-events'
import { send } from '@erp-steward/test-kit/requests'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { runTask } from '@erp-steward/test-kit/run-task'
import { tell } from '@erp-steward/test-kit/tell'
import { OTHER_UNIT } from '@erp-steward/test-kit/tell-of-company'
import {
  assessmentStage,
  authority,
  compute,
  emptyStage,
  facts,
  fillDirectory,
  observation,
  ok,
  publish,
  record,
  report,
  setParameter,
  sheets,
} from '../assessment-stage.ts'

let stage: TestService
let people: Record<'clerk', string>
const china = (text: string) => new Date(`${text}+08:00`)

beforeAll(async () => {
  stage = await assessmentStage()
})
afterAll(() => stage.release())
beforeEach(async () => {
  await emptyStage(stage)
  people = await fillDirectory(stage, 'clerk')
})

// None of these is the real year: its paper does not exist.
const off = (...dates: string[]) => Object.fromEntries(dates.map((date) => [date, '虚构']))
const year = {
  year: 2027,
  version: 1,
  paper: '虚构〔2026〕1号',
  paperDate: '2026-12-31',
  holidays: off(
    ...['2027-01-01', '2027-01-02', '2027-01-03', '2027-01-04', '2027-01-05'],
    ...['2027-05-01', '2027-10-01'],
  ),
  makeUpDays: off('2027-01-09'),
  reason: 'For this test.',
}

/** The year comes, and the jobs run that this queued for now. */
async function load(changes: Partial<typeof year> = {}) {
  await tell(stage, HolidayYearLoaded, '2027', { ...year, ...changes })
  const jobs: { id: string; task: string; data: unknown }[] = await stage.db.query(
    `select j.id, t.identifier as task, j.payload -> 'data' as data
       from assessment_jobs._private_jobs j join assessment_jobs._private_tasks t on t.id = j.task_id
      where t.identifier in ('settle-due-dates', 'settle-appeal-ends', 'plan-monthly-nodes') order by j.run_at, j.id`,
  )
  expect(jobs).toHaveLength(6)
  for (const { id, task, data } of jobs.slice(0, 6)) {
    await stage.db.query('delete from assessment_jobs._private_jobs where id = $1', [id])
    await runTask(stage, task, data)
  }
}

test('[A-2.3.5] a data error of December has its due date in January the moment the year is loaded', async () => {
  stage.now = china('2026-12-31T16:30:00')
  const found = stage.now.toISOString()
  const error = report({ personId: people.clerk, occurredAt: found, foundAt: found })
  ok(await record(stage, error))
  expect((await observation(stage, error.id)).correction).toMatchObject({
    dueAt: null,
    fault: expect.stringContaining('/v1/holiday-years/2027') as unknown,
  })
  await load()
  const { dueAt } = (await observation(stage, error.id)).correction as { dueAt: string }
  // One working day: an hour of the 31st, seven of 6 January.
  expect(dueAt).toBe(china('2027-01-06T16:30:00').toISOString())
  // What is recorded from now on has its due date at once.
  const next = report({ personId: people.clerk, occurredAt: found, foundAt: found })
  ok(await record(stage, next))
  expect((await observation(stage, next.id)).correction).toMatchObject({ dueAt, fault: null })
})

test('[A-2.3.5] a due date that people were told stays, and an older version that comes late changes nothing', async () => {
  stage.now = china('2026-12-31T16:30:00')
  const found = stage.now.toISOString()
  const error = () => report({ personId: people.clerk, occurredAt: found, foundAt: found })
  const before = error()
  ok(await record(stage, before))
  await load()
  const { dueAt } = (await observation(stage, before.id)).correction as { dueAt: string }
  await load({ version: 2, holidays: { ...year.holidays, ...off('2027-01-06') } })
  await load()
  expect((await observation(stage, before.id)).correction).toMatchObject({ dueAt })
  const later = error()
  ok(await record(stage, later))
  const moved = (await observation(stage, later.id)).correction as { dueAt: string }
  expect(moved.dueAt > dueAt).toBe(true)
})

test('[B-5.6] appeals of a month have their end once the year is loaded, and it is stated', async () => {
  stage.now = china('2026-12-30T10:00:00')
  expect(await publish(stage, await compute(stage, '2026-11'))).toMatchObject({
    appealsUntil: null,
  })
  stage.now = china('2026-12-31T10:00:00')
  await load()
  const [sheet] = await sheets(stage, '2026-11')
  // Five working days from Wednesday 10:00: 31 December, then 6, 7, 8 January and Saturday the 9th.
  expect(sheet).toMatchObject({ appealsUntil: china('2027-01-09T10:00:00').toISOString() })
  expect(await facts(stage, 'score.appeals-end-set')).toMatchObject([
    { subject: sheet?.id, data: { month: '2026-11', appealsUntil: sheet?.appealsUntil } },
  ])
})

test('[B-5.6] where the year comes too late nobody loses the right over night: a working day is left', async () => {
  stage.now = china('2026-12-30T10:00:00')
  await publish(stage, await compute(stage, '2026-11'))
  stage.now = china('2027-02-01T10:00:00')
  await load()
  expect(await sheets(stage, '2026-11')).toMatchObject([
    { appealsUntil: china('2027-02-02T10:00:00').toISOString() },
  ])
})

test('[A-2.3.7] the time nodes of January are planned the moment the year is loaded, also within January, but none that is past', async () => {
  ok(
    await setParameter(stage, 'assessment.calendar.nodes', [
      'post WD1 18:00',
      'close-gl WD3 18:00',
    ]),
  )
  ok(await setParameter(stage, 'assessment.calendar.nodes', [], { unitId: OTHER_UNIT }))
  const nodes = async () =>
    ok(await send(stage, 'GET', '/v1/time-nodes?month=2027-01', authority())).items
  stage.now = china('2026-12-30T10:00:00')
  await runTask(stage, 'plan-monthly-nodes')
  expect(await nodes()).toEqual([])
  stage.now = china('2027-01-07T10:00:00')
  await load()
  // Working days are the 6th, the 7th, the 8th.
  expect(await nodes()).toMatchObject([
    { code: 'close-gl', dueAt: china('2027-01-08T18:00:00').toISOString() },
  ])
})
