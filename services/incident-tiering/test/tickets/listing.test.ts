import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { after } from '@erp-steward/test-kit/instants'
import { send } from '@erp-steward/test-kit/requests'
import { OTHER_UNIT, tellOfPerson } from '@erp-steward/test-kit/tell-of-company'
import type { TestService } from '@erp-steward/test-kit/test-service'
import {
  act,
  authority,
  clock,
  emptyStage,
  endUser,
  fillDirectory,
  incidentStage,
  keyUser,
  MONDAY,
  nominate,
  open,
  type TicketNow,
} from '../incident-stage.ts'

let stage: TestService
let people: Record<'user' | 'mate' | 'first' | 'foreign', string>

beforeAll(async () => {
  stage = await incidentStage()
})
beforeEach(async () => {
  await emptyStage(stage)
  people = await fillDirectory(stage, 'user', 'mate', 'first', 'foreign')
  await nominate(stage, people.first, { tier: 'L1' })
})
afterAll(() => stage.release())

interface Page {
  readonly items: (TicketNow & { readonly changedAt: string })[]
  readonly next: string | null
}

const list = async (query: Record<string, string>, headers = authority()) => {
  const url = `/v1/tickets?${new URLSearchParams(query).toString()}`
  const answer = await send(stage, 'GET', url, headers)
  if (answer.statusCode !== 200) throw new Error(answer.body)
  return answer.json<Page>()
}
const idsBy = async (query: Record<string, string>, headers = authority()) =>
  (await list(query, headers)).items.map(({ id }) => id)

const refusalOf = async (query: Record<string, string>) => {
  const url = `/v1/tickets?${new URLSearchParams(query).toString()}`
  const answer = await send(stage, 'GET', url, authority())
  return [answer.statusCode, answer.json<{ code: string }>().code]
}

/** Every page of a list; between two of them something may happen. */
async function walk(query: Record<string, string>, between: (page: number) => Promise<unknown>) {
  const seen: string[] = []
  let cursor: string | null = null
  for (let n = 0; ; n += 1) {
    const page: Page = await list({ ...query, limit: '2', ...(cursor !== null && { cursor }) })
    seen.push(...page.items.map(({ id }) => id))
    if (page.next === null) return seen
    cursor = page.next
    await between(n)
  }
}

/** One ticket a minute. */
async function several(priorities: readonly string[]): Promise<TicketNow[]> {
  const made: TicketNow[] = []
  for (const priority of priorities) {
    made.push(await open(stage, endUser(people.user), { priority }))
    stage.now = after(stage.now, 60_000)
  }
  return made
}

test('[B-5.3.1] tickets are found by who opened them or works on them, by department, module and category', async () => {
  const department = randomUUID()
  await tellOfPerson(stage, people.mate, { name: 'mate', departmentId: department })
  const own = await open(stage, endUser(people.user))
  const mates = await open(stage, endUser(people.mate), { moduleCode: null, category: 'network' })
  await act(stage, mates, 'acknowledge', keyUser(people.first))
  await act(stage, own, 'acknowledge', keyUser(people.first))
  expect(await idsBy({ personId: people.user })).toEqual([own.id])
  expect((await idsBy({ personId: people.first })).includes(own.id)).toBe(true)
  expect(await idsBy({ departmentId: department })).toEqual([mates.id])
  expect(await idsBy({ departmentId: randomUUID() })).toEqual([])
  expect(await idsBy({ moduleCode: 'GL' })).toEqual([own.id])
  expect(await idsBy({ category: 'network' })).toEqual([mates.id])
  expect(await idsBy({ personId: people.user, category: 'network' })).toEqual([])
})

test('[A-5.2.3] overdue are those past a deadline that asks somebody to act, and not at it', async () => {
  const quick = await open(stage, endUser(people.user), { priority: 'P2' })
  const slow = await open(stage, endUser(people.user), { priority: 'P4' })
  const { dueAt } = await clock(stage, quick.id, 'acknowledge')
  stage.now = new Date(dueAt ?? '')
  expect(await idsBy({ overdue: 'true' })).toEqual([])
  stage.now = after(dueAt ?? '', 1)
  expect(await idsBy({ overdue: 'true' })).toEqual([quick.id])
  expect(await idsBy({ overdue: 'false' })).toEqual([slow.id])
  await act(stage, quick, 'acknowledge', keyUser(people.first))
  expect(await idsBy({ overdue: 'true' })).toEqual([])
})

