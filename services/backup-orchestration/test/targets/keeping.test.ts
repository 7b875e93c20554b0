import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { send, made } from '@erp-steward/test-kit/requests'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { runTask } from '@erp-steward/test-kit/run-task'
import {
  authority,
  backUp,
  backupStage,
  emptyStage,
  except,
  factsOf,
  leased,
  proposePolicy,
  provider,
  readBack,
  report,
  run,
  setParameter,
  setPolicy,
  target,
} from '../backup-stage.ts'

let stage: TestService

beforeAll(async () => {
  stage = await backupStage()
})
afterAll(() => stage.release())
beforeEach(() => emptyStage(stage))

const LADDER = { keepDays: 14, keepWeeks: 5, keepMonths: 12, keepYears: 10 }
const NEAR = { schedule: '*/15 * * * *', rpo: 'PT15M', ...LADDER }
const china = (text: string) => new Date(`${text}+08:00`)
const watch = () => runTask(stage, 'watch-protection')

/** A database with a policy at the floors, set on a Monday: the first whole week is that of Sunday, 15 March. */
async function database(): Promise<string> {
  const { id } = await target(stage, { objectKind: 'database', policy: null })
  await made(setPolicy(stage, id, NEAR))
  return id
}
async function backUpAt(at: string, id: string): Promise<string> {
  stage.now = china(at)
  const { id: runId } = await backUp(stage, id)
  return runId
}
async function watchAt(at: string): Promise<void> {
  stage.now = china(at)
  await watch()
}
const stated = async (id: string) => (await factsOf(stage, 'target.protection-stated', id)).at(-1)
const expiry = async (runId: string) => {
  const { copies } = await run(stage, runId)
  return new Set(copies.map(({ expiresAt }) => expiresAt))
}
const until = (at: string) => new Set([china(at).toISOString()])
/** Every copy of a run is found damaged. */
async function damage(runId: string): Promise<void> {
  const { copies } = await run(stage, runId)
  for (const { id } of copies) {
    await made(send(stage, 'POST', `/v1/backup-copies/${id}/verify`, provider()))
    const bad = readBack('verified', { readDigest: null })
    await made(report(stage, await leased(stage, 'verify'), bad))
  }
}

test.each([
  ['keepDays', 13, '#/keepDays'],
  ['keepWeeks', 4, '#/keepWeeks'],
  ['keepMonths', 11, '#/keepMonths'],
  ['keepYears', 9, '#/keepYears'],
  ['keepYears', null, '#/keepYears'],
])('[A-2.4.1] the policy of a database with %s %s is refused', async (member, value, pointer) => {
  const { id } = await target(stage, { objectKind: 'database', policy: null })
  const answer = await proposePolicy(stage, id, { ...NEAR, [member]: value })
  expect(answer.json()).toMatchObject({ code: 'backup-policy-refused', errors: [{ pointer }] })
})

test('[A-2.4.1] a database keeps every kind, files need none', async () => {
  const id = await database()
  expect(await stated(id)).toMatchObject({ plan: 'kept', faults: [] })
  const url = `/v1/backup-targets/${id}/policy`
  expect(await made(send(stage, 'GET', url, authority()))).toMatchObject(LADDER)
  const files = await target(stage)
  expect(await stated(files.id)).toMatchObject({ plan: 'kept' })
})

test('[A-2.4.1] the first of a week, a month and a year is kept longest, the others for days', async () => {
  const id = await database()
  const weekly = await backUpAt('2026-03-15T01:00', id)
  const daily = await backUpAt('2026-03-16T01:00', id)
  const monthly = await backUpAt('2026-04-01T01:00', id)
  await watch()
  expect(await expiry(weekly)).toEqual(until('2026-04-19T01:00'))
  expect(await expiry(daily)).toEqual(until('2026-03-30T01:00'))
  expect(await expiry(monthly)).toEqual(until('2027-04-01T01:00'))
  const yearly = await backUpAt('2027-01-01T01:00', id)
  await watch()
  expect(await expiry(yearly)).toEqual(until('2037-01-01T01:00'))
  expect(await expiry(weekly)).toEqual(until('2026-04-19T01:00'))
})

