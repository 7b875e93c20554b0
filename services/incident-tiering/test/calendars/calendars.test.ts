import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { send } from '@erp-steward/test-kit/requests'
import { after, MINUTE } from '@erp-steward/test-kit/instants'
import { runTask } from '@erp-steward/test-kit/run-task'
import { OTHER_UNIT, UNIT } from '@erp-steward/test-kit/tell-of-company'
import { caller, type Caller } from '@erp-steward/test-kit/tokens'
import {
  authority,
  clock,
  clocks,
  emptyStage,
  endUser,
  factsOf,
  fillDirectory,
  incidentStage,
  keyUser,
  MONDAY,
  nominate,
  open,
  read,
  runClock,
  waitingJobs,
} from '../incident-stage.ts'

let stage: TestService
let people: Record<'user' | 'first' | 'second', string>

const officeDay = [
  [510, 720],
  [780, 1050],
]
const week = {
  monday: officeDay,
  tuesday: officeDay,
  wednesday: officeDay,
  thursday: officeDay,
  friday: officeDay,
  saturday: [],
  sunday: [],
}
const workingTime = { kind: 'working-time', weekly: week, overrides: {}, holidays: true }

/** Two set it: one proposes, and another, of no unit that is concerned, approves. Answers the last answer. */
async function setCalendar(scope: string, definition: unknown, headers: Caller = authority()) {
  const made = await propose(scope, definition, headers)
  return made.statusCode === 202 ? approve(made) : made
}

const approve = (made: { headers: object; json(): { id: string } }, headers = second()) =>
  send(
    stage,
    'POST',
    `/v1/proposals/incident-tiering/${made.json().id}/approve`,
    { 'if-match': '"1"', 'content-type': 'application/json', ...headers },
    'null',
  )
/** Of another interest than the authority, whose clocks it makes too. */
const second = () => caller({ roles: ['SYSTEM_ADMIN'], person: SECOND })
const SECOND = randomUUID()

async function propose(
  scope: string,
  definition: unknown,
  headers: Caller = authority(),
  version?: number,
) {
  const { headers: now } = await send(stage, 'GET', `/v1/calendars/${scope}`, authority())
  const etag = version === undefined ? String(now.etag) : `"${String(version)}"`
  const body = { definition, reason: 'for this test' } as Record<string, unknown>
  return send(stage, 'PUT', `/v1/calendars/${scope}`, { 'if-match': etag, ...headers }, body)
}

async function register() {
  people = await fillDirectory(stage, 'user', 'first', 'second')
  await nominate(stage, people.first, { tier: 'L1' })
  await nominate(stage, people.second, { tier: 'L2' })
}

beforeAll(async () => {
  stage = await incidentStage()
})
afterAll(() => stage.release())
beforeEach(() => {
  stage.now = MONDAY
})

