import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { send } from '@erp-steward/test-kit/requests'
import { after, HOUR, MINUTE } from '@erp-steward/test-kit/instants'
import { OTHER_UNIT, tellOfStanding, UNIT } from '@erp-steward/test-kit/tell-of-company'
import { caller } from '@erp-steward/test-kit/tokens'
import {
  act,
  authority,
  clock,
  clocks,
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
  runDueClocks,
  securityAdmin,
  setParameter,
  timeline,
  waitingJobs,
  type TicketNow,
} from '../incident-stage.ts'

let stage: TestService
let people: Record<'user' | 'first' | 'deputy' | 'second' | 'third' | 'foreign', string>

beforeAll(async () => {
  stage = await incidentStage()
  people = await fillDirectory(stage, 'user', 'first', 'deputy', 'second', 'third', 'foreign')
  await nominate(stage, people.first, { tier: 'L1' })
  await nominate(stage, people.deputy, { tier: 'L1' })
  await nominate(stage, people.second, { tier: 'L2' })
  await nominate(stage, people.third, { tier: 'L3' })
  await nominate(stage, people.foreign, { tier: 'L1', unitId: OTHER_UNIT })
})
afterAll(() => stage.release())
beforeEach(async () => {
  stage.now = MONDAY
  await stage.db.query('delete from incident_tiering_jobs._private_jobs')
})

const opened = (priority = 'P3') => open(stage, endUser(people.user), { priority })
const acknowledge = (ticket: TicketNow, person: string) =>
  act(stage, ticket, 'acknowledge', keyUser(person))

