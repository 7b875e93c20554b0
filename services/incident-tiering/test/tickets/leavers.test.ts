import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { eventually } from '@erp-steward/test-kit/eventually'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { send } from '@erp-steward/test-kit/requests'
import { after, HOUR, MINUTE } from '@erp-steward/test-kit/instants'
import { OTHER_UNIT, tellOfPerson, tellOfStanding } from '@erp-steward/test-kit/tell-of-company'
import { caller } from '@erp-steward/test-kit/tokens'
import {
  act,
  authority,
  clock,
  endUser,
  factsOf,
  fillDirectory,
  incidentStage,
  keyUser,
  MONDAY,
  nominate,
  open,
  read,
  timeline,
} from '../incident-stage.ts'

let stage: TestService
let people: Record<'user' | 'first' | 'deputy' | 'second' | 'third', string>

beforeAll(async () => {
  stage = await incidentStage()
  people = await fillDirectory(stage, 'user', 'first', 'deputy', 'second', 'third')
  await nominate(stage, people.first, { tier: 'L1' })
  await nominate(stage, people.deputy, { tier: 'L1' })
})
afterAll(() => stage.release())

test('[A-1.3.1] the ticket of an owner who leaves goes back to its tier, which takes it anew; a repeated event changes nothing', async () => {
  const ticket = await open(stage, endUser(people.user), { priority: 'P3' })
  await act(stage, ticket, 'acknowledge', keyUser(people.first))
  await tellOfPerson(stage, people.first, { name: 'first', active: false })
  await tellOfPerson(stage, people.first, { name: 'first', active: false })

  const released = await read(stage, ticket.id)
  expect(released).toMatchObject({ state: 'open', tier: 'L1', ownerPersonId: null })
  expect(await timeline(stage, ticket.id)).toEqual(['opened', 'acknowledged', 'released'])
  expect(await factsOf(stage, ticket.id, 'ticket.released')).toHaveLength(1)
  const told: { recipient: string }[] = await stage.db.query(
    `select recipient from notification where ticket_id = $1 and occasion = 'released'`,
    [ticket.id],
  )
  expect(told).toEqual([{ recipient: `person:${people.deputy}` }])

  const taken = await act(stage, released, 'acknowledge', keyUser(people.deputy))
  expect(taken.json()).toMatchObject({ state: 'acknowledged', ownerPersonId: people.deputy })
  const stale = await send(
    stage,
    'POST',
    `/v1/tickets/${ticket.id}/resolve`,
    { ...keyUser(people.first), 'if-match': `"${String((await read(stage, ticket.id)).version)}"` },
    { resolution: 'Too late.' },
  )
  expect(stale.json()).toMatchObject({ status: 403, code: 'not-ticket-owner' })
})

test('the leave of somebody who has come back since, handed in again, takes no ticket away', async () => {
  const ticket = await open(stage, endUser(people.user), { priority: 'P3' })
  await act(stage, ticket, 'acknowledge', keyUser(people.deputy))
  const returned = 1_000
  await tellOfPerson(stage, people.deputy, { name: 'deputy', version: returned })
  await tellOfPerson(stage, people.deputy, {
    name: 'deputy',
    active: false,
    version: returned - 1,
  })
  expect(await read(stage, ticket.id)).toMatchObject({ ownerPersonId: people.deputy })
})

