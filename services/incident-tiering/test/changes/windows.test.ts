import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { ParameterVersionSet } from '@erp-steward/contracts/platform-events'
import { create } from '@erp-steward/test-kit/requests'
import { after, HOUR } from '@erp-steward/test-kit/instants'
import { runTask } from '@erp-steward/test-kit/run-task'
import { tell } from '@erp-steward/test-kit/tell'
import { OTHER_UNIT, tellOfPerson, UNIT } from '@erp-steward/test-kit/tell-of-company'
import type { Caller } from '@erp-steward/test-kit/tokens'
import { factsOf, MONDAY, nominate, runJobs, setParameter, waitingJobs } from '../incident-stage.ts'
import {
  act,
  almighty,
  approved,
  changeStage,
  company,
  lines,
  minorChange,
  must,
  peopleOf,
  read,
  standing,
  submit,
  TUESDAY_NIGHT,
  unit,
  type ChangeStage,
  type Part,
} from './change-stage.ts'

let all: ChangeStage

beforeAll(async () => {
  all = await changeStage()
})
afterAll(() => all.stage.release())
beforeEach(() => {
  all.stage.now = MONDAY
})

/** An instant of Chinese time. */
const china = (text: string) => new Date(`${text}+08:00`)

/** A plan that leaves it to the windows whether the change starts then. */
const around = (at: Date) => ({
  plannedStart: after(at, -HOUR).toISOString(),
  plannedEnd: after(at, HOUR).toISOString(),
})

async function startAt(at: Date, changes: Record<string, unknown> = {}) {
  const change = await approved(all, { ...minorChange(all), ...around(at), ...changes })
  all.stage.now = at
  const answer = await act(all, change, 'start', 'provider')
  all.stage.now = MONDAY
  return { change, answer }
}

describe('[A-3.3.5][B-4.3.7] a change starts in the window of its class', () => {
  test.each([
    ['minor', '2026-03-10T19:59:59.999', false],
    ['minor', '2026-03-10T20:00:00.000', true],
    ['minor', '2026-03-10T23:59:59.999', true],
    ['minor', '2026-03-11T00:00:00.000', false],
    ['minor', '2026-03-14T21:00:00.000', false],
    ['major', '2026-03-10T20:00:00.000', false],
    ['major', '2026-03-14T19:59:59.999', false],
    ['major', '2026-03-14T20:00:00.000', true],
    ['major', '2026-03-15T05:59:59.999', true],
    ['major', '2026-03-15T06:00:00.000', false],
  ])('%s at %s: %s', async (changeClass, at, starts) => {
    const { change, answer } = await startAt(china(at), { class: changeClass })
    if (starts) {
      expect(answer.statusCode).toBe(200)
      expect(await factsOf(all.stage, change.id, 'change.started')).toMatchObject([
        { askId: null, backupRunIds: [], executorPersonId: all.people.provider },
      ])
    } else {
      expect(answer.json()).toMatchObject({ status: 409, code: 'outside-change-window' })
      expect(await read(all, change)).toMatchObject({ state: 'approved', startedAt: null })
    }
  })

  test('the refusal names the next window', async () => {
    const { answer } = await startAt(china('2026-03-11T00:00'))
    expect(answer.json()).toMatchObject({
      nextWindow: { from: '2026-03-12T12:00:00.000Z', until: '2026-03-12T16:00:00.000Z' },
    })
  })
})