describe('taking a ticket', () => {
  test('[A-5.2.2] a key user of the tier takes it: the first response', async () => {
    const ticket = await opened()
    stage.now = after(MONDAY, 10 * MINUTE)
    const answer = await acknowledge(ticket, people.first)
    expect(answer.json()).toMatchObject({
      state: 'acknowledged',
      tier: 'L1',
      ownerPersonId: people.first,
      acknowledgedAt: '2026-03-09T02:10:00.000Z',
      version: 2,
    })
    expect(answer.headers.etag).toBe('"2"')
    expect(await clocks(stage, ticket.id, 'acknowledge')).toMatchObject([
      { stoppedAt: '2026-03-09T02:10:00.000Z', breachedAt: null },
    ])
    expect(await factsOf(stage, ticket.id, 'ticket.acknowledged')).toMatchObject([
      { ownerPersonId: people.first, tier: 'L1', withinTarget: true },
    ])
  })

  test.each([
    ['the reporter, who serves no tier', 'user'],
    ['L2 of a P3, which was not called', 'second'],
    ['a key user of another unit', 'foreign'],
  ] as const)('[B-4.1.3] %s is refused', async (_who, person) => {
    const answer = await acknowledge(await opened(), people[person])
    expect(answer.json()).toMatchObject({ status: 403, code: 'not-on-tier' })
  })

  test('an account without a person takes nothing', async () => {
    const ticket = await opened()
    const answer = await act(stage, ticket, 'acknowledge', authority())
    expect(answer.json()).toMatchObject({ status: 403, code: 'not-on-tier' })
  })

  test('what is taken cannot be taken again', async () => {
    const ticket = await opened()
    await acknowledge(ticket, people.first)
    expect((await acknowledge(ticket, people.deputy)).json()).toMatchObject({
      status: 409,
      code: 'ticket-state',
    })
  })

  test('L2 takes a P2 before its turn, and the hand-over clock becomes its own', async () => {
    const ticket = await opened('P2')
    stage.now = after(MONDAY, HOUR)
    expect((await acknowledge(ticket, people.second)).json()).toMatchObject({ tier: 'L2' })
    expect(await clocks(stage, ticket.id, 'tier')).toMatchObject([
      { tier: 'L1', stoppedAt: '2026-03-09T03:00:00.000Z' },
      { tier: 'L2', stoppedAt: null, dueAt: '2026-03-10T03:00:00.000Z' },
    ])
    // The time of L1 would be over now; it must not send the ticket of L2 to L3.
    stage.now = after(MONDAY, 3 * HOUR)
    await runDueClocks(stage)
    expect(await read(stage, ticket.id)).toMatchObject({
      tier: 'L2',
      state: 'acknowledged',
      ownerPersonId: people.second,
    })
  })

  test('[A-1.3.4] any tier takes a P1; on the last one the authority is called again and again, nobody else has it', async () => {
    const { chief } = await fillDirectory(stage, 'chief')
    await tellOfStanding(stage, chief, { roles: ['OM_AUTHORITY'] })
    const ticket = await opened('P1')
    expect((await acknowledge(ticket, people.third)).json()).toMatchObject({
      tier: 'L3',
      state: 'acknowledged',
    })
    for (const hours of [1, 2]) {
      const { id } = await clock(stage, ticket.id, 'tier')
      await runClock(stage, ticket.id, id, after(MONDAY, hours * HOUR))
    }
    expect(await read(stage, ticket.id)).toMatchObject({ tier: 'L3', ownerPersonId: people.third })
    const told: unknown[] = await stage.db.query(
      `select person_id as id from notification where ticket_id = $1 and occasion = 'handover-due'`,
      [ticket.id],
    )
    expect(told).toEqual([{ id: chief }, { id: chief }])
  })

  test('[A-5.2.3] the first response at the deadline is in time, a millisecond later it is not', async () => {
    for (const [lateMs, withinTarget] of [
      [0, true],
      [1, false],
    ] as const) {
      stage.now = MONDAY
      const ticket = await opened('P1')
      stage.now = after(MONDAY, 15 * MINUTE + lateMs)
      await acknowledge(ticket, people.first)
      expect(await factsOf(stage, ticket.id, 'ticket.acknowledged')).toMatchObject([
        { withinTarget },
      ])
    }
  })

  test('[A-5.2.3] a late first response is a breach, even if it comes before the timer has run', async () => {
    const ticket = await opened('P1')
    stage.now = after(MONDAY, 20 * MINUTE)
    await acknowledge(ticket, people.first)
    await runDueClocks(stage)
    expect(await factsOf(stage, ticket.id, 'ticket.clock-breached')).toEqual([
      {
        ticketId: ticket.id,
        clock: 'acknowledge',
        tier: null,
        dueAt: '2026-03-09T02:15:00.000Z',
        noticedAt: '2026-03-09T02:20:00.000Z',
      },
    ])
    expect(await timeline(stage, ticket.id)).toEqual(['opened', 'clock-breached', 'acknowledged'])
  })
})

