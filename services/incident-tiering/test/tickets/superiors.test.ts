import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { send } from '@erp-steward/test-kit/requests'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { after, HOUR, MINUTE } from '@erp-steward/test-kit/instants'
import { runTask } from '@erp-steward/test-kit/run-task'
import { tellOfPerson, tellOfStanding, UNIT } from '@erp-steward/test-kit/tell-of-company'
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
  setParameter,
} from '../incident-stage.ts'

let stage: TestService
let people: Record<'user' | 'first' | 'chief' | 'leader' | 'head' | 'group', string>

beforeAll(async () => {
  stage = await incidentStage()
  people = await fillDirectory(stage, 'user', 'first', 'chief', 'leader', 'head', 'group')
  await tellOfStanding(stage, people.chief, { roles: ['OM_AUTHORITY'] })
  await tellOfStanding(stage, people.leader, { roles: ['BUSINESS_OWNER'] })
  await nominate(stage, people.first, { tier: 'L1' })
})
afterAll(() => stage.release())
beforeEach(async () => {
  stage.now = MONDAY
  await stage.db.query('delete from superiors; delete from superior_gap; delete from proposal')
  await stage.db.query('delete from notification_attempt; delete from notification')
  await stage.db.query(`delete from outbox where type like 'incident.superiors.%'`)
  await stage.db.query('delete from incident_tiering_jobs._private_jobs')
})

const name = (step: string, personIds: readonly string[], headers = authority(), version = 0) =>
  send(
    stage,
    'PUT',
    `/v1/superiors/${step}`,
    { ...headers, 'if-match': `"${String(version)}"` },
    { personIds },
  )
const gaps = (): Promise<{ step: string }[]> =>
  stage.db.query('select step from superior_gap order by step')
const toldOfGaps = async () => {
  const told: { id: string }[] = await stage.db.query(
    `select distinct person_id as id from notification where occasion = 'superior-gaps'`,
  )
  return told.map(({ id }) => id)
}
/** What another authority, or whoever is given, says to a proposal. */
const decide = (
  { id, version }: { id: string; version: number },
  verb: 'approve' | 'reject' = 'approve',
  headers = authority(randomUUID()),
) =>
  send(
    stage,
    'POST',
    `/v1/proposals/incident-tiering/${id}/${verb}`,
    { ...headers, 'if-match': `"${String(version)}"` },
    { reason: 'As seen.' },
  )
const ladder = async () => {
  const { items } = (await send(stage, 'GET', '/v1/superiors', authority())).json<{
    items: { step: string; personIds: string[]; callablePersonIds: string[]; version: number }[]
  }>()
  return items
}
const called = (id: string) => factsOf(stage, id, 'ticket.superiors-called')