describe('[A-3.3.5] the freeze around the end of a month', () => {
  test.each([
    ['2026-03-26T20:00', true],
    // 31 March is a Tuesday within the last two days.
    ['2026-03-31T20:00', false],
    ['2026-04-02T20:00', false],
    // 4 to 6 April are holidays: 1, 2, 3, 7 and 8 April are the first five working days.
    ['2026-04-07T23:59', false],
    ['2026-04-09T20:00', true],
  ])('at %s a minor change starts: %s', async (at, starts) => {
    const { answer } = await startAt(china(at))
    expect(answer.statusCode).toBe(starts ? 200 : 409)
    if (!starts)
      expect(answer.json()).toMatchObject({
        code: 'outside-change-window',
        nextWindow: { from: '2026-04-09T12:00:00.000Z' },
      })
  })

  test('without the holidays of a year the freeze does not end, and the refusal says why', async () => {
    const { answer } = await startAt(china('2035-03-13T21:00'))
    expect(answer.json()).toMatchObject({
      status: 409,
      code: 'outside-change-window',
      nextWindow: null,
      detail: expect.stringContaining('2035'),
    })
  })
})

test('the windows in force decide, and their versions stay with the change', async () => {
  await setParameter(all.stage, 'incident.change.windows', ['MON 09:00-12:00'])
  const { change, answer } = await startAt(MONDAY)
  expect(answer.json()).toMatchObject({
    state: 'started',
    parameterVersions: {
      'incident.change.planned_time': 0,
      'incident.change.windows': 1,
      'incident.change.freeze.before_month_end': 0,
      'incident.change.freeze.after_month_start': 0,
    },
  })
  expect((await startAt(TUESDAY_NIGHT)).answer.statusCode).toBe(409)
  await setParameter(all.stage, 'incident.change.windows', null)
  all.stage.now = TUESDAY_NIGHT
  expect((await act(all, change, 'start', 'provider')).json()).toMatchObject({
    status: 409,
    code: 'change-state',
  })
})

test('[A-3.3.5] nothing starts while nobody is there to take it back', async () => {
  const { leaver, authority } = all.people
  const change = await approved(all, { ...minorChange(all), rollbackOwnerPersonId: leaver })
  all.stage.now = TUESDAY_NIGHT
  await tellOfPerson(all.stage, leaver, { name: 'leaver', active: false })
  expect((await act(all, change, 'start', 'provider')).json()).toMatchObject({
    status: 422,
    code: 'person-unknown',
  })
  await must(all, change, 'amend', 'requester', { rollbackOwnerPersonId: authority })
  await must(all, change, 'approve', 'owner', unit)
  await must(all, change, 'approve', 'second', company)
  expect(await must(all, change, 'start', 'provider')).toMatchObject({ state: 'started' })
})

describe('[A-3.3.2] a change starts in its planned time', () => {
  const planned = {
    plannedStart: china('2026-03-10T20:30').toISOString(),
    plannedEnd: china('2026-03-10T22:30').toISOString(),
  }

  test.each([
    ['a month early', '2026-02-10T21:00:00.000', false],
    ['a moment early', '2026-03-10T20:29:59.999', false],
    ['at its start', '2026-03-10T20:30:00.000', true],
    ['at its last moment', '2026-03-10T22:29:59.999', true],
    ['at its end', '2026-03-10T22:30:00.000', false],
  ])('%s, at %s: %s', async (_when, at, starts) => {
    for (const changeClass of ['minor', 'emergency']) {
      all.stage.now = china('2026-02-10T10:00')
      const body = { ...minorChange(all), ...planned, class: changeClass }
      const change = await submit(all, body, 'deputy')
      if (changeClass === 'minor') await must(all, change, 'approve', 'owner', unit)
      await must(all, change, 'approve', 'second', company)
      all.stage.now = china(at)
      const answer = await act(all, change, 'start', 'provider')
      if (starts) expect(answer.json()).toMatchObject({ state: 'started' })
      else
        expect(answer.json()).toMatchObject({
          status: 409,
          code: 'outside-planned-time',
          ...planned,
        })
    }
  })

  test('[A-3.3.2] an edit of the time voids the approvals', async () => {
    const change = await approved(all, { ...minorChange(all), ...planned })
    const edit = { plannedStart: china('2026-03-10T20:00').toISOString() }
    expect(await must(all, change, 'amend', 'requester', edit)).toMatchObject({
      state: 'submitted',
      unitApproverPersonId: null,
    })
  })
})

