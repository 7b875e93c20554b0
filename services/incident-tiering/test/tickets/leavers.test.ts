import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { eventually } from '@erp-steward/test-kit/eventually'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { send } from '@erp-steward/test-kit/requests'
import {
  act,
  endUser,
  factsOf,
  fillDirectory,
  incidentStage,
  keyUser,
  nominate,
  open,
  read,
  tellOfPerson,
  timeline,
} from '../incident-stage.ts'

let stage: TestService
let people: Record<'user' | 'first' | 'deputy', string>

beforeAll(async () => {
  stage = await incidentStage()
  people = await fillDirectory(stage, 'user', 'first', 'deputy')
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