describe('the shipped calendar', () => {
  beforeAll(register)

  test.each([
    ['over the lunch break', '2026-03-09T11:30', '2026-03-09T14:30'],
    ['from the lunch break', '2026-03-09T12:30', '2026-03-09T15:00'],
    ['over the weekend', '2026-03-13T16:30', '2026-03-16T09:30'],
    ['from a Saturday', '2026-03-14T10:00', '2026-03-16T10:30'],
    ['into a make-up Saturday', '2026-02-13T16:30', '2026-02-14T09:30'],
    ['over the Spring Festival', '2026-02-14T16:30', '2026-02-24T09:30'],
    ['to the very end of a day', '2026-03-09T15:30', '2026-03-09T17:30'],
  ])('[A-5.2.3] two working hours of a P3 %s: from %s to %s', async (_what, from, to) => {
    stage.now = new Date(`${from}:00+08:00`)
    const ticket = await open(stage, endUser(people.user))
    const due = new Date(`${to}:00+08:00`).toISOString()
    expect(await clock(stage, ticket.id, 'acknowledge')).toMatchObject({
      dueAt: due,
      fault: null,
      calendar: { scope: 'company', unitId: null, version: 0 },
    })
    expect(await clock(stage, ticket.id, 'tier')).toMatchObject({ dueAt: due })
  })

  test('[A-5.2.3] a P1 does not wait for working hours', async () => {
    stage.now = new Date('2026-03-14T03:00:00+08:00')
    const ticket = await open(stage, endUser(people.user), { priority: 'P1' })
    expect(await clock(stage, ticket.id, 'acknowledge')).toMatchObject({
      dueAt: after(stage.now, 15 * MINUTE).toISOString(),
      calendar: { scope: 'round-the-clock' },
    })
  })

  test('[A-5.2.3] every stretch of a clock is explained', async () => {
    stage.now = new Date('2026-03-13T16:30:00+08:00')
    const ticket = await open(stage, endUser(people.user))
    stage.now = new Date('2026-03-16T09:00:00+08:00')
    const { explanation } = await clock(stage, ticket.id, 'tier')
    expect(explanation).toEqual({
      state: 'running',
      targetSeconds: 7_200,
      usedSeconds: 5_400,
      remainingSeconds: 1_800,
      segments: [
        {
          from: '2026-03-13T08:30:00.000Z',
          to: '2026-03-13T09:30:00.000Z',
          state: 'running',
          workingSeconds: 3_600,
          reason: 'incident.tier.l1.handover',
        },
        {
          from: '2026-03-13T09:30:00.000Z',
          to: '2026-03-16T00:30:00.000Z',
          state: 'outside-hours',
          workingSeconds: 0,
          reason: 'incident.tier.l1.handover',
        },
        {
          from: '2026-03-16T00:30:00.000Z',
          to: '2026-03-16T01:00:00.000Z',
          state: 'running',
          workingSeconds: 1_800,
          reason: 'incident.tier.l1.handover',
        },
      ],
    })
  })

  test('[A-5.2.3][B-4.0] over a year without holidays a clock has a provisional end, says so, and the lack is an alarm', async () => {
    await stage.db.query('delete from outbox')
    stage.now = new Date('2026-12-31T16:00:00+08:00')
    const ticket = await open(stage, endUser(people.user))
    // An hour and a half are left of the day; the next day of the week is taken for a working day.
    const dueAt = new Date('2027-01-01T09:00:00+08:00').toISOString()
    expect(await clock(stage, ticket.id, 'acknowledge')).toMatchObject({
      dueAt,
      provisional: true,
      fault: expect.stringContaining('2027') as unknown,
    })
    expect(await factsOf(stage, ticket.id, 'ticket.opened')).toMatchObject([
      { acknowledgeDueAt: dueAt },
    ])
    expect((await factsOf(stage, '2027', 'calendar.year-missing'))[0]).toMatchObject({ year: 2027 })
    const endless = (await clocks(stage, ticket.id)).filter((each) => each.dueAt === null)
    expect(endless).toEqual([])
    stage.now = new Date('2027-01-05T10:00:00+08:00')
    expect(await clock(stage, ticket.id, 'tier')).toMatchObject({
      provisional: true,
      explanation: { state: 'running', targetSeconds: 7_200 },
    })
    const late = await open(stage, endUser(people.user), { priority: 'P1' })
    expect(await clock(stage, late.id, 'acknowledge')).toMatchObject({ provisional: false })
  })

  test('[A-5.2.3] a provisional deadline is kept like any other: the ticket goes on', async () => {
    stage.now = new Date('2026-12-31T16:00:00+08:00')
    const ticket = await open(stage, endUser(people.user))
    const { id, dueAt } = await clock(stage, ticket.id, 'tier')
    await runClock(stage, ticket.id, id, after(dueAt ?? '', -1))
    expect(await read(stage, ticket.id)).toMatchObject({ tier: 'L1' })
    await runClock(stage, ticket.id, id, after(dueAt ?? '', 0))
    expect(await read(stage, ticket.id)).toMatchObject({ tier: 'L2' })
  })

  test.each(['by the daily look', 'when the provisional one is due'])(
    '[A-5.2.3] once the year is installed the clock gets its true deadline, %s',
    async (how) => {
      stage.now = new Date('2026-12-31T16:00:00+08:00')
      const ticket = await open(stage, endUser(people.user))
      const { id, dueAt: provisional } = await clock(stage, ticket.id, 'tier')
      await runTask(stage, 'mend-clocks')
      expect(await clock(stage, ticket.id, 'tier')).toMatchObject({ dueAt: provisional })
      // A calendar of the unit whose New Year is closed stands for one whose year has come.
      const newYear = { ...workingTime, holidays: false, overrides: { '2027-01-01': 'closed' } }
      await stage.db.query(
        `insert into calendar_version (unit_id, version, definition, author, reason, created_at)
         values ($1, 1, $2, 'test', 'test', $3) on conflict do nothing`,
        [OTHER_UNIT, { ...newYear, id: OTHER_UNIT, version: 1, zone: 'Asia/Shanghai' }, stage.now],
      )
      await stage.db.query(`update ticket_clock set calendar = $2 where id = $1`, [
        id,
        { scope: 'unit', unitId: OTHER_UNIT, version: 1 },
      ])
      if (how === 'by the daily look') await runTask(stage, 'mend-clocks')
      else await runClock(stage, ticket.id, id, after(provisional ?? '', 0))
      const dueAt = new Date('2027-01-04T09:00:00+08:00')
      expect(await clock(stage, ticket.id, 'tier')).toMatchObject({
        fault: null,
        provisional: false,
        dueAt: dueAt.toISOString(),
      })
      expect(await read(stage, ticket.id)).toMatchObject({ tier: 'L1' })
      const jobs = await waitingJobs(stage, 'ticket-clock-due')
      expect(jobs.filter(({ data }) => (data as { clockId: string }).clockId === id)).toMatchObject(
        [{ runAt: dueAt }],
      )
    },
  )

  test.each([
    ['46 days ahead nothing is said', '2026-11-16T08:30:00+08:00', []],
    ['45 days ahead the missing year is announced', '2026-11-17T08:30:00+08:00', [2027]],
    ['and each day again', '2026-12-31T08:30:00+08:00', [2027]],
  ])('[A-5.2.3] %s', async (_what, at, years) => {
    await stage.db.query('delete from outbox')
    stage.now = new Date(at)
    await runTask(stage, 'watch-calendars')
    const told = (await queuedEvents(stage.db)).map(({ data }) => (data as { year: number }).year)
    expect(told).toEqual(years)
  })
})