test('[A-1.3.1] who leaves while taking a ticket does not keep it', async () => {
  const { third } = await fillDirectory(stage, 'third')
  await nominate(stage, third, { tier: 'L1' })
  const ticket = await open(stage, endUser(people.user), { priority: 'P3' })
  const blocked = async (count: number) => {
    const waiting: unknown[] = await stage.db.query(
      `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    )
    expect(waiting).toHaveLength(count)
  }
  const [taken, left] = await stage.db.transaction(async (tx) => {
    await tx.query('select from ticket_clock where ticket_id = $1 for update', [ticket.id])
    const taking = act(stage, ticket, 'acknowledge', keyUser(third))
    await eventually(() => blocked(1))
    const leaving = tellOfPerson(stage, third, { name: 'third', active: false })
    // The leave waits for the taking; where it does not, it finds no ticket to release.
    await Promise.race([leaving, eventually(() => blocked(2))])
    return [taking, leaving] as const
  })
  expect((await taken).statusCode).toBe(200)
  await left
  expect(await read(stage, ticket.id)).toMatchObject({ state: 'open', ownerPersonId: null })
})

test.each<['left' | 'not-able', (person: string) => Promise<unknown>]>([
  ['left', (person) => tellOfPerson(stage, person, { name: 'gone', active: false })],
  ['not-able', (person) => tellOfStanding(stage, person, { accountStatus: 'frozen' })],
  ['not-able', (person) => tellOfPerson(stage, person, { name: 'gone', unitId: OTHER_UNIT })],
])(
  '[A-1.3.4][B-4.0] a resolved ticket that the user gives back goes to its tier when its owner has %s meanwhile',
  async (reason, lose) => {
    stage.now = MONDAY
    const { gone } = await fillDirectory(stage, 'gone')
    await nominate(stage, gone, { tier: 'L1' })
    const ticket = await open(stage, endUser(people.user), { priority: 'P1' })
    await act(stage, ticket, 'acknowledge', keyUser(gone))
    await act(stage, ticket, 'resolve', keyUser(gone), { resolution: 'Restarted.' })
    await lose(gone)
    stage.now = after(MONDAY, HOUR)
    const given = await act(stage, ticket, 'confirm', endUser(people.user), {
      accepted: false,
      comment: null,
    })
    expect(given.json()).toMatchObject({
      state: 'open',
      tier: 'L1',
      ownerPersonId: null,
      resolution: null,
    })
    expect(await factsOf(stage, ticket.id, 'ticket.released')).toMatchObject([
      { previousOwnerPersonId: gone, reason },
    ])
    expect(await clock(stage, ticket.id, 'acknowledge')).toMatchObject({
      dueAt: after(MONDAY, HOUR + 15 * MINUTE).toISOString(),
    })
    expect(await clock(stage, ticket.id, 'tier')).toMatchObject({ tier: 'L1' })
    const told: { id: string }[] = await stage.db.query(
      `select person_id as id from notification where ticket_id = $1 and occasion = 'released'`,
      [ticket.id],
    )
    expect(told.map(({ id }) => id)).toContain(people.deputy)
    expect(told.map(({ id }) => id)).not.toContain(gone)
    const taken = await act(stage, ticket, 'acknowledge', keyUser(people.deputy))
    expect(taken.json()).toMatchObject({ state: 'acknowledged', ownerPersonId: people.deputy })
    stage.now = MONDAY
  },
)

describe('the ticket of an owner who may no longer work it', () => {
  beforeAll(() => nominate(stage, people.second, { tier: 'L1' }))

  interface Case {
    readonly lose: (person: string) => Promise<unknown>
  }
  test.each<[string, Case]>([
    [
      'who moved to another unit',
      { lose: (person) => tellOfPerson(stage, person, { name: 'mover', unitId: OTHER_UNIT }) },
    ],
    [
      'whose account is frozen',
      { lose: (person) => tellOfStanding(stage, person, { accountStatus: 'frozen' }) },
    ],
    [
      'whose account is disabled',
      { lose: (person) => tellOfStanding(stage, person, { accountStatus: 'disabled' }) },
    ],
    [
      'who lost the role',
      { lose: (person) => tellOfStanding(stage, person, { roles: ['END_USER'] }) },
    ],
    [
      'who cannot be reached any more',
      { lose: (person) => tellOfPerson(stage, person, { name: 'mover', email: null }) },
    ],
  ])(
    '[A-1.3.4][A-5.2.3] %s goes back, is called anew, and somebody else takes it',
    async (_who, { lose }) => {
      const { mover, chief } = await fillDirectory(stage, 'mover', 'chief')
      await tellOfStanding(stage, chief, { roles: ['OM_AUTHORITY'] })
      await nominate(stage, mover, { tier: 'L1' })
      const ticket = await open(stage, endUser(people.user), { priority: 'P1' })
      await act(stage, ticket, 'acknowledge', keyUser(mover))
      stage.now = after(MONDAY, 10 * MINUTE)
      await lose(mover)

      expect(await read(stage, ticket.id)).toMatchObject({ state: 'open', ownerPersonId: null })
      // A fresh time to take it, and the time of the tier runs on.
      expect(await clock(stage, ticket.id, 'acknowledge')).toMatchObject({
        dueAt: after(MONDAY, 25 * MINUTE).toISOString(),
      })
      expect(await clock(stage, ticket.id, 'tier')).toMatchObject({
        dueAt: after(MONDAY, HOUR).toISOString(),
      })
      const refused = await act(stage, ticket, 'resolve', keyUser(mover), { resolution: 'x' })
      expect(refused.json()).toMatchObject({ code: 'ticket-state' })
      const again = await act(stage, ticket, 'acknowledge', keyUser(mover))
      expect(again.json()).toMatchObject({ code: 'not-on-tier' })
      const taken = await act(stage, ticket, 'acknowledge', keyUser(people.second))
      expect(taken.json()).toMatchObject({ state: 'acknowledged', ownerPersonId: people.second })
      stage.now = MONDAY
    },
  )

  test('[A-1.3.4] a mere change of the mail address or of a role beside it takes no ticket away', async () => {
    const { steady } = await fillDirectory(stage, 'steady')
    await nominate(stage, steady, { tier: 'L1' })
    const ticket = await open(stage, endUser(people.user))
    await act(stage, ticket, 'acknowledge', keyUser(steady))
    await tellOfPerson(stage, steady, { name: 'renamed', email: 'new@example.test' })
    await tellOfStanding(stage, steady, { roles: ['KEY_USER', 'END_USER'] })
    expect(await read(stage, ticket.id)).toMatchObject({ ownerPersonId: steady })
  })

  test('[A-1.3.4] whose duty is ended goes back too', async () => {
    const { spare } = await fillDirectory(stage, 'spare')
    const duty = await nominate(stage, spare, { tier: 'L1' })
    const ticket = await open(stage, endUser(people.user))
    await act(stage, ticket, 'acknowledge', keyUser(spare))
    await send(
      stage,
      'POST',
      `/v1/key-users/${duty.id}/remove`,
      { ...authority(), 'if-match': '"1"' },
      { reason: 'Other work.', successorPersonId: null },
    )
    expect(await read(stage, ticket.id)).toMatchObject({ state: 'open', ownerPersonId: null })
  })
})

describe('reassignment', () => {
  const reassign = (ticket: { id: string }, tier: string, headers = authority()) =>
    act(stage, ticket, 'reassign', headers, { tier, reason: 'The owner cannot be reached.' })

  test('[A-1.3.4] the authority takes a ticket from its owner and gives it to any tier, which is called', async () => {
    const ticket = await open(stage, endUser(people.user))
    await act(stage, ticket, 'acknowledge', keyUser(people.second))
    expect((await reassign(ticket, 'L1')).json()).toMatchObject({
      state: 'open',
      tier: 'L1',
      ownerPersonId: null,
    })
    expect(await factsOf(stage, ticket.id, 'ticket.reassigned')).toMatchObject([
      { from: 'L1', to: 'L1', previousOwnerPersonId: people.second },
    ])
    await nominate(stage, people.third, { tier: 'L2' })
    expect((await reassign(ticket, 'L2')).json()).toMatchObject({ tier: 'L2' })
    expect(await clock(stage, ticket.id, 'tier')).toMatchObject({ tier: 'L2' })
    expect(await clock(stage, ticket.id, 'acknowledge')).toMatchObject({ tier: 'L2' })
    const taken = await act(stage, ticket, 'acknowledge', keyUser(people.third))
    expect(taken.json()).toMatchObject({ ownerPersonId: people.third })
  })

  test('[A-1.3.4] nobody else reassigns, and nothing that is resolved', async () => {
    const ticket = await open(stage, endUser(people.user))
    for (const role of ['KEY_USER', 'BUSINESS_OWNER', 'OM_PROVIDER', 'SYSTEM_ADMIN'] as const)
      expect(
        (await reassign(ticket, 'L2', caller({ roles: [role], person: people.first }))).json(),
      ).toMatchObject({ status: 403, code: 'permission-missing' })
    await act(stage, ticket, 'acknowledge', keyUser(people.second))
    await act(stage, ticket, 'resolve', keyUser(people.second), { resolution: 'Done.' })
    expect((await reassign(ticket, 'L2')).json()).toMatchObject({ code: 'ticket-state' })
  })
})
