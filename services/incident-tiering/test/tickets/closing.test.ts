import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { AlertFiring } from '@erp-steward/contracts/monitoring-events'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { after, HOUR, MINUTE } from '@erp-steward/test-kit/instants'
import { tell } from '@erp-steward/test-kit/tell'
import { tellOfStanding, UNIT } from '@erp-steward/test-kit/tell-of-company'
import { caller } from '@erp-steward/test-kit/tokens'
import {
  act,
  clock,
  clocks,
  endUser,
  facts,
  factsOf,
  fillDirectory,
  incidentStage,
  keyUser,
  MONDAY,
  nominate,
  open,
  read,
  runClock,
  runDueClocks,
  timeline,
  type TicketNow,
} from '../incident-stage.ts'

let stage: TestService
let people: Record<'user' | 'other' | 'first' | 'deputy' | 'second', string>

beforeAll(async () => {
  stage = await incidentStage()
  people = await fillDirectory(stage, 'user', 'other', 'first', 'deputy', 'second')
  await nominate(stage, people.first, { tier: 'L1' })
  await nominate(stage, people.deputy, { tier: 'L1' })
  await nominate(stage, people.second, { tier: 'L2' })
})
afterAll(() => stage.release())
beforeEach(async () => {
  stage.now = MONDAY
  await stage.db.query('delete from incident_tiering_jobs._private_jobs')
})

async function taken(priority = 'P1', by = people.user): Promise<TicketNow> {
  const ticket = await open(stage, endUser(by), { priority })
  await act(stage, ticket, 'acknowledge', keyUser(people.first))
  return ticket
}
const resolve = (ticket: TicketNow) =>
  act(stage, ticket, 'resolve', keyUser(people.first), { resolution: 'Index rebuilt.' })
const confirm = (ticket: TicketNow, person: string, accepted: boolean) =>
  act(stage, ticket, 'confirm', endUser(person), {
    accepted,
    comment: accepted ? null : 'Still slow.',
  })

/** The reminder falls due. */
async function remind(ticket: TicketNow) {
  const { id, dueAt } = await clock(stage, ticket.id, 'remind')
  await runClock(stage, ticket.id, id, after(dueAt ?? '', 0))
}
/** The mail server takes every message about the ticket. */
const delivered = (ticket: TicketNow) =>
  stage.db.query(`update notification set state = 'delivered' where ticket_id = $1`, [ticket.id])
async function told(ticket: TicketNow, occasion: string): Promise<string[]> {
  const rows: { id: string }[] = await stage.db.query(
    `select person_id as id from notification where ticket_id = $1 and occasion = $2`,
    [ticket.id, occasion],
  )
  return rows.map(({ id }) => id).sort()
}
/** The time of the answer goes by. */
async function nobodyAnswers(ticket: TicketNow) {
  const { id, dueAt } = await clock(stage, ticket.id, 'confirm')
  await runClock(stage, ticket.id, id, after(dueAt ?? '', 0))
}

test('[A-5.2.3][B-4.3.6] the owner resolves it, and the reporter is asked to confirm', async () => {
  const ticket = await taken()
  stage.now = after(MONDAY, HOUR)
  expect((await resolve(ticket)).json()).toMatchObject({
    state: 'resolved',
    resolution: 'Index rebuilt.',
    resolvedAt: '2026-03-09T03:00:00.000Z',
    ownerPersonId: people.first,
  })
  expect(await factsOf(stage, ticket.id, 'ticket.resolved')).toMatchObject([
    // Three working days of eight hours from 11:00 on Monday.
    { withinTarget: true, confirmDueAt: '2026-03-12T03:00:00.000Z' },
  ])
  expect(await clocks(stage, ticket.id, 'restore')).toMatchObject([
    { dueAt: null, stoppedAt: null, explanation: { state: 'paused', usedSeconds: 3_600 } },
  ])
  const open = (await clocks(stage, ticket.id)).filter(({ stoppedAt }) => stoppedAt === null)
  expect(open.map(({ kind, dueAt }) => [kind, dueAt === null]).sort()).toEqual([
    ['confirm', false],
    ['department-head', true],
    ['final', false],
    ['leading-group', true],
    ['remind', false],
    ['restore', true],
    ['top-manager', true],
  ])
  expect(
    await stage.db.query(
      `select person_id from notification where ticket_id = $1 and occasion = 'resolved'`,
      [ticket.id],
    ),
  ).toEqual([{ person_id: people.user }])
})