describe('an unrestored P1', () => {
  test('[A-1.3.4] climbs to the superiors of each step at its time, once, and not a millisecond before', async () => {
    await name('department-head', [people.head])
    await name('leading-group', [people.group, people.head])
    const ticket = await open(stage, endUser(people.user), { priority: 'P1' })
    const { id, dueAt } = await clock(stage, ticket.id, 'department-head')
    expect(dueAt).toBe(after(MONDAY, 30 * MINUTE).toISOString())
    await runClock(stage, ticket.id, id, after(MONDAY, 30 * MINUTE - 1))
    expect(await called(ticket.id)).toEqual([])
    await runClock(stage, ticket.id, id, after(MONDAY, 30 * MINUTE))
    await runClock(stage, ticket.id, id, after(MONDAY, 31 * MINUTE))
    expect(await called(ticket.id)).toMatchObject([
      { step: 'department-head', personIds: [people.head], inStead: false },
    ])
    stage.now = after(MONDAY, HOUR)
    await runDueClocks(stage)
    expect((await called(ticket.id))[1]).toMatchObject({
      step: 'leading-group',
      personIds: [people.head, people.group].sort(),
    })
    const told: { id: string }[] = await stage.db.query(
      `select person_id as id from notification where ticket_id = $1 and occasion = 'leading-group'`,
      [ticket.id],
    )
    expect(told.map((each) => each.id).sort()).toEqual([people.head, people.group].sort())
  })

  test('[A-1.3.4] reaches the authority and the leader of the unit where no superior is named or can be reached', async () => {
    await name('department-head', [people.group])
    await tellOfPerson(stage, people.group, { name: 'group', active: false })
    const ticket = await open(stage, endUser(people.user), { priority: 'P1' })
    stage.now = after(MONDAY, HOUR)
    await runDueClocks(stage)
    const stead = [people.chief, people.leader]
    expect(await called(ticket.id)).toMatchObject([
      { step: 'department-head', personIds: stead, inStead: true, reached: null },
      { step: 'leading-group', personIds: stead, inStead: true, reached: null },
    ])
    await tellOfPerson(stage, people.group, { name: 'group' })
  })

  test.each([
    ['has a frozen account', () => tellOfStanding(stage, people.head, { accountStatus: 'frozen' })],
    [
      'has a disabled account',
      () => tellOfStanding(stage, people.head, { accountStatus: 'disabled', roles: [] }),
    ],
    ['has lost the address', () => tellOfPerson(stage, people.head, { name: 'head', email: null })],
    ['has left', () => tellOfPerson(stage, people.head, { name: 'head', active: false })],
  ])(
    '[A-1.3.4][A-4.4.5][B-5.3.2] calls the next step at once where the only superior of a step %s, and the gap is told',
    async (_, lose) => {
      await name('department-head', [people.head])
      await name('top-manager', [people.group])
      const ticket = await open(stage, endUser(people.user), { priority: 'P1' })
      stage.now = after(MONDAY, 30 * MINUTE - 1)
      await lose()
      expect((await gaps()).map(({ step }) => step)).toEqual(['department-head', 'leading-group'])
      expect(await toldOfGaps()).toEqual([people.chief])
      stage.now = after(MONDAY, 30 * MINUTE)
      await runDueClocks(stage)
      expect(await called(ticket.id)).toMatchObject([
        {
          step: 'department-head',
          personIds: [people.group, people.chief, people.leader],
          inStead: true,
          reached: 'top-manager',
        },
      ])
      await tellOfPerson(stage, people.head, { name: 'head' })
      await tellOfStanding(stage, people.head)
      expect((await gaps()).map(({ step }) => step)).toEqual(['leading-group'])
    },
  )

  test('[A-1.3.4] calls a superior who has no account at all, and whoever of a step still stands', async () => {
    await tellOfStanding(stage, people.group, { accountStatus: 'none', roles: [] })
    await name('department-head', [people.group, people.head])
    await tellOfStanding(stage, people.head, { accountStatus: 'frozen' })
    const ticket = await open(stage, endUser(people.user), { priority: 'P1' })
    stage.now = after(MONDAY, 30 * MINUTE)
    await runDueClocks(stage)
    expect(await called(ticket.id)).toMatchObject([{ personIds: [people.group], inStead: false }])
    await tellOfStanding(stage, people.head)
    await tellOfStanding(stage, people.group)
  })

  test('[A-1.3.4] climbs also when somebody has taken it, until it is restored; a rejection lets the ladder run on', async () => {
    const ticket = await open(stage, endUser(people.user), { priority: 'P1' })
    await act(stage, ticket, 'acknowledge', keyUser(people.first))
    stage.now = after(MONDAY, 10 * MINUTE)
    await act(stage, ticket, 'resolve', keyUser(people.first), { resolution: 'Restarted.' })
    stage.now = after(MONDAY, 10 * HOUR)
    await runDueClocks(stage)
    expect(await called(ticket.id)).toEqual([])
    await act(stage, ticket, 'confirm', endUser(people.user), { accepted: false, comment: null })
    expect(await clock(stage, ticket.id, 'department-head')).toMatchObject({
      dueAt: after(MONDAY, 10 * HOUR + 20 * MINUTE).toISOString(),
    })
  })
})

