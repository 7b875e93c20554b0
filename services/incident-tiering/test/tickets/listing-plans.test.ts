import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { after } from '@erp-steward/test-kit/instants'
import { OTHER_UNIT, UNIT } from '@erp-steward/test-kit/tell-of-company'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { ticketsThatFit, type TicketFilter } from '../../src/tickets/list-tickets.ts'
import { ticketPosition, type TicketOrder } from '../../src/tickets/ticket-order.ts'
import { incidentStage, MONDAY } from '../incident-stage.ts'

let stage: TestService

/** Twenty thousand tickets of two weeks, of which one in a hundred is open, and one in a thousand of the other unit. */
beforeAll(async () => {
  stage = await incidentStage()
  await stage.db.query(
    `insert into ticket (id, number, title, description, category, priority, unit_id, kind, state, tier, to_all_tiers,
                         owner_person_id, reporter_person_id, reporter, opened_at, changed_at, version)
     select gen_random_uuid(), 'L-' || n, 'old', 'old', 'question', 'P' || 1 + n % 4,
            case when n % 1000 = 0 then $2::uuid else $1::uuid end, 'IT',
            case when n % 100 = 0 then 'open' else 'closed' end, 'L1', false,
            md5('owner' || n % 500)::uuid, md5('reporter' || n % 500)::uuid, 'x',
            $3::timestamptz + n * interval '1 minute', $3::timestamptz + n * interval '2 minutes', 1
       from generate_series(1, 20000) n`,
    [UNIT, OTHER_UNIT, MONDAY],
  )
  await stage.db.query(
    `insert into ticket_clock (id, ticket_id, kind, calendar, facts, parameter_key, parameter_version, due_at, started_at, stopped_at)
     select gen_random_uuid(), id, 'restore', '{}', '[]', 'x', 1, opened_at, opened_at,
            case when state = 'closed' then opened_at end from ticket`,
  )
  await stage.db.query('analyze ticket; analyze ticket_clock')
})

afterAll(() => stage.release())

const explained = async (filter: Partial<TicketFilter> & { sort: TicketOrder }) => {
  const { text, values } = ticketsThatFit({
    ...{ now: after(MONDAY, 60_000 * 1_000), onlyUnitId: null, callerId: null },
    ...{ after: ticketPosition(undefined, filter.sort), limit: 51 },
    ...filter,
  })
  return JSON.stringify(await stage.db.query(`explain (format json) ${text}`, values))
}
const at = after(MONDAY, 60_000 * 10_000).toISOString()
const position = { at, id: randomUUID(), priority: null }

test.each<[string, Partial<TicketFilter> & { sort: TicketOrder }, string]>([
  ['a page of the newest', { sort: '-openedAt', after: position }, 'ticket_by_opening'],
  ['a page of the oldest', { sort: 'openedAt', after: position }, 'ticket_by_opening'],
  ['a page of the last changed', { sort: '-changedAt', after: position }, 'ticket_by_change'],
  ['what changed since', { sort: 'changedAt', changedSince: at }, 'ticket_by_change'],
  [
    'the gravest',
    { sort: 'priority', after: { ...position, priority: 'P2' } },
    'ticket_by_priority',
  ],
  ['those of a priority', { sort: '-openedAt', priority: 'P1' }, 'ticket_by_'],
  ['those of a unit', { sort: '-openedAt', unitId: OTHER_UNIT }, 'ticket_by_unit'],
])('%s is read off an index and not sorted', async (_what, filter, index) => {
  const plan = await explained(filter)
  expect(plan).toContain(index)
  expect(plan).not.toContain('"Sort"')
  expect(plan).not.toContain('Seq Scan')
})

test('the few that are open among many closed ones are found by an index of their own, of a unit and of all', async () => {
  for (const filter of [{ unitId: UNIT }, {}]) {
    const plan = await explained({ sort: '-openedAt', state: 'open', ...filter })
    expect(plan).toContain('ticket_unclosed')
    expect(plan).not.toContain('Seq Scan')
  }
})

test('those of a person and those that are overdue are found by index', async () => {
  const [{ id }]: [{ id: string }] = await stage.db.query(`select md5('reporter7')::uuid as id`)
  const ofPerson = await explained({ sort: '-openedAt', personId: id })
  expect(ofPerson).toContain('ticket_by_reporter')
  expect(ofPerson).toContain('ticket_by_owner')
  const overdue = await explained({ sort: '-openedAt', overdue: true })
  expect(overdue).toContain('ticket_clock_running')
  expect(overdue).not.toContain('Seq Scan')
})
