import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { HolidayYearLoaded } from '@erp-steward/contracts/incident-events'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import { send } from '@erp-steward/test-kit/requests'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { after, MINUTE } from '@erp-steward/test-kit/instants'
import { runTask } from '@erp-steward/test-kit/run-task'
import { UNIT } from '@erp-steward/test-kit/tell-of-company'
import { caller, type Caller } from '@erp-steward/test-kit/tokens'
import {
  act,
  authority,
  clock,
  clocks,
  emptyStage,
  endUser,
  factsOf,
  fillDirectory,
  incidentStage,
  keyUser,
  nominate,
  open,
  read,
  runJobs,
  waitingJobs,
} from '../incident-stage.ts'

let stage: TestService
let people: Record<'user' | 'first' | 'second', string>

/** Of another interest than the authority, whose clocks the year moves too. */
const SECOND = randomUUID()
const second = () => caller({ roles: ['SYSTEM_ADMIN'], person: SECOND })
const china = (text: string) => new Date(`${text}+08:00`)

// None of these years is the real one: the papers of 2027 and later do not exist.
const off = (...dates: string[]) => Object.fromEntries(dates.map((date) => [date, '虚构']))
const days = {
  holidays: off(
    ...['2027-01-01', '2027-01-02', '2027-01-03', '2027-01-04', '2027-01-05'],
    ...['2027-05-01', '2027-10-01'],
  ),
  makeUpDays: off('2027-01-09'),
}
const paper = { paper: '虚构〔2026〕1号', paperDate: '2026-12-31', reason: 'For this test.' }

async function propose(
  body: Record<string, unknown> = { days },
  headers: Caller = authority(),
  { year = 2027, version = 0 } = {},
) {
  const match = { 'if-match': `"${String(version)}"`, ...headers }
  return send(stage, 'PUT', `/v1/holiday-years/${String(year)}`, match, { ...paper, ...body })
}

const approve = (made: { json(): { id: string } }, headers: Caller = second()) =>
  send(
    stage,
    'POST',
    `/v1/proposals/incident-tiering/${made.json().id}/approve`,
    { 'if-match': '"1"', 'content-type': 'application/json', ...headers },
    'null',
  )

/** Two load it; then the jobs that this queued for now run, and only those. */
async function load(body: Record<string, unknown> = { days }, at = { year: 2027, version: 0 }) {
  expect((await approve(await propose(body, authority(), at))).statusCode).toBe(200)
  await runJobs(
    stage,
    (await waitingJobs(stage, 'mend-clocks')).filter(
      ({ data }) => (data as { year?: number }).year === at.year,
    ),
  )
}

beforeAll(async () => {
  stage = await incidentStage()
})
afterAll(() => stage.release())
beforeEach(async () => {
  await emptyStage(stage)
  people = await fillDirectory(stage, 'user', 'first', 'second')
  await nominate(stage, people.first, { tier: 'L1' })
  await nominate(stage, people.second, { tier: 'L2' })
})

test('[A-5.2.3] a ticket of December has its true deadline in January the moment the year is loaded, and its alarm moves with it', async () => {
  stage.now = china('2026-12-30T16:30:00')
  const ticket = await open(stage, endUser(people.user))
  const before = await clocks(stage, ticket.id)
  const provisional = before.filter((each) => each.provisional)
  expect(provisional.map(({ kind }) => kind)).toContain('final')
  // An hour later the acknowledgement is not due: it ends in the year that is known.
  expect(before.find(({ kind }) => kind === 'acknowledge')).toMatchObject({
    provisional: false,
    dueAt: china('2026-12-31T09:30:00').toISOString(),
  })
  stage.now = china('2026-12-31T09:00:00')
  await load()
  for (const { kind, dueAt } of provisional) {
    const mended = await clock(stage, ticket.id, kind)
    expect(mended).toMatchObject({ provisional: false, fault: null })
    // 1 January is a Friday: Monday and Tuesday are off too, and Saturday the 9th is worked.
    expect(mended.dueAt).not.toBe(dueAt)
    const job = (await waitingJobs(stage, 'ticket-clock-due')).find(
      ({ data }) => (data as { clockId: string }).clockId === mended.id,
    )
    expect(job?.runAt.toISOString()).toBe(mended.dueAt)
  }
  expect(await clock(stage, ticket.id, 'acknowledge')).toMatchObject({
    dueAt: china('2026-12-31T09:30:00').toISOString(),
  })
  // Of five working days one hour is of the 30th, eight of the 31st, three times eight of 6 to 8 January; seven are left.
  expect(await clock(stage, ticket.id, 'final')).toMatchObject({
    dueAt: china('2027-01-09T16:30:00').toISOString(),
    calendar: { version: 0, holidays: 1 },
  })
  const [explained] = (await clock(stage, ticket.id, 'final')).explanation.segments.slice(-1)
  expect(explained).toMatchObject({ state: 'running' })
})