describe('a ticket that is not solved', () => {
  test('[A-1.3.4] as P3 becomes P2 after a day, then P1 after three working hours, with the clocks of each', async () => {
    const ticket = await open(stage, endUser(people.user), { priority: 'P3' })
    stage.now = after(MONDAY, 24 * HOUR)
    await runDueClocks(stage)
    expect(await read(stage, ticket.id)).toMatchObject({ priority: 'P2' })
    expect(await clock(stage, ticket.id, 'unsolved')).toMatchObject({
      parameterKey: 'incident.priority.p2.raise_after',
      // Ten o'clock on Tuesday and three working hours, with lunch between.
      dueAt: '2026-03-10T06:00:00.000Z',
    })
    expect(await clock(stage, ticket.id, 'final')).toMatchObject({
      parameterKey: 'incident.sla.p2.final',
    })
    stage.now = new Date('2026-03-10T06:00:00Z')
    await runDueClocks(stage)
    expect(await read(stage, ticket.id)).toMatchObject({ priority: 'P1', toAllTiers: true })
    const kinds = (await clocks(stage, ticket.id))
      .filter(({ stoppedAt }) => stoppedAt === null)
      .map(({ kind }) => kind)
    expect(kinds).toEqual(expect.arrayContaining(['department-head', 'top-manager', 'tier']))
    expect(kinds).not.toContain('unsolved')
    expect(await factsOf(stage, ticket.id, 'ticket.priority-raised')).toMatchObject([
      { from: 'P3', to: 'P2' },
      { from: 'P2', to: 'P1' },
    ])
  })

  test('[A-5.2.3] as P4 is a breach after 48 hours, and not raised', async () => {
    const ticket = await open(stage, endUser(people.user), { priority: 'P4' })
    stage.now = after(MONDAY, 48 * HOUR)
    await runDueClocks(stage)
    expect(await read(stage, ticket.id)).toMatchObject({ priority: 'P4' })
    const breaches = await factsOf(stage, ticket.id, 'ticket.clock-breached')
    expect(breaches.map((each) => each.clock)).toContain('unsolved')
  })

  test('[A-5.2.3] past its final time is a breach; the time of the user does not count', async () => {
    expect(
      (await setParameter(stage, 'incident.sla.p3.final', { clock: 'continuous', within: 'PT2H' }))
        .statusCode,
    ).toBeLessThan(300)
    const late = await open(stage, endUser(people.user))
    const resolved = await open(stage, endUser(people.user))
    await act(stage, resolved, 'acknowledge', keyUser(people.first))
    await act(stage, resolved, 'resolve', keyUser(people.first), { resolution: 'Restarted.' })
    stage.now = after(MONDAY, 2 * HOUR)
    await runDueClocks(stage)
    const finals = async (id: string) =>
      (await factsOf(stage, id, 'ticket.clock-breached')).filter((each) => each.clock === 'final')
    expect(await finals(late.id)).toHaveLength(1)
    expect(await finals(resolved.id)).toEqual([])
  })
})