test('a filter is no way around the range of a unit', async () => {
  const theirs = await open(stage, endUser(people.foreign, OTHER_UNIT), { unitId: OTHER_UNIT })
  const own = await open(stage, endUser(people.user))
  const unit = endUser(people.user)
  for (const query of [
    { unitId: OTHER_UNIT },
    { personId: people.foreign },
    { sort: 'priority', unitId: OTHER_UNIT },
    { changedSince: '2020-01-01T00:00:00Z', personId: people.foreign },
  ])
    expect(await idsBy(query, unit)).toEqual([])
  expect(await idsBy({ overdue: 'false' }, unit)).toEqual([own.id])
  expect(await idsBy({ unitId: OTHER_UNIT })).toEqual([theirs.id])
})

test('whatever changes a ticket shows by when it changed, to who asks since then', async () => {
  const [one, two] = await several(['P3', 'P3'])
  const before = (await list({ sort: 'changedAt' })).items
  expect(before.map(({ id }) => id)).toEqual([one?.id, two?.id])
  if (one === undefined) throw new Error('there is no ticket')
  await act(stage, one, 'acknowledge', keyUser(people.first))
  await act(stage, one, 'notes', keyUser(people.first), { note: 'Looking.' })
  const [last] = (await list({ sort: '-changedAt' })).items
  expect(last?.id).toBe(one.id)
  const changedAt = last?.changedAt ?? ''
  expect(await idsBy({ changedSince: changedAt })).toEqual([one.id])
  const later = new Date(Date.parse(changedAt) + 1).toISOString()
  expect(await idsBy({ changedSince: later })).toEqual([])
})

describe('a cursor', () => {
  const order = ['P4', 'P1', 'P3', 'P1', 'P2', 'P3'] as const

  test.each([
    ['openedAt', [0, 1, 2, 3, 4, 5]],
    ['-openedAt', [5, 4, 3, 2, 1, 0]],
    ['priority', [1, 3, 4, 2, 5, 0]],
  ])('by %s goes on where it stopped while tickets change and come', async (sort, expected) => {
    const made = await several(order)
    const seen = await walk({ sort }, async (page) => {
      const row = made[page]
      if (row !== undefined) await act(stage, row, 'acknowledge', keyUser(people.first))
      if (sort !== 'openedAt' && page === 0)
        await open(stage, endUser(people.user), { priority: 'P1' })
    })
    const known = made.map(({ id }) => id)
    expect(seen.filter((id) => known.includes(id))).toEqual(expected.map((n) => known[n]))
  })

  test('by change loses none: what changes meanwhile shows again at the end', async () => {
    const made = await several(order)
    const [first] = made
    if (first === undefined) throw new Error('there is no ticket')
    const seen = await walk({ sort: 'changedAt' }, async (page) => {
      if (page === 0) await act(stage, first, 'acknowledge', keyUser(people.first))
    })
    expect(seen).toEqual([...made.map(({ id }) => id), first.id])
  })

  test('by change of one instant shows each once', async () => {
    await several(order)
    await stage.db.query('alter table ticket disable trigger ticket_note_change')
    await stage.db.query(`update ticket set changed_at = '2026-03-09T02:00:00.123Z'`)
    await stage.db.query('alter table ticket enable trigger ticket_note_change')
    for (const sort of ['changedAt', '-changedAt']) {
      const seen = await walk({ sort }, () => Promise.resolve())
      expect(seen).toHaveLength(order.length)
      expect(new Set(seen).size).toBe(order.length)
    }
  })

  test('of another order is refused, and so is one that was made up', async () => {
    await several(order)
    const cursors = new Map<string, string>()
    for (const sort of ['openedAt', '-openedAt', 'changedAt', '-changedAt', 'priority'])
      cursors.set(sort, (await list({ sort, limit: '1' })).next ?? '')
    for (const [made, cursor] of cursors)
      for (const sort of cursors.keys())
        if (made !== sort)
          expect(await refusalOf({ sort, cursor })).toEqual([400, 'cursor-unusable'])
    const id = randomUUID()
    const at = MONDAY.toISOString()
    for (const key of [
      [at, id, 'priority', 'P5'],
      [at, id, 'priority', `P1' or true --`],
      [at, 'nobody', 'priority', 'P1'],
      ['yesterday', id, 'priority', 'P1'],
    ]) {
      const cursor = Buffer.from(JSON.stringify(key)).toString('base64url')
      expect(await refusalOf({ sort: 'priority', cursor })).toEqual([400, 'cursor-unusable'])
    }
    expect(await refusalOf({ sort: 'title' })).toEqual([422, 'validation-failed'])
    expect(await refusalOf({ owner: people.user })).toEqual([422, 'validation-failed'])
  })
})