test('[A-2.4.1] a week without a good backup is below the floor, whatever the policy says, until its time is over', async () => {
  const id = await database()
  await backUpAt('2026-03-15T01:00', id)
  await watchAt('2026-03-28T23:59')
  expect(await stated(id)).toMatchObject({ plan: 'kept' })
  await watchAt('2026-03-29T01:00')
  expect(await stated(id)).toMatchObject({
    plan: 'below',
    faults: [expect.stringMatching('^weekly: .*from 2026-03-22[.]$')],
  })
  // A backup of later does not make up for it.
  for (const day of ['2026-03-29', '2026-04-05', '2026-04-12', '2026-04-19', '2026-04-26'])
    await backUpAt(`${day}T02:00`, id)
  await watchAt('2026-04-25T23:00')
  expect(await stated(id)).toMatchObject({ plan: 'below' })
  await watchAt('2026-04-26T02:00')
  expect(await stated(id)).toMatchObject({ plan: 'kept', faults: [] })
})

test('[A-2.4.1] one found damaged makes way for the next of its period; without one the kind is below the floor', async () => {
  const id = await database()
  const first = await backUpAt('2026-03-15T01:00', id)
  const second = await backUpAt('2026-03-16T01:00', id)
  await backUpAt('2026-03-22T01:00', id)
  await watch()
  await damage(first)
  stage.now = china('2026-03-22T03:00')
  await watch()
  expect(await stated(id)).toMatchObject({ plan: 'kept' })
  expect(await expiry(second)).toEqual(until('2026-04-20T01:00'))
  await damage(second)
  await watchAt('2026-03-22T05:00')
  expect(await stated(id)).toMatchObject({
    plan: 'below',
    faults: [expect.stringMatching('^weekly: .*from 2026-03-15[.]$')],
  })
})

test.each([
  ['monthly', '2026-04-30T23:30', '2026-05-01T01:00', '2026-04-01'],
  ['yearly', '2027-12-31T23:30', '2028-01-01T01:00', '2027-01-01'],
])(
  '[A-2.4.1] a %s backup that nobody made is missed at the end of its period, and excepted by two only',
  async (kind, before, after, period) => {
    const id = await database()
    await watchAt(before)
    const fault = expect.stringMatching(`^${kind}: .*${period}`)
    expect((await stated(id))?.faults).not.toContainEqual(fault)
    await watchAt(after)
    expect(await stated(id)).toMatchObject({ plan: 'below' })
    expect((await stated(id))?.faults).toContainEqual(fault)
    await except(
      stage,
      id,
      ['weekly', 'monthly', 'yearly'].filter((each) => each !== kind),
    )
    expect(await stated(id)).toMatchObject({ plan: 'below' })
    stage.now = new Date(stage.now.getTime() + 1)
    await except(stage, id, [kind])
    expect(await stated(id)).toMatchObject({ plan: 'excepted' })
  },
)

test('[A-2.4.1] a floor that is raised leaves the policy of before below it', async () => {
  const id = await database()
  await setParameter(stage, 'backup.plan.database.yearly_keep', 'P15Y')
  await watchAt('2026-03-09T11:00')
  expect(await stated(id)).toMatchObject({
    plan: 'below',
    faults: [expect.stringMatching('^yearly: ')],
  })
  await made(setPolicy(stage, id, { ...NEAR, keepYears: 15 }, 1))
  expect(await stated(id)).toMatchObject({ plan: 'kept' })
})

test('[A-2.4.1] a new policy does not make weeks forgotten that the former one had to keep', async () => {
  const id = await database()
  await watchAt('2026-03-23T01:00')
  expect(await stated(id)).toMatchObject({ plan: 'below' })
  await made(setPolicy(stage, id, { ...NEAR, keepWeeks: 6 }, 1))
  await watchAt('2026-03-23T03:00')
  expect(await stated(id)).toMatchObject({ plan: 'below' })
})