describe('passing a ticket on', () => {
  const analysis = { analysis: 'The posting index is broken; needs a rebuild.' }

  test('[B-4.1.4][B-4.0] the owner passes it one tier up with an analysis', async () => {
    const ticket = await opened()
    await acknowledge(ticket, people.first)
    stage.now = after(MONDAY, MINUTE)
    const answer = await act(stage, ticket, 'escalate', keyUser(people.first), analysis)
    expect(answer.json()).toMatchObject({ tier: 'L2', state: 'open', ownerPersonId: null })
    expect(await factsOf(stage, ticket.id, 'ticket.escalated')).toMatchObject([
      { from: 'L1', to: 'L2', by: 'owner', analysis: analysis.analysis },
    ])
    expect(await clocks(stage, ticket.id, 'tier')).toMatchObject([
      { tier: 'L1', stoppedAt: stage.now.toISOString() },
      { tier: 'L2', stoppedAt: null },
    ])
    const [message] = await stage.db.query<unknown[]>(
      `select person_id from notification where ticket_id = $1 and occasion = 'escalated'`,
      [ticket.id],
    )
    expect(message).toEqual({ person_id: people.second })
  })

  test('[B-4.1.4] without an analysis it stays', async () => {
    const ticket = await opened()
    await acknowledge(ticket, people.first)
    for (const payload of [undefined, {}, { analysis: '' }]) {
      const answer = await act(stage, ticket, 'escalate', keyUser(people.first), payload)
      expect(answer.json()).toMatchObject({ status: 422, code: 'validation-failed' })
    }
    expect(await read(stage, ticket.id)).toMatchObject({ tier: 'L1', version: 2 })
  })

  test.each([
    ['a colleague of the tier', 'deputy'],
    ['the next tier', 'second'],
    ['the reporter', 'user'],
  ] as const)('[B-4.1.4] %s cannot pass it on', async (_who, person) => {
    const ticket = await opened()
    await acknowledge(ticket, people.first)
    const answer = await act(stage, ticket, 'escalate', keyUser(people[person]), analysis)
    expect(answer.json()).toMatchObject({ status: 403, code: 'not-ticket-owner' })
  })

  test('[B-4.1.4] a ticket that nobody has taken is not passed on', async () => {
    const answer = await act(stage, await opened(), 'escalate', keyUser(people.first), analysis)
    expect(answer.json()).toMatchObject({ status: 409, code: 'ticket-state' })
  })

  test('a tier that has passed a ticket on does not take it back', async () => {
    const ticket = await opened('P2')
    await acknowledge(ticket, people.first)
    await act(stage, ticket, 'escalate', keyUser(people.first), analysis)
    expect((await acknowledge(ticket, people.first)).json()).toMatchObject({ code: 'not-on-tier' })
  })

  test('[B-4.0] after L3 there is no tier', async () => {
    const ticket = await opened()
    for (const person of [people.first, people.second]) {
      await acknowledge(ticket, person)
      await act(stage, ticket, 'escalate', keyUser(person), analysis)
    }
    await acknowledge(ticket, people.third)
    const answer = await act(stage, ticket, 'escalate', keyUser(people.third), analysis)
    expect(answer.json()).toMatchObject({ status: 409, code: 'tier-exhausted' })
    expect(await read(stage, ticket.id)).toMatchObject({ tier: 'L3', state: 'acknowledged' })
  })

  test('[B-4.1.4] the timer passes it on at the deadline and not a millisecond before', async () => {
    const ticket = await opened()
    const { id, dueAt } = await clock(stage, ticket.id, 'tier')
    expect(dueAt).toBe('2026-03-09T04:00:00.000Z')
    await runClock(stage, ticket.id, id, after(dueAt ?? '', -1))
    expect(await read(stage, ticket.id)).toMatchObject({ tier: 'L1', version: 1 })
    await runClock(stage, ticket.id, id, after(dueAt ?? '', 0))
    expect(await read(stage, ticket.id)).toMatchObject({ tier: 'L2', state: 'open', version: 2 })
    await runClock(stage, ticket.id, id, after(dueAt ?? '', 1))
    expect(await read(stage, ticket.id)).toMatchObject({ tier: 'L2', version: 2 })
    expect(await factsOf(stage, ticket.id, 'ticket.escalated')).toMatchObject([
      { from: 'L1', to: 'L2', by: 'timer', analysis: null },
    ])
    expect(await factsOf(stage, ticket.id, 'ticket.clock-breached')).toMatchObject([
      { clock: 'tier', tier: 'L1', dueAt, noticedAt: dueAt },
    ])
  })

  test('a job that runs early, by a database clock ahead of ours, is queued again for the deadline', async () => {
    const ticket = await opened()
    const { id, dueAt } = await clock(stage, ticket.id, 'tier')
    await stage.db.query('delete from incident_tiering_jobs._private_jobs')
    await runClock(stage, ticket.id, id, after(dueAt ?? '', -1))
    expect(await waitingJobs(stage, 'ticket-clock-due')).toMatchObject([
      { data: { clockId: id, ticketId: ticket.id }, runAt: new Date(dueAt ?? '') },
    ])
  })

  test('two workers at once pass it on once', async () => {
    const ticket = await opened()
    const { id, dueAt } = await clock(stage, ticket.id, 'tier')
    const due = after(dueAt ?? '', 0)
    await Promise.all([1, 2, 3].map(() => runClock(stage, ticket.id, id, due)))
    expect(await factsOf(stage, ticket.id, 'ticket.escalated')).toHaveLength(1)
  })

  test('[B-4.1.4] after eight hours of downtime a ticket has moved one tier, not two, and each clock breached once', async () => {
    const ticket = await opened()
    stage.now = after(MONDAY, 30 * HOUR)
    await runDueClocks(stage)
    expect(await read(stage, ticket.id)).toMatchObject({ tier: 'L2', state: 'open' })
    expect(await factsOf(stage, ticket.id, 'ticket.escalated')).toHaveLength(1)
    const breached = await factsOf(stage, ticket.id, 'ticket.clock-breached')
    expect(breached.map((each) => each.clock).toSorted()).toEqual([
      'acknowledge',
      'progress-note',
      // Raised to P2 after a day, whose time to restore had gone by then.
      'restore',
      'tier',
    ])
    // The new tier has its whole time from now on.
    expect(await clock(stage, ticket.id, 'tier')).toMatchObject({
      tier: 'L2',
      dueAt: '2026-03-11T08:00:00.000Z',
    })
  })

  test('owner and timer at the same moment pass it on once', async () => {
    const ticket = await opened()
    await acknowledge(ticket, people.first)
    const { id, dueAt } = await clock(stage, ticket.id, 'tier')
    stage.now = after(dueAt ?? '', 0)
    const [answer] = await Promise.all([
      act(stage, ticket, 'escalate', keyUser(people.first), analysis),
      runClock(stage, ticket.id, id, stage.now),
    ])
    expect([200, 412]).toContain(answer.statusCode)
    expect(await factsOf(stage, ticket.id, 'ticket.escalated')).toHaveLength(1)
    expect(await read(stage, ticket.id)).toMatchObject({ tier: 'L2', state: 'open' })
  })
})