describe('calendars of units', () => {
  beforeEach(async () => {
    await emptyStage(stage)
    await register()
  })

  test('[A-5.2.3] a unit that works round the clock has deadlines round the clock, and running clocks keep theirs', async () => {
    stage.now = new Date('2026-03-13T16:30:00+08:00')
    const before = await open(stage, endUser(people.user))
    expect((await setCalendar(UNIT, { kind: 'continuous' })).statusCode).toBe(200)
    const now = await send(stage, 'GET', `/v1/calendars/${UNIT}`, authority())
    expect(now.json()).toMatchObject({ unitId: UNIT, version: 1, reason: 'for this test' })
    const ticket = await open(stage, endUser(people.user))
    expect(await clock(stage, ticket.id, 'tier')).toMatchObject({
      dueAt: '2026-03-13T10:30:00.000Z',
      calendar: { scope: 'unit', unitId: UNIT, version: 1 },
    })
    expect(await clock(stage, before.id, 'tier')).toMatchObject({
      dueAt: '2026-03-16T01:30:00.000Z',
      calendar: { scope: 'company', version: 0 },
    })
    expect(await factsOf(stage, UNIT, 'calendar.changed')).toEqual([
      { unitId: UNIT, version: 1, kind: 'continuous', reason: 'for this test' },
    ])
  })

  test('a unit without a calendar of its own has that of the company', async () => {
    const saturdays = { ...workingTime, weekly: { ...week, saturday: officeDay } }
    await setCalendar('company', saturdays)
    const shown = await send(stage, 'GET', `/v1/calendars/${UNIT}`, authority())
    expect(shown.json()).toMatchObject({
      unitId: UNIT,
      version: 0,
      definition: { weekly: { saturday: officeDay } },
    })
    expect(shown.headers.etag).toBe('"0"')
    stage.now = new Date('2026-03-13T16:30:00+08:00')
    const ticket = await open(stage, endUser(people.user))
    expect(await clock(stage, ticket.id, 'tier')).toMatchObject({
      dueAt: new Date('2026-03-14T09:30:00+08:00').toISOString(),
      calendar: { scope: 'company', version: 1 },
    })
  })

  test('[A-5.2.3] one person alone changes no calendar, nor does a person of the unit whose clocks it makes', async () => {
    const made = await propose(UNIT, { kind: 'continuous' })
    expect(made.statusCode).toBe(202)
    const ticket = await open(stage, endUser(people.user))
    expect(await clock(stage, ticket.id, 'tier')).toMatchObject({ calendar: { scope: 'company' } })
    expect((await approve(made, authority())).json()).toMatchObject({ code: 'same-person' })
    expect((await approve(made, authority(people.first))).json()).toMatchObject({
      code: 'concerned',
    })
    expect((await approve(made, authority(randomUUID()))).json()).toMatchObject({
      code: 'concerned',
    })
    expect(await factsOf(stage, UNIT, 'calendar.changed')).toEqual([])
    expect((await approve(made)).statusCode).toBe(200)
    expect(await factsOf(stage, UNIT, 'calendar.changed')).toHaveLength(1)
    // What ran keeps its calendar.
    expect(await clock(stage, ticket.id, 'tier')).toMatchObject({ calendar: { scope: 'company' } })
  })

  test('[A-5.2.3] the authority agrees to a calendar that another interest proposes, not one of its own department', async () => {
    const proposer = randomUUID()
    const administrator = () => caller({ roles: ['SYSTEM_ADMIN'], person: proposer })
    const made = await propose(UNIT, { kind: 'continuous' }, administrator())
    const state = `insert into person (id, unit_id, department_id, active, version, account_status, roles,
        standing_version) values ($1, $3, $2, true, 1, 'active', $4, 1)`
    const department = randomUUID()
    await stage.db.query(state, [proposer, department, OTHER_UNIT, []])
    await stage.db.query(state, [randomUUID(), department, OTHER_UNIT, ['OM_AUTHORITY']])
    expect((await approve(made, authority(SECOND))).json()).toMatchObject({ code: 'concerned' })
    await stage.db.query('update person set department_id = $2 where id = $1', [
      ...[proposer, randomUUID()],
    ])
    expect((await approve(made, authority(SECOND))).statusCode).toBe(200)
  })

  test('[A-5.2.3] nor does the authority approve more time for the tickets that it answers for', async () => {
    const url = '/v1/parameters/incident-tiering/incident.sla.p2.restore'
    const security = caller({ roles: ['SECURITY_ADMIN'], person: randomUUID() })
    const { headers } = await send(stage, 'GET', url, security)
    const body = {
      unitId: null,
      value: { clock: 'continuous', within: 'P3D' },
      reason: 'More time.',
    }
    const match = { 'if-match': String(headers.etag), ...security }
    const made = await send(stage, 'PUT', url, match, body)
    const auditor = () => caller({ roles: ['AUDIT_ADMIN'], person: SECOND })
    for (const decider of [authority(), authority(SECOND), authority(people.first)])
      expect((await approve(made, decider)).statusCode).toBeGreaterThanOrEqual(403)
    expect((await approve(made, auditor())).statusCode).toBe(200)
  })

  test('of two changes of a calendar one waits at a time, and a stale one is refused', async () => {
    const answers = await Promise.all(
      [1, 2, 3].map(() => propose(UNIT, { kind: 'continuous' }, authority(), 0)),
    )
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([202, 409, 409])
    const [made] = answers.filter(({ statusCode }) => statusCode === 202)
    if (made !== undefined) await approve(made)
    expect((await propose(UNIT, { kind: 'continuous' }, authority(), 0)).statusCode).toBe(412)
    expect(await factsOf(stage, UNIT, 'calendar.changed')).toHaveLength(1)
  })

  test.each([
    [
      'a week that never opens',
      { ...workingTime, weekly: Object.fromEntries(Object.keys(week).map((day) => [day, []])) },
      '#/definition/weekly',
    ],
    [
      'an interval that ends before it starts',
      { ...workingTime, weekly: { ...week, friday: [[720, 510]] } },
      '#/definition/weekly/friday/0',
    ],
    [
      'a date that no month has',
      { ...workingTime, overrides: { '2026-02-30': 'closed' } },
      '#/definition/overrides/2026-02-30',
    ],
    ['an unknown member', { kind: 'continuous', weekly: week }, '#/definition/weekly'],
    ['no week at all', { kind: 'working-time' }, '#/definition/weekly'],
    ['a week that is null', { ...workingTime, weekly: null }, '#/definition/weekly'],
  ])('%s is refused by pointer', async (_what, definition, pointer) => {
    const answer = await setCalendar(UNIT, definition)
    expect(answer.json()).toMatchObject({ status: 422, code: 'calendar-refused' })
    expect(answer.json<{ errors: { pointer: string }[] }>().errors[0]?.pointer).toBe(pointer)
    const headers = { ...authority(), 'accept-language': 'zh-CN' }
    const chinese = await propose(UNIT, definition, headers)
    const { detail, errors } = chinese.json<{ detail: string; errors: { detail: string }[] }>()
    for (const text of [detail, ...errors.map((each) => each.detail)])
      expect(text).toMatch(/\p{Script=Han}/u)
  })

  test('an unknown kind is refused by pointer', async () => {
    const answer = await setCalendar(UNIT, { kind: 'lunar' })
    expect(answer.json()).toMatchObject({
      code: 'validation-failed',
      errors: [{ pointer: '#/definition/kind' }],
    })
  })

  test('whose range is one unit changes neither the company nor another unit', async () => {
    const own = caller({
      ...{ roles: ['OM_AUTHORITY'], unit: UNIT, range: 'unit', person: randomUUID() },
    })
    expect((await setCalendar(UNIT, { kind: 'continuous' }, own)).statusCode).toBe(200)
    for (const scope of ['company', OTHER_UNIT])
      expect((await setCalendar(scope, { kind: 'continuous' }, own)).json()).toMatchObject({
        status: 403,
        code: 'outside-unit',
      })
  })

  test('a key user changes no calendar', async () => {
    const answer = await setCalendar(UNIT, { kind: 'continuous' }, keyUser(people.first))
    expect(answer.json()).toMatchObject({ status: 403, code: 'permission-missing' })
  })

  test.each(['companys', '------------------------------------', 'urn:uuid:1'])(
    'there is no calendar of %s',
    async (scope) => {
      const answer = await send(stage, 'GET', `/v1/calendars/${scope}`, authority())
      expect(answer.json()).toMatchObject({ status: 422, code: 'validation-failed' })
    },
  )

  test('clocks of a ticket name the calendar they run on', async () => {
    await setCalendar(UNIT, workingTime)
    const ticket = await open(stage, endUser(people.user), { priority: 'P2' })
    const scopes = (await clocks(stage, ticket.id)).map((each) => [each.kind, each.calendar.scope])
    expect(Object.fromEntries(scopes)).toEqual({
      acknowledge: 'round-the-clock',
      restore: 'round-the-clock',
      'progress-note': 'round-the-clock',
      tier: 'unit',
      unsolved: 'unit',
      final: 'unit',
    })
  })
})
