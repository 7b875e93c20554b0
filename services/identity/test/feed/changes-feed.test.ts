import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Envelope } from '@erp-steward/contracts/event'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { MOST_LOOKED_AT } from '../../src/feed/changes-after.ts'
import { identityStage } from '../account-stage.ts'
import { as, call, joined, ok, onPerson, refusal, smallCompany } from '../directory-stage.ts'

let stage: TestService
let company: Awaited<ReturnType<typeof smallCompany>>
const delivered = new Set<string>()

beforeAll(async () => {
  stage = await identityStage()
  company = await smallCompany(stage)
  await deliver(await waiting())
})
afterAll(() => stage.release())

interface Page {
  readonly items: { position: number; eventId: string; type: string; subject: string }[]
  readonly next: number
  readonly end: number
}

/** Facts that were committed and that the ledger has not heard of yet. */
const waiting = async (): Promise<Envelope[]> =>
  (await queuedEvents(stage.db)).filter(({ id }) => !delivered.has(id))

async function deliver(events: readonly Envelope[]): Promise<void> {
  for (const event of events) {
    expect(await stage.consumer.deliver(event)).toBe('handled')
    delivered.add(event.id)
  }
}

const ask = (query: string, headers = as('SCRIPT')) =>
  call(stage, { method: 'GET', url: `/v1/changes-feed${query}`, headers })
const read = (query: string, headers = as('SCRIPT')) => ok<Page>(ask(query, headers))

/** Every fact after a position, a few at a time. */
async function follow(after: number, headers = as('SCRIPT')): Promise<Page['items']> {
  const items: Page['items'] = []
  for (let at = after; ;) {
    const { items: told, next, end } = await read(`?after=${at}&limit=3`, headers)
    items.push(...told)
    if (next === end) return items
    expect(next).toBeGreaterThan(at)
    at = next
  }
}

test('[A-2.1.3][A-2.1.4] a script that follows is told of every joiner, mover and leaver once, in order', async () => {
  const { next, items } = await read('')
  expect(items).toEqual([])
  const person = await joined(stage)
  const moved = await ok<typeof person>(
    onPerson(stage, person, 'move', {
      unitCode: 'SOUTH',
      departmentCode: 'FIN',
      positionCode: 'CLERK',
    }),
  )
  await ok(onPerson(stage, moved, 'leave', { kind: 'dismissal' }))
  const facts = await waiting()
  await deliver(facts)
  const told = await follow(next)
  const ofPerson = told.filter(({ subject }) => subject === person.id).map(({ type }) => type)
  expect(ofPerson.filter((type) => type === 'identity.directory.person-changed.v1').length).toBe(3)
  expect(ofPerson).toContain('identity.directory.leave-noticed.v1')
  expect(told.some(({ type }) => type === 'identity.account.disabled.v1')).toBe(true)
  const positions = told.map(({ position }) => position)
  expect(positions).toEqual([...new Set(positions)].sort((a, b) => a - b))
  expect(
    told.filter(({ type }) => !/^identity\.(directory|account|provisioning)\./.test(type)),
  ).toEqual([])
  const all = facts.filter(({ type }) => /^identity\.(directory|account|provisioning)\./.test(type))
  expect(new Set(told.map(({ eventId }) => eventId))).toEqual(new Set(all.map(({ id }) => id)))
})

test('a fact that was committed late comes later and is not skipped', async () => {
  await joined(stage, { employeeNumber: 'EARLY' })
  const early = await waiting()
  await joined(stage, { employeeNumber: 'LATE' })
  const late = (await waiting()).filter(({ id }) => !early.some((event) => event.id === id))
  const { next } = await read('')
  // The second commit is heard of first, and the script has gone on by the time the first one is.
  await deliver(late)
  const first = await read(`?after=${next}`)
  await deliver(early)
  const second = await read(`?after=${first.next}`)
  const told = [...first.items, ...second.items].map(({ eventId }) => eventId)
  const known = [...late, ...early].filter(({ type }) => type.startsWith('identity.directory.'))
  for (const { id } of known) expect(told.filter((each) => each === id)).toEqual([id])
})

test('while one fact is being recorded no later one can be seen', async () => {
  const { next } = await read('')
  await joined(stage)
  const [held, ...others] = await waiting()
  if (held === undefined) throw new Error('a joiner is a fact')
  const done: string[] = []
  let recording: Promise<unknown> = Promise.resolve()
  await stage.db.transaction(async (tx) => {
    await tx.query('select from audit_head for update')
    recording = deliver([held, ...others]).then(() => done.push('recorded'))
    const { items, end } = await read(`?after=${next}`)
    expect([items, end, done]).toEqual([[], next, []])
  })
  await recording
  expect((await follow(next)).length).toBeGreaterThan(0)
})

test('a unit is told of its own people and of who moves away, and not of others', async () => {
  const south = as('SCRIPT', { range: 'unit', unit: company.south.id })
  await deliver(await waiting())
  const { next } = await read('')
  const own = await joined(stage, { unitCode: 'SOUTH' })
  const other = await joined(stage)
  const away = await joined(stage, { unitCode: 'SOUTH' })
  await deliver(await waiting())
  const place = { unitCode: 'NORTH', departmentCode: 'FIN', positionCode: 'CLERK' }
  const moved = await ok<typeof away>(onPerson(stage, away, 'move', place))
  await deliver(await waiting())
  await ok(onPerson(stage, moved, 'leave', { kind: 'dismissal' }))
  await deliver(await waiting())
  const told = await follow(next, south)
  const of = (id: string) => told.filter(({ subject }) => subject === id)
  expect(of(own.id).length).toBeGreaterThan(0)
  expect(of(own.accountId).length).toBeGreaterThan(0)
  expect([...of(other.id), ...of(other.accountId)]).toEqual([])
  // The move away, and nothing of what came after it.
  expect(of(away.id).map(({ type }) => type)).toEqual(['identity.directory.person-changed.v1'])
})

test('one type alone, a position that there is not, and who may not read accounts', async () => {
  const { items, end } = await read('?after=0&type=identity.directory.unit-changed.v1')
  expect(items.length).toBe(2)
  expect(await refusal(ask(`?after=${end + 1}`))).toEqual([400, 'cursor-unusable'])
  expect((await ask(`?after=${end + 1}`)).json()).toMatchObject({
    errors: [{ parameter: 'after' }],
  })
  expect(await refusal(ask('?after=-1'))).toEqual([422, 'validation-failed'])
  expect(await refusal(ask('?type=identity.security.login-failed.v1'))).toEqual([
    422,
    'validation-failed',
  ])
  expect(await refusal(ask('', as('END_USER')))).toEqual([403, 'permission-missing'])
})

test('a request looks at so many records and goes on behind them', async () => {
  const { end } = await read('')
  await stage.db.transaction(async (tx) => {
    // No chain of hashes, which the triggers would ask for: only how many there are matters.
    await tx.query('set local session_replication_role = replica')
    await tx.query(
      `insert into audit_record (seq, event_id, type, subject, actor, recorded_at, envelope, previous_hash, hash)
       select $1 + n, gen_random_uuid(), 'audit.access.session-ended.v1', 'x', 'x', now(), '{}', ''::bytea, ''::bytea
         from generate_series(1, $2) as n`,
      [end, MOST_LOOKED_AT + 1],
    )
    await tx.query('update audit_head set seq = $1', [end + MOST_LOOKED_AT + 1])
  })
  expect(await read(`?after=${end}`)).toMatchObject({ items: [], next: end + MOST_LOOKED_AT })
  expect(await follow(end)).toEqual([])
})