test.each([
  ['at the deadline', 0, true],
  ['a millisecond after it', 1, false],
])('[A-5.2.3] restored %s, within the target: %p', async (_when, lateMs, withinTarget) => {
  const ticket = await taken('P1')
  stage.now = after(MONDAY, 4 * HOUR + lateMs)
  await resolve(ticket)
  expect(await factsOf(stage, ticket.id, 'ticket.resolved')).toMatchObject([{ withinTarget }])
  const breaches = (await factsOf(stage, ticket.id, 'ticket.clock-breached')).filter(
    (each) => each.clock === 'restore',
  )
  expect(breaches).toHaveLength(withinTarget ? 0 : 1)
})

test('only the owner resolves, and only what is taken', async () => {
  const untaken = await open(stage, endUser(people.user))
  expect((await resolve(untaken)).json()).toMatchObject({ status: 409, code: 'ticket-state' })
  const ticket = await taken()
  const other = await act(stage, ticket, 'resolve', keyUser(people.deputy), { resolution: 'Done.' })
  expect(other.json()).toMatchObject({ status: 403, code: 'not-ticket-owner' })
})

test('[B-4.0] the reporter accepts: the ticket closes and every clock stops', async () => {
  const ticket = await taken('P2')
  await resolve(ticket)
  expect((await confirm(ticket, people.user, true)).json()).toMatchObject({
    state: 'closed',
    closedAt: MONDAY.toISOString(),
  })
  expect((await facts(stage, ticket.id)).map(({ fact }) => fact)).toEqual([
    'ticket.opened',
    'ticket.acknowledged',
    'ticket.resolved',
    'ticket.confirmed',
    'ticket.closed',
  ])
  expect(await factsOf(stage, ticket.id, 'ticket.closed')).toMatchObject([{ by: 'confirmation' }])
  const open = (await clocks(stage, ticket.id)).filter(({ stoppedAt }) => stoppedAt === null)
  expect(open).toEqual([])
  stage.now = after(MONDAY, 1_000 * HOUR)
  await runDueClocks(stage)
  expect(await factsOf(stage, ticket.id, 'ticket.clock-breached')).toEqual([])
})

test('[B-4.0] the reporter rejects: it is given back, and the restore clock runs on with the time used', async () => {
  const ticket = await taken('P1')
  stage.now = after(MONDAY, 20 * MINUTE)
  await resolve(ticket)
  const due = after(MONDAY, 24 * HOUR + 4 * HOUR)
  stage.now = after(MONDAY, 24 * HOUR + 20 * MINUTE)
  expect((await confirm(ticket, people.user, false)).json()).toMatchObject({
    state: 'acknowledged',
    ownerPersonId: people.first,
    resolution: null,
    resolvedAt: null,
  })
  expect(await clock(stage, ticket.id, 'restore')).toMatchObject({
    // Twenty minutes of four hours are used.
    dueAt: due.toISOString(),
    explanation: { state: 'running', usedSeconds: 1_200 },
  })
  expect(await factsOf(stage, ticket.id, 'ticket.confirmed')).toMatchObject([
    { accepted: false, comment: 'Still slow.' },
  ])
  expect(await timeline(stage, ticket.id)).toEqual([
    'opened',
    'acknowledged',
    'resolved',
    'rejected',
  ])
  const { id } = await clock(stage, ticket.id, 'restore')
  await runClock(stage, ticket.id, id, after(due, -1))
  expect(await factsOf(stage, ticket.id, 'ticket.clock-breached')).toEqual([])
  await runClock(stage, ticket.id, id, due)
  expect(await factsOf(stage, ticket.id, 'ticket.clock-breached')).toMatchObject([
    { clock: 'restore' },
  ])
  await resolve(ticket)
  expect((await confirm(ticket, people.user, true)).json()).toMatchObject({ state: 'closed' })
})

test('a rejected P3 has the whole hand-over time of its tier again', async () => {
  const ticket = await taken('P3')
  stage.now = after(MONDAY, HOUR)
  await resolve(ticket)
  await confirm(ticket, people.user, false)
  expect(await clock(stage, ticket.id, 'tier')).toMatchObject({
    tier: 'L1',
    dueAt: '2026-03-09T06:00:00.000Z',
  })
})

test('[B-4.0] nobody but the reporter confirms', async () => {
  const ticket = await taken()
  await resolve(ticket)
  for (const person of [people.other, people.deputy]) {
    expect((await confirm(ticket, person, true)).json()).toMatchObject({
      status: 403,
      code: 'not-ticket-reporter',
    })
  }
})

