import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { send } from '@erp-steward/test-kit/requests'
import type { TestService } from '@erp-steward/test-kit/test-service'
import {
  act,
  after,
  authority,
  caller,
  clock,
  clocks,
  endUser,
  factsOf,
  fillDirectory,
  HOUR,
  incidentStage,
  keyUser,
  MINUTE,
  MONDAY,
  nominate,
  open,
  read,
  runClock,
  runDueClocks,
  setParameter,
  tellOfPerson,
  tellOfStanding,
  UNIT,
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
  await stage.db.query('delete from superiors')
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
      { step: 'department-head', personIds: stead, inStead: true },
      { step: 'leading-group', personIds: stead, inStead: true },
    ])
    await tellOfPerson(stage, people.group, { name: 'group' })
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
    const listed = await send(stage, 'GET', '/v1/superiors', authority())
    expect(listed.json<{ items: unknown[] }>().items).toEqual([
      { step: 'department-head', personIds: [], version: 0 },
      { step: 'leading-group', personIds: [], version: 0 },
      { step: 'top-manager', personIds: [people.head], version: 1 },
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
})