describe('a planned time is no longer than the parameter says', () => {
  const key = 'incident.change.planned_time'
  const plannedStart = china('2026-03-10T20:00')
  const lasting = (ms: number) => ({
    plannedStart: plannedStart.toISOString(),
    plannedEnd: after(plannedStart, ms).toISOString(),
  })
  const refused = {
    status: 422,
    code: 'validation-failed',
    errors: [{ pointer: '#/plannedEnd', detail: expect.stringContaining(key) }],
  }
  afterEach(() => setParameter(all.stage, key, null))

  test.each(['minor', 'major', 'emergency'])(
    '[A-3.3.2][A-3.3.5] of class %s, asked for or edited',
    async (each) => {
      const body = { ...minorChange(all), class: each }
      const ask = (planned: object) =>
        create(all.stage, '/v1/changes', all.as.deputy, { ...body, ...planned })
      for (const ms of [24 * HOUR + 1, 365 * 24 * HOUR])
        expect((await ask(lasting(ms))).json()).toMatchObject(refused)
      expect((await ask(lasting(365 * 24 * HOUR))).json()).toMatchObject({
        detail: expect.stringContaining('2026-03-11T12:00:00.000Z'),
      })
      const change = await submit(all, { ...body, ...lasting(24 * HOUR) }, 'deputy')
      for (const edit of [
        { plannedEnd: after(plannedStart, 24 * HOUR + 1).toISOString() },
        { plannedStart: after(plannedStart, -1).toISOString() },
      ])
        expect((await act(all, change, 'amend', 'deputy', edit)).json()).toMatchObject(refused)
      await must(all, change, 'amend', 'deputy', lasting(HOUR))
    },
  )

  test('[A-3.3.2] as it was when it was asked for, and as it is when it starts', async () => {
    await setParameter(all.stage, key, 'P7D')
    const body = { ...minorChange(all), ...lasting(7 * 24 * HOUR) }
    const change = await approved(all, body)
    await setParameter(all.stage, key, 'PT24H')
    // Two days later, a Thursday, the window of minor changes is open again.
    all.stage.now = china('2026-03-12T20:00')
    expect((await act(all, change, 'start', 'provider')).json()).toMatchObject({
      status: 409,
      code: 'outside-planned-time',
      plannedEnd: '2026-03-11T12:00:00.000Z',
    })
    all.stage.now = TUESDAY_NIGHT
    expect(await must(all, change, 'start', 'provider')).toMatchObject({
      state: 'started',
      parameterVersions: { [key]: expect.any(Number) },
    })
  })

  test('[A-3.3.5] an approved change is held when the parameter is set, but an emergency', async () => {
    const change = await approved(all, { ...minorChange(all), ...lasting(HOUR) })
    const emergency = await submit(all, {
      ...{ ...minorChange(all), ...lasting(HOUR) },
      class: 'emergency',
    })
    await must(all, emergency, 'approve', 'second', company)
    await tell(all.stage, ParameterVersionSet, key, {
      ...{ key, unitId: null, version: 1, value: 'P2D', reason: 'For this test.' },
      validFrom: all.stage.now.toISOString(),
    })
    expect(await read(all, change)).toMatchObject({ state: 'held' })
    expect(await read(all, emergency)).toMatchObject({ state: 'approved' })
  })
})