test('who resolved it does not confirm it, also not as its reporter', async () => {
  const ticket = await taken('P1', people.first)
  await resolve(ticket)
  expect((await confirm(ticket, people.first, true)).json()).toMatchObject({
    status: 409,
    code: 'same-person',
  })
})

test('there is nothing to confirm before it is resolved or after it is closed', async () => {
  const ticket = await taken()
  const early = await confirm(ticket, people.user, true)
  expect(early.json()).toMatchObject({ status: 409, code: 'ticket-state' })
  await resolve(ticket)
  await confirm(ticket, people.user, true)
  expect((await confirm(ticket, people.user, false)).json()).toMatchObject({ code: 'ticket-state' })
})

test('a ticket of an alert is confirmed by a tier 1 key user who did not resolve it', async () => {
  const episodeId = randomUUID()
  await tell(stage, AlertFiring, episodeId, {
    episodeId,
    thresholdId: randomUUID(),
    name: 'ICM down',
    metric: 'ebs.icm',
    labels: {},
    unitId: UNIT,
    moduleCode: 'GL',
    level: 'warning',
    value: 0,
    limit: 1,
    since: MONDAY.toISOString(),
    firedAt: MONDAY.toISOString(),
  })
  const [ticket] = await stage.db.query<[TicketNow]>(
    'select id, version from ticket where alert_episode_id = $1',
    [episodeId],
  )
  await act(stage, ticket, 'acknowledge', keyUser(people.first))
  await resolve(ticket)
  for (const [person, code] of [
    [people.first, 'same-person'],
    [people.user, 'not-ticket-reporter'],
    [people.second, 'not-ticket-reporter'],
  ] as const)
    expect((await confirm(ticket, person, true)).json()).toMatchObject({ code })
  expect((await confirm(ticket, people.deputy, true)).json()).toMatchObject({ state: 'closed' })
})

test('[B-4.0] a user who was asked, reminded and silent: a P3 closes, marked so, and not a millisecond early', async () => {
  const ticket = await taken('P3')
  await resolve(ticket)
  await remind(ticket)
  await delivered(ticket)
  const { id, dueAt } = await clock(stage, ticket.id, 'confirm')
  await runClock(stage, ticket.id, id, after(dueAt ?? '', -1))
  expect(await read(stage, ticket.id)).toMatchObject({ state: 'resolved' })
  await runClock(stage, ticket.id, id, after(dueAt ?? '', 0))
  await runClock(stage, ticket.id, id, after(dueAt ?? '', 1))
  expect(await read(stage, ticket.id)).toMatchObject({ state: 'closed', closedAt: dueAt })
  expect(await factsOf(stage, ticket.id, 'ticket.closed')).toMatchObject([{ by: 'timer' }])
  expect(await factsOf(stage, ticket.id, 'ticket.clock-breached')).toEqual([])
})

test('an answer and the timer at the same moment close it once', async () => {
  const ticket = await taken('P4')
  await resolve(ticket)
  await remind(ticket)
  await delivered(ticket)
  const { id, dueAt } = await clock(stage, ticket.id, 'confirm')
  stage.now = after(dueAt ?? '', 0)
  const [answer] = await Promise.all([
    confirm(ticket, people.user, true),
    runClock(stage, ticket.id, id, stage.now),
  ])
  // The timer may win before the answer has read the ticket, or between its reading and its change.
  expect([200, 409, 412]).toContain(answer.statusCode)
  expect(await factsOf(stage, ticket.id, 'ticket.closed')).toHaveLength(1)
})