describe('the superiors', () => {
  test('[A-1.3.4] are named by the authority, for the next version, and listed step by step', async () => {
    expect((await name('top-manager', [people.head])).json()).toEqual({
      step: 'top-manager',
      personIds: [people.head],
      version: 1,
    })
    expect((await name('top-manager', [people.group])).json()).toMatchObject({
      code: 'version-stale',
    })
    const nobody = { personIds: [], callablePersonIds: [], version: 0 }
    expect(await ladder()).toEqual([
      { step: 'department-head', ...nobody },
      { step: 'leading-group', ...nobody },
      {
        step: 'top-manager',
        personIds: [people.head],
        callablePersonIds: [people.head],
        version: 1,
      },
    ])
  })

  test('[A-1.3.4] are not who names them, nobody without an address, and no leader names them', async () => {
    expect(
      (await name('department-head', [people.chief], authority(people.chief))).json(),
    ).toMatchObject({ code: 'same-person' })
    const { mute } = await fillDirectory(stage, 'mute')
    await tellOfPerson(stage, mute, { name: 'mute', email: null })
    expect((await name('department-head', [mute])).json()).toMatchObject({
      code: 'person-unreachable',
    })
    const leader = caller({
      roles: ['BUSINESS_OWNER'],
      person: people.leader,
      unit: UNIT,
      range: 'company',
    })
    expect((await name('department-head', [people.head], leader)).json()).toMatchObject({
      status: 403,
      code: 'outside-unit',
    })
  })

  test('[A-1.3.4][A-4.4.5][B-5.3.2] are taken off, replaced or all taken off by two only; more are named at once', async () => {
    await name('department-head', [people.head])
    for (const shorter of [[], [people.group]]) {
      const { version } = (await ladder())[0] ?? { version: 0 }
      const answer = await name('department-head', shorter, authority(), version)
      expect(answer.statusCode).toBe(202)
      expect(await ladder()).toMatchObject([{ personIds: [people.head] }, {}, {}])
      const proposal = answer.json<{ id: string; version: number }>()
      // Neither who proposed it, nor who goes or comes, nor a leader, nor a client of nobody.
      for (const [headers, code] of [
        [authority(), 'same-person'],
        [authority(people.head), 'same-person'],
        [caller({ roles: ['OM_AUTHORITY'], kind: 'client', controllers: [] }), 'same-person'],
        [
          caller({ roles: ['BUSINESS_OWNER'], person: people.leader, unit: UNIT, range: 'unit' }),
          'outside-unit',
        ],
      ] as const)
        expect((await decide(proposal, 'approve', headers)).json()).toMatchObject({ code })
      expect((await decide(proposal, 'reject')).statusCode).toBe(200)
      expect(await ladder()).toMatchObject([{ personIds: [people.head] }, {}, {}])
    }
    const more = await name('department-head', [people.head, people.group], authority(), 1)
    expect(more.json()).toMatchObject({ personIds: [people.head, people.group], version: 2 })
    const emptied = await name('department-head', [], authority(), 2)
    expect((await decide(emptied.json())).json()).toMatchObject({ state: 'approved' })
    expect(await ladder()).toMatchObject([{ personIds: [], version: 3 }, {}, {}])
    expect((await gaps()).map(({ step }) => step)).toContain('department-head')
  })

  test('[A-1.3.4] who left is taken off at once, and an old proposal takes nobody off a newer ladder', async () => {
    await name('department-head', [people.head, people.group])
    const proposal = (await name('department-head', [people.head], authority(), 1)).json<{
      id: string
      version: number
    }>()
    await name('department-head', [people.head, people.group, people.first], authority(), 1)
    expect((await decide(proposal)).json()).toMatchObject({ code: 'proposal-stale' })
    await tellOfPerson(stage, people.group, { name: 'group', active: false })
    expect(
      (await name('department-head', [people.head, people.first], authority(), 2)).statusCode,
    ).toBe(200)
    await tellOfPerson(stage, people.group, { name: 'group' })
  })

  test('[A-1.3.4] are nobody with an account that is shut, and nobody takes himself off', async () => {
    await tellOfStanding(stage, people.head, { accountStatus: 'frozen' })
    expect((await name('department-head', [people.head])).json()).toMatchObject({
      code: 'person-unreachable',
    })
    await tellOfStanding(stage, people.head)
    await name('department-head', [people.chief, people.head])
    expect(
      (await name('department-head', [people.head], authority(people.chief), 1)).json(),
    ).toMatchObject({ code: 'same-person' })
  })

  test('[A-1.3.4][A-4.4.5] whom nobody ever named are a gap that is told once', async () => {
    await runTask(stage, 'find-superior-gaps')
    await runTask(stage, 'find-superior-gaps')
    expect(await gaps()).toHaveLength(3)
    expect(await factsOf(stage, 'top-manager', 'superiors.gap-found')).toHaveLength(1)
    expect(await toldOfGaps()).toEqual([people.chief])
    await name('top-manager', [people.head])
    expect(await gaps()).toHaveLength(2)
    expect(await factsOf(stage, 'top-manager', 'superiors.gap-mended')).toHaveLength(1)
  })
})