describe('an emergency', () => {
  const emergency = () => ({ class: 'emergency', ...around(all.stage.now) })
  async function startedEmergency() {
    const change = await submit(all, { ...minorChange(all), ...emergency() })
    await must(all, change, 'approve', 'second', company)
    return must(all, change, 'start', 'provider')
  }
  const papers = { confirmation: 'Confirmed in writing.', testEvidence: 'TEST-9' }

  test('[A-3.3.5][B-6.2] starts at any hour with the approval of the company alone, and owes its papers', async () => {
    all.stage.now = china('2026-03-31T10:00')
    const change = await startedEmergency()
    expect(change).toMatchObject({
      state: 'started',
      unitApproverPersonId: null,
      papersDueAt: china('2026-04-01T10:00').toISOString(),
      parameterVersions: {
        'incident.change.planned_time': 0,
        'incident.change.emergency.paper_within': 0,
      },
    })
    // At the deadline another one may still be asked for, and the papers are in time.
    all.stage.now = china('2026-04-01T10:00')
    const another = await submit(all, { ...minorChange(all), ...emergency() })
    await must(all, another, 'withdraw', 'requester', { reason: 'Only tried.' })
    expect(await must(all, change, 'papers', 'requester', papers)).toMatchObject({
      papersConfirmation: papers.confirmation,
      papersTestEvidence: papers.testEvidence,
      testEvidence: null,
      papersFiledAt: all.stage.now.toISOString(),
    })
    expect(await factsOf(all.stage, change.id, 'change.papers-filed')).toMatchObject([
      { withinTarget: true },
    ])
    expect((await act(all, change, 'papers', 'requester', papers)).json()).toMatchObject({
      status: 409,
      code: 'change-state',
    })
  })

  test('[A-3.3.5] the version under which its papers are due stays with it', async () => {
    const key = 'incident.change.emergency.paper_within'
    await setParameter(all.stage, key, { clock: 'continuous', within: 'PT48H' })
    expect(await startedEmergency()).toMatchObject({
      papersDueAt: china('2026-03-11T10:00').toISOString(),
      parameterVersions: { [key]: 1 },
    })
    await setParameter(all.stage, key, null)
  })

  test('[A-3.3.5] overdue papers keep its requester from the next emergency, and from nothing else', async () => {
    const change = await startedEmergency()
    all.stage.now = new Date(MONDAY.getTime() + 24 * 3_600_000 + 1)
    const ask = (by: 'requester' | 'deputy', changes: object) =>
      create(all.stage, '/v1/changes', all.as[by], { ...minorChange(all), ...changes })
    expect((await ask('requester', emergency())).json()).toMatchObject({
      status: 409,
      code: 'emergency-papers-overdue',
      changeId: change.id,
    })
    expect((await ask('requester', {})).statusCode).toBe(201)
    expect((await ask('deputy', emergency())).statusCode).toBe(201)
    expect((await act(all, change, 'papers', 'deputy', papers)).json()).toMatchObject({
      status: 403,
      code: 'not-change-requester',
    })
    await must(all, change, 'papers', 'requester', papers)
    expect(await factsOf(all.stage, change.id, 'change.papers-filed')).toMatchObject([
      { withinTarget: false },
    ])
    expect((await ask('requester', emergency())).statusCode).toBe(201)
  })

  test('[A-3.3.5][B-7.5] whose requester is lost: papers of the leader of the unit or the authority, of no hand in it', async () => {
    const { ivy, jim } = await peopleOf(all.stage, UNIT, 'ivy', 'jim')
    await nominate(all.stage, ivy, { tier: 'L1' })
    const asked = { ...minorChange(all), ...emergency() }
    const change = await submit(all, asked, almighty(ivy))
    await must(all, change, 'approve', 'second', company)
    await must(all, change, 'start', 'provider')
    const byRefused = async (by: Part | Caller) =>
      (await act(all, change, 'papers', by, papers)).json<{ code: string }>().code
    for (const by of ['owner', 'authority', almighty(jim)] as const)
      expect(await byRefused(by)).toBe('not-change-requester')
    await standing(all.stage, ivy, undefined, 'frozen')
    expect(await byRefused('requester')).toBe('not-change-requester')
    expect(await byRefused('foreign')).toBe('change-not-found')
    expect(await byRefused('provider')).toBe('not-change-requester')
    expect(await byRefused(almighty(all.people.provider, OTHER_UNIT))).toBe('same-person')
    await must(all, change, 'papers', 'owner', papers)
    expect(await factsOf(all.stage, change.id, 'change.papers-filed')).toHaveLength(1)
    expect((await lines(all, change)).at(-1)).toMatchObject({ kind: 'papers-filed' })
  })

  const debts = (id: string, fact: 'incurred' | 'settled' | 'overdue') =>
    factsOf(all.stage, id, `change.debt-${fact}`)

  test('[B-7.5][A-3.3.5] owes what it skipped: papers, the unit and, outside windows, a review', async () => {
    const change = await startedEmergency()
    const day = after(MONDAY, 24 * HOUR).toISOString()
    expect(await debts(change.id, 'incurred')).toMatchObject([
      { debt: 'papers', dueAt: day },
      { debt: 'unit-approval', dueAt: day },
      { debt: 'review', dueAt: after(MONDAY, 25 * HOUR).toISOString() },
    ])
    await must(all, change, 'papers', 'requester', papers)
    for (const [by, body] of [
      ['requester', unit],
      ['second', unit],
      ['authority', unit],
      ['owner', company],
    ] as const)
      expect((await act(all, change, 'approve', by, body)).statusCode).toBeGreaterThanOrEqual(403)
    expect(await must(all, change, 'approve', 'owner', unit)).toMatchObject({
      state: 'started',
      unitApproverPersonId: all.people.owner,
    })
    expect((await act(all, change, 'approve', 'deputy', unit)).json()).toMatchObject({
      code: 'change-state',
    })
    await must(all, change, 'finish', 'provider', { outcome: 'deployed', result: 'Done.' })
    await must(all, change, 'review', 'owner', { isSuccessful: true, findings: 'None.' })
    expect(await debts(change.id, 'settled')).toMatchObject([
      { debt: 'papers', withinTarget: true },
      { debt: 'unit-approval', withinTarget: true },
      { debt: 'review', withinTarget: true },
    ])
    all.stage.now = after(MONDAY, 25 * HOUR)
    await runDebts()
    expect(await debts(change.id, 'overdue')).toEqual([])
  })

  test('[B-7.5] in the window of minor changes, with the unit asked, owes its papers alone', async () => {
    all.stage.now = TUESDAY_NIGHT
    const change = await submit(all, { ...minorChange(all), ...emergency() })
    await must(all, change, 'approve', 'second', company)
    await must(all, change, 'approve', 'owner', unit)
    await must(all, change, 'start', 'provider')
    expect(await debts(change.id, 'incurred')).toMatchObject([{ debt: 'papers' }])
  })

  test('[B-7.5] what is not made up in time is stated once, and that it was made up late', async () => {
    const change = await startedEmergency()
    all.stage.now = after(MONDAY, 24 * HOUR)
    await runDebts()
    expect(await debts(change.id, 'overdue')).toEqual([])
    all.stage.now = after(MONDAY, 24 * HOUR + 1)
    await runDebts()
    for (const kind of ['papers', 'unit-approval'])
      await runTask(all.stage, 'change-debt-due', { changeId: change.id, kind })
    expect(await debts(change.id, 'overdue')).toMatchObject([
      { debt: 'papers' },
      { debt: 'unit-approval' },
    ])
    await must(all, change, 'approve', 'owner', unit)
    expect(await debts(change.id, 'settled')).toMatchObject([
      { debt: 'unit-approval', withinTarget: false },
    ])
    await must(all, change, 'papers', 'requester', papers)
  })

  const runDebts = async () =>
    runJobs(
      all.stage,
      (await waitingJobs(all.stage, 'change-debt-due')).filter(
        ({ runAt }) => runAt <= all.stage.now,
      ),
    )

  test('[B-7.5] the unit is not asked before, and nothing starts without the company', async () => {
    const change = await submit(all, { ...minorChange(all), ...emergency() })
    for (const [verb, by, body] of [
      ['approve', 'owner', { stage: 'unit', comment: null }],
      ['start', 'provider', undefined],
      ['papers', 'requester', papers],
    ] as const)
      expect((await act(all, change, verb, by, body)).json()).toMatchObject({
        status: 409,
        code: 'change-state',
      })
  })
})