test('[A-5.2.3] a year is loaded by two, is stated with its paper and its days, and can be read', async () => {
  const made = await propose()
  expect(made.json()).toMatchObject({ subject: '2027', body: { year: 2027, ...paper, ...days } })
  expect((await approve(made, authority())).json()).toMatchObject({ code: 'same-person' })
  expect((await approve(made, authority(randomUUID()))).json()).toMatchObject({ code: 'concerned' })
  const url = '/v1/holiday-years/2027'
  expect((await send(stage, 'GET', url, authority())).json()).toMatchObject({
    status: 404,
    code: 'holiday-year-not-found',
  })
  expect(await factsOf(stage, '2027', 'calendar.holiday-year-loaded')).toEqual([])
  expect((await approve(made)).statusCode).toBe(200)
  expect(
    (await queuedEvents(stage.db)).filter(({ type }) => type === HolidayYearLoaded.type),
  ).toMatchObject([{ subject: '2027', data: { year: 2027, version: 1, ...paper, ...days } }])
  const shown = await send(stage, 'GET', url, authority())
  expect(shown.headers.etag).toBe('"1"')
  expect(shown.json()).toMatchObject({ version: 1, paper: paper.paper, ...days, versions: [paper] })
  const listed = await send(stage, 'GET', '/v1/holiday-years', authority())
  const { items } = listed.json<{ items: { year: number; version: number }[] }>()
  expect(items.slice(-2)).toMatchObject([
    { year: 2026, version: 0, paper: expect.stringContaining('国办发明电') as unknown },
    { year: 2027, version: 1, paper: paper.paper },
  ])
})

test('[A-5.2.3] it is the same year from an iCalendar file, and who decides sees what was read', async () => {
  const event = (date: string, summary: string) =>
    `BEGIN:VEVENT\r\nDTSTART;VALUE=DATE:${date.replaceAll('-', '')}\r\nSUMMARY:${summary}\r\nEND:VEVENT\r\n`
  const icalendar = [
    'BEGIN:VCALENDAR\r\n',
    ...Object.keys(days.holidays).map((date) => event(date, '虚构 休')),
    ...Object.keys(days.makeUpDays).map((date) => event(date, '虚构 补班')),
    'END:VCALENDAR\r\n',
  ].join('')
  const made = await propose({ icalendar })
  expect(made.json()).toMatchObject({ body: days })
  expect(made.json<{ body: object }>().body).not.toHaveProperty('icalendar')
})

test.each([
  [
    'a make-up day on a weekday',
    { days: { ...days, makeUpDays: off('2027-01-11') } },
    '#/days/makeUpDays/2027-01-11',
  ],
  [
    'a day off and worked',
    { days: { ...days, makeUpDays: off('2027-01-02') } },
    '#/days/makeUpDays/2027-01-02',
  ],
  [
    'a day of another year',
    { days: { ...days, makeUpDays: off('2026-12-26') } },
    '#/days/makeUpDays/2026-12-26',
  ],
  ['a year without its holidays', { days: { ...days, holidays: {} } }, '#/days/holidays'],
  ['a file that is none', { icalendar: 'hello' }, '#/icalendar'],
])('%s is refused by pointer', async (_what, body, pointer) => {
  const answer = await propose(body)
  expect(answer.json()).toMatchObject({ status: 422, code: 'calendar-refused' })
  expect(answer.json<{ errors: { pointer: string }[] }>().errors[0]?.pointer).toBe(pointer)
  const headers = { ...authority(), 'accept-language': 'zh-CN' }
  const chinese = await propose(body, headers)
  const { detail, errors } = chinese.json<{ detail: string; errors: { detail: string }[] }>()
  for (const text of [detail, ...errors.map((each) => each.detail)])
    expect(text).toMatch(/\p{Script=Han}/u)
})

test.each([
  ['neither days nor a file', {}],
  ['both', { days, icalendar: 'BEGIN:VCALENDAR' }],
])('%s is refused', async (_what, body) => {
  expect((await propose(body)).json()).toMatchObject({ status: 422, code: 'validation-failed' })
})

test('a year behind a gap is refused, and so is a stale version', async () => {
  const later = { holidays: off('2028-01-01', '2028-05-01', '2028-10-01'), makeUpDays: {} }
  const gap = await propose({ days: later }, authority(), { year: 2028, version: 0 })
  expect(gap.json()).toMatchObject({ code: 'calendar-refused' })
  await load()
  expect((await propose({ days: later }, authority(), { year: 2028, version: 0 })).statusCode).toBe(
    202,
  )
  expect((await propose()).statusCode).toBe(412)
})