describe('[B-4.0] the word of who resolved it closes nothing', () => {
  test.each([
    ['whose question did not arrive', 'P3', false, true],
    ['who was not reminded', 'P3', true, false],
    ['of a P2, asked and reminded', 'P2', true, true],
    ['of a P1, asked and reminded', 'P1', true, true],
  ] as const)(
    '[B-4.0] the silence of a user %s does not',
    async (_who, priority, arrived, reminded) => {
      const ticket = await taken(priority)
      await resolve(ticket)
      if (reminded) await remind(ticket)
      if (arrived) await delivered(ticket)
      await nobodyAnswers(ticket)
      expect(await read(stage, ticket.id)).toMatchObject({
        state: 'resolved',
        userSilentAt: stage.now.toISOString(),
      })
      expect(await factsOf(stage, ticket.id, 'ticket.user-silent')).toHaveLength(1)
      // The key users of the unit are asked besides; who resolved it is none of them.
      expect(await told(ticket, 'confirm-wanted')).toEqual([people.user, people.deputy].sort())
      // And again: the ticket is never forgotten, nor closed by itself.
      if (priority !== 'P3') {
        await nobodyAnswers(ticket)
        expect(await read(stage, ticket.id)).toMatchObject({ state: 'resolved' })
      }
      expect((await confirm(ticket, people.first, true)).json()).toMatchObject({
        code: 'same-person',
      })
      expect((await confirm(ticket, people.second, true)).json()).toMatchObject({
        code: 'not-ticket-reporter',
      })
      expect((await confirm(ticket, people.deputy, true)).json()).toMatchObject({ state: 'closed' })
    },
  )

  test('[B-4.0] the key users who were asked in the place of the user, reminded and silent, let a P3 close', async () => {
    const ticket = await taken('P3')
    await resolve(ticket)
    await nobodyAnswers(ticket)
    await remind(ticket)
    await delivered(ticket)
    await nobodyAnswers(ticket)
    expect(await read(stage, ticket.id)).toMatchObject({ state: 'closed' })
  })

  test('[B-4.0] who resolves his own report is confirmed by a key user or leader of the unit, not by himself', async () => {
    const { leader, foreign } = await fillDirectory(stage, 'leader', 'foreign')
    for (const each of [leader, foreign])
      await tellOfStanding(stage, each, { roles: ['BUSINESS_OWNER'] })
    const ticket = await taken('P2', people.first)
    await resolve(ticket)
    expect(await told(ticket, 'resolved')).toEqual([people.deputy, leader].sort())
    for (const [person, code] of [
      [people.first, 'same-person'],
      [people.other, 'not-ticket-reporter'],
      [foreign, 'not-ticket-reporter'],
    ] as const)
      expect((await confirm(ticket, person, true)).json()).toMatchObject({ code })
    expect((await confirm(ticket, leader, true)).json()).toMatchObject({ state: 'closed' })
  })

  test('[B-4.0] a client that who resolved it controls confirms no more than its master', async () => {
    const ticket = await taken('P2')
    await resolve(ticket)
    const headers = caller({
      roles: ['END_USER'],
      kind: 'client',
      person: null,
      controllers: [people.first],
    })
    const answer = await act(stage, ticket, 'confirm', headers, { accepted: true, comment: null })
    expect(answer.json()).toMatchObject({ code: 'same-person' })
  })

  test('[B-4.0] whose password another set confirms nothing in the cooling time', async () => {
    const ticket = await taken('P2')
    await resolve(ticket)
    const cooling = after(stage.now, HOUR).getTime() / 1_000
    const headers = caller({
      roles: ['END_USER'],
      person: people.user,
      unit: UNIT,
      range: 'unit',
      coolingUntil: cooling,
    })
    const answer = await act(stage, ticket, 'confirm', headers, { accepted: true, comment: null })
    expect(answer.json()).toMatchObject({ status: 403, code: 'approval-cooling' })
  })
})

describe('the root cause of a P1', () => {
  const report = (ticket: TicketNow, person: string) =>
    act(stage, ticket, 'root-cause', keyUser(person), { report: 'The index was never analysed.' })

  test('[A-5.2.3] is due five working days after the restoration, also of a closed ticket, and its lack is a breach', async () => {
    const ticket = await taken('P1')
    await resolve(ticket)
    await confirm(ticket, people.user, true)
    const { id, dueAt } = await clock(stage, ticket.id, 'final')
    expect(dueAt).toBe('2026-03-16T02:00:00.000Z')
    await runClock(stage, ticket.id, id, after(dueAt ?? '', 0))
    expect(await factsOf(stage, ticket.id, 'ticket.clock-breached')).toMatchObject([
      { clock: 'final' },
    ])
    expect((await report(ticket, people.second)).json()).toMatchObject({ state: 'closed' })
    expect(await factsOf(stage, ticket.id, 'ticket.root-cause-reported')).toMatchObject([
      { withinTarget: false },
    ])
    expect((await report(ticket, people.second)).json()).toMatchObject({ code: 'ticket-state' })
  })

  test('[A-5.2.3] is reported by who serves the ticket, of a restored P1 only', async () => {
    const unrestored = await taken('P1')
    expect((await report(unrestored, people.first)).json()).toMatchObject({ code: 'ticket-state' })
    const ticket = await taken('P1')
    await resolve(ticket)
    expect((await report(ticket, people.user)).json()).toMatchObject({ code: 'not-on-tier' })
    expect((await report(ticket, people.first)).statusCode).toBe(200)
  })
})