describe('clocks that fall due', () => {
  test.each([
    ['acknowledge', 15 * MINUTE],
    ['restore', 4 * HOUR],
  ])(
    '[A-5.2.3][A-1.3.4] the %s clock of a P1 breaches at its deadline, once, and the tier is told',
    async (kind, dueMs) => {
      const ticket = await opened('P1')
      const { id, dueAt } = await clock(stage, ticket.id, kind)
      expect(dueAt).toBe(after(MONDAY, dueMs).toISOString())
      await runClock(stage, ticket.id, id, after(MONDAY, dueMs - 1))
      expect(await factsOf(stage, ticket.id, 'ticket.clock-breached')).toEqual([])
      await runClock(stage, ticket.id, id, after(MONDAY, dueMs))
      await runClock(stage, ticket.id, id, after(MONDAY, dueMs + HOUR))
      expect(await factsOf(stage, ticket.id, 'ticket.clock-breached')).toMatchObject([
        { clock: kind, tier: null, dueAt, noticedAt: dueAt },
      ])
      const told = await stage.db.query<{ id: string }[]>(
        `select person_id as id from notification
        where ticket_id = $1 and occasion = 'clock-breached' and channel = 'mail'`,
        [ticket.id],
      )
      expect(told.map((each) => each.id).sort()).toEqual([people.first, people.deputy].sort())
    },
  )

  test('[A-5.2.5] a progress note in time starts the next span; a missed one is a breach and starts it too', async () => {
    const ticket = await opened('P1')
    await acknowledge(ticket, people.first)
    stage.now = after(MONDAY, 20 * MINUTE)
    const noted = await act(stage, ticket, 'notes', keyUser(people.first), {
      note: 'The index is being rebuilt.',
    })
    expect(noted.json()).toMatchObject({ state: 'acknowledged', version: 3 })
    expect(await clock(stage, ticket.id, 'progress-note')).toMatchObject({
      dueAt: after(MONDAY, 50 * MINUTE).toISOString(),
    })
    const [told] = await stage.db.query<{ id: string; body: string }[]>(
      `select person_id as id, body from notification where ticket_id = $1 and occasion = 'progress-noted'`,
      [ticket.id],
    )
    expect(told?.id).toBe(people.user)
    expect(told?.body).toContain('The index is being rebuilt.')

    const { id } = await clock(stage, ticket.id, 'progress-note')
    await runClock(stage, ticket.id, id, after(MONDAY, 55 * MINUTE))
    expect(await factsOf(stage, ticket.id, 'ticket.clock-breached')).toMatchObject([
      { clock: 'progress-note', dueAt: after(MONDAY, 50 * MINUTE).toISOString() },
    ])
    expect(await clock(stage, ticket.id, 'progress-note')).toMatchObject({
      dueAt: after(MONDAY, 85 * MINUTE).toISOString(),
      breachedAt: null,
    })
  })

  test('[A-5.2.5] only the owner notes progress', async () => {
    const ticket = await opened()
    const note = { note: 'Looking at it.' }
    expect((await act(stage, ticket, 'notes', keyUser(people.first), note)).json()).toMatchObject({
      code: 'ticket-state',
    })
    await acknowledge(ticket, people.first)
    expect((await act(stage, ticket, 'notes', keyUser(people.deputy), note)).json()).toMatchObject({
      code: 'not-ticket-owner',
    })
  })

  test('[A-4.1.2] with spans set to seconds by the security administrator a ticket climbs to L3 in seconds', async () => {
    for (const tier of ['l1', 'l2']) {
      const answer = await setParameter(stage, `incident.tier.${tier}.handover`, {
        clock: 'continuous',
        within: 'PT2S',
      })
      expect(answer.statusCode).toBe(200)
    }
    const ticket = await opened()
    expect(await clock(stage, ticket.id, 'tier')).toMatchObject({
      dueAt: after(MONDAY, 2_000).toISOString(),
      parameterKey: 'incident.tier.l1.handover',
      parameterVersion: 1,
      calendar: { scope: 'round-the-clock' },
    })
    stage.now = after(MONDAY, 2_000)
    await runDueClocks(stage)
    expect(await read(stage, ticket.id)).toMatchObject({ tier: 'L2' })
    stage.now = after(MONDAY, 4_000)
    await runDueClocks(stage)
    expect(await read(stage, ticket.id)).toMatchObject({ tier: 'L3', state: 'open' })
    expect(await clocks(stage, ticket.id, 'tier')).toHaveLength(2)
  })

  test('[A-4.1.2] a span that is withdrawn is as shipped again, and its history stays', async () => {
    const key = 'incident.tier.l2.handover'
    expect(
      (await setParameter(stage, key, { clock: 'continuous', within: 'PT9S' })).statusCode,
    ).toBe(200)
    expect((await setParameter(stage, key, null)).statusCode).toBe(200)
    const url = `/v1/parameters/incident-tiering/${key}`
    const now = (await send(stage, 'GET', url, securityAdmin())).json<{ history: unknown[] }>()
    expect(now).toMatchObject({ from: 'shipped', version: 0, value: { workingDays: 1 } })
    expect(now.history.length).toBeGreaterThan(1)
  })

  test('[A-4.1.2] nobody but the security administrator sets a span', async () => {
    const url = '/v1/parameters/incident-tiering/incident.tier.l1.handover'
    const body = { unitId: null, value: { clock: 'continuous', within: 'PT1S' }, reason: 'faster' }
    for (const role of ['SYSTEM_ADMIN', 'OM_AUTHORITY', 'KEY_USER', 'END_USER'] as const) {
      const headers = { 'if-match': '"1"', ...caller({ roles: [role], unit: UNIT }) }
      expect((await send(stage, 'PUT', url, headers, body)).json()).toMatchObject({
        status: 403,
        code: 'permission-missing',
      })
    }
  })
})