test('a key user loads no year, nor does whose range is one unit', async () => {
  expect((await propose({ days }, keyUser(people.first))).json()).toMatchObject({
    code: 'permission-missing',
  })
  const own = caller({ roles: ['OM_AUTHORITY'], unit: UNIT, range: 'unit' })
  expect((await propose({ days }, own)).json()).toMatchObject({ status: 403, code: 'outside-unit' })
})

test('[A-5.2.3] a year that is loaded anew moves open clocks; what was breached or done is history', async () => {
  stage.now = china('2026-12-30T16:30:00')
  await load()
  const [running, late, done] = await Promise.all([
    open(stage, endUser(people.user)),
    open(stage, endUser(people.user)),
    open(stage, endUser(people.user)),
  ])
  await act(stage, done, 'acknowledge', keyUser(people.first))
  const [finished] = (await clocks(stage, done.id)).filter(({ stoppedAt }) => stoppedAt !== null)
  await stage.db.query(`update ticket_clock set breached_at = $2 where ticket_id = $1`, [
    late.id,
    stage.now,
  ])
  const breached = await clock(stage, late.id, 'final')
  const { dueAt } = await clock(stage, running.id, 'final')
  // The 6th is off after all.
  const changed = { ...days, holidays: { ...days.holidays, ...off('2027-01-06') } }
  await load({ days: changed }, { year: 2027, version: 1 })
  expect(await clock(stage, running.id, 'final')).toMatchObject({
    dueAt: china('2027-01-11T16:30:00').toISOString(),
    calendar: { holidays: 2 },
  })
  expect(dueAt).toBe(china('2027-01-09T16:30:00').toISOString())
  expect(await clock(stage, late.id, 'final')).toMatchObject({ dueAt: breached.dueAt })
  expect(await clocks(stage, done.id, finished?.kind)).toMatchObject([{ dueAt: finished?.dueAt }])
})

test('[A-5.2.3] a shipped year is replaced by what the site loads, for open clocks too', async () => {
  stage.now = china('2026-09-30T16:30:00')
  const ticket = await open(stage, endUser(people.user))
  // As shipped the National Day is off up to 7 October; here it is one day alone.
  expect(await clock(stage, ticket.id, 'tier')).toMatchObject({
    dueAt: china('2026-10-08T09:30:00').toISOString(),
  })
  const alone = { holidays: off('2026-01-01', '2026-05-01', '2026-10-01'), makeUpDays: {} }
  await load({ days: alone }, { year: 2026, version: 0 })
  expect(await clock(stage, ticket.id, 'tier')).toMatchObject({
    dueAt: china('2026-10-02T09:30:00').toISOString(),
  })
})

test('[A-5.2.3] a clock that stood while its year was loaded anew runs on by the new days', async () => {
  stage.now = china('2026-12-30T16:30:00')
  await load()
  const ticket = await open(stage, endUser(people.user))
  await act(stage, ticket, 'acknowledge', keyUser(people.first))
  await act(stage, ticket, 'resolve', keyUser(people.first), { resolution: 'Done.' })
  expect(await clock(stage, ticket.id, 'final')).toMatchObject({ dueAt: null })
  const changed = { ...days, holidays: { ...days.holidays, ...off('2027-01-06') } }
  await load({ days: changed }, { year: 2027, version: 1 })
  // Both clocks of the work stand, so nothing had to be mended.
  expect(await clock(stage, ticket.id, 'final')).toMatchObject({
    dueAt: null,
    calendar: { holidays: 1 },
  })
  await act(stage, ticket, 'confirm', endUser(people.user), { accepted: false, comment: 'Slow.' })
  expect(await clock(stage, ticket.id, 'final')).toMatchObject({
    dueAt: china('2027-01-11T16:30:00').toISOString(),
    calendar: { holidays: 2 },
  })
})

test('[A-5.2.3] a ticket that was being opened while the year was loaded is looked at once more a minute later', async () => {
  stage.now = china('2026-12-30T16:30:00')
  await approve(await propose())
  expect(await waitingJobs(stage, 'mend-clocks')).toMatchObject([
    { data: { year: 2027 } },
    { data: { year: 2027 }, runAt: after(stage.now, MINUTE) },
  ])
})

test('[A-5.2.3] the alarm of a missing year ends with it, and the next one is missed in its time', async () => {
  stage.now = china('2026-12-30T08:30:00')
  const told = async () => {
    await stage.db.query('delete from outbox')
    await runTask(stage, 'watch-calendars')
    return (await queuedEvents(stage.db)).map(({ subject }) => subject)
  }
  expect(await told()).toEqual(['2027'])
  await load()
  expect(await told()).toEqual([])
  stage.now = china('2027-12-30T08:30:00')
  expect(await told()).toEqual(['2028'])
  const ticket = await open(stage, endUser(people.user))
  expect(await factsOf(stage, '2028', 'calendar.year-missing')).not.toEqual([])
  expect(await read(stage, ticket.id)).toMatchObject({ tier: 'L1' })
})
