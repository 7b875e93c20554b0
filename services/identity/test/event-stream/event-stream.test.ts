import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals'
import { UnitChanged } from '@erp-steward/contracts/directory-events'
import type { Envelope } from '@erp-steward/contracts/event'
import { eventCatalog } from '@erp-steward/contracts/event-catalog'
import { readerOf } from '@erp-steward/contracts/event-readers'
import { TicketClosed, TicketOpened } from '@erp-steward/contracts/incident-events'
import { permissions } from '@erp-steward/contracts/permissions'
import { LoginFailed } from '@erp-steward/contracts/sign-in-events'
import { eventually } from '@erp-steward/test-kit/eventually'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import { eventOf } from '@erp-steward/test-kit/tell'
import type { TestService } from '@erp-steward/test-kit/test-service'
import type { TestCaller } from '@erp-steward/test-kit/tokens'
import { noteRevocation } from '../../src/sessions/revocation.ts'
import { identityStage } from '../account-stage.ts'
import { as, joined, ok, onPerson, smallCompany } from '../directory-stage.ts'
import { begun, listen, type Reader } from './reader.ts'

let stage: TestService
let url: string
let company: Awaited<ReturnType<typeof smallCompany>>
const readers: Reader[] = []

beforeAll(async () => {
  stage = await identityStage()
  url = await stage.app.listen({ host: '127.0.0.1', port: 0 })
  company = await smallCompany(stage)
  await deliverAll()
})
afterEach(() => {
  for (const reader of readers.splice(0)) reader.leave()
})
afterAll(() => stage.release())

/** Another client each time: one may have few streams at once. */
const script = (claims: Partial<TestCaller> = {}) => as('SCRIPT', { sub: randomUUID(), ...claims })

async function open(query = '', headers: Record<string, string> = script()): Promise<Reader> {
  const reader = await listen(`${url}/v1/events${query}`, headers)
  readers.push(reader)
  return reader
}

const opened = async (query?: string, headers?: Record<string, string>) =>
  begun(await open(query, headers))

async function record(...facts: readonly Envelope[]): Promise<void> {
  for (const fact of facts) expect(await stage.consumer.deliver(fact)).toBe('handled')
}

const delivered = new Set<string>()
/** Has the ledger hear of what the use cases of identity stated. */
async function deliverAll(): Promise<void> {
  for (const event of await queuedEvents(stage.db)) {
    if (delivered.has(event.id)) continue
    delivered.add(event.id)
    await record(event)
  }
}

function closed(ticketId: string = randomUUID()): Envelope {
  const data = { ticketId, by: 'timer' as const, closedAt: stage.now.toISOString() }
  return eventOf(stage, TicketClosed, ticketId, data)
}

function openedIn(unitId: string, title = '无法过账'): Envelope {
  const ticketId = randomUUID()
  return eventOf(stage, TicketOpened, ticketId, {
    ...{ ticketId, number: 'T-1', title, priority: 'P3', category: 'incident', unitId },
    ...{ moduleCode: null, tiers: [], alertEpisodeId: null, reporterPersonId: null },
    ...{ openedAt: stage.now.toISOString(), acknowledgeDueAt: null, restoreDueAt: null },
  })
}

function failedSignIn(): Envelope {
  const accountId = randomUUID()
  return eventOf(stage, LoginFailed, accountId, {
    ...{ accountId, sourceIp: '10.0.0.7', failures: 1, failedAt: stage.now.toISOString() },
  })
}

const ids = (facts: readonly Envelope[]) => facts.map(({ id }) => id)

/** Waits until the reader has the last of the facts, and answers the ids of all that it was told. */
async function told(reader: Reader, facts: readonly Envelope[]): Promise<string[]> {
  const last = facts.at(-1)?.id ?? ''
  await eventually(() => {
    expect(ids(reader.facts())).toContain(last)
  })
  return ids(reader.facts())
}

test('[A-4.3.4] a reader is told of each fact once, in the order of the ledger, as it was stated', async () => {
  const reader = await opened()
  expect(reader.headers['content-type']).toBe('text/event-stream')
  expect(reader.headers['cache-control']).toBe('no-store')
  const facts = Array.from({ length: 20 }, () => closed())
  await record(...facts)
  expect(await told(reader, facts)).toEqual(ids(facts))
  expect(reader.facts()).toEqual(facts)
  const positions = reader.frames.map(({ id }) => id)
  expect(positions).toEqual([...new Set(positions)].toSorted((a, b) => a - b))
  expect(reader.frames.every(({ event }) => event === TicketClosed.type)).toBe(true)
})

test('a reader that comes back again and again, while facts come, misses none and gets none twice', async () => {
  const facts = Array.from({ length: 60 }, () => closed())
  const { frames, lastId } = await opened()
  expect(frames).toEqual([])
  let last = lastId()
  const recording = record(...facts)
  const heard: string[] = []
  for (let times = 0; heard.length < facts.length && times < 500; times += 1) {
    const reader = await open(
      times % 2 === 0 ? '' : `?after=${String(last)}`,
      times % 2 === 0 ? { ...script(), 'last-event-id': String(last) } : script(),
    )
    if (reader.status === 200) {
      await begun(reader)
      const before = reader.facts().length
      await eventually(() => {
        if (reader.facts().length === before && heard.length + before < facts.length)
          throw new Error('nothing yet')
      })
    }
    reader.leave()
    await reader.over
    heard.push(...ids(reader.facts()))
    last = Math.max(last, reader.lastId())
  }
  await recording
  expect(heard).toEqual(ids(facts))
})

test('where the header and the query differ, the header counts', async () => {
  const { lastId } = await opened()
  const facts = [closed(), closed()]
  await record(...facts)
  const headers = { ...script(), 'last-event-id': String(lastId()) }
  expect(await told(await open(`?after=${String(lastId() + 1)}`, headers), facts)).toEqual(
    ids(facts),
  )
})

test('only the types that are asked for are told, and the position moves on over the others', async () => {
  const reader = await opened(`?type=${TicketOpened.type}&type=${UnitChanged.type}`)
  const one = openedIn(company.north.id)
  await record(closed(), one, closed())
  expect(await told(reader, [one])).toEqual([one.id])
  const last = reader.lastId()
  const other = await opened(`?type=${UnitChanged.type}`)
  expect(other.lastId()).toBe(last + 1)
})

test('[A-4.3.3] nobody is told by an event what the own permissions do not let them read', async () => {
  const secret = failedSignIn()
  const plain = closed()
  const client = await opened()
  const security = await opened('', as('SECURITY_ADMIN'))
  const auditor = await opened('', as('AUDIT_ADMIN'))
  await record(plain, secret)
  const last = closed()
  await record(last)
  expect(await told(client, [last])).not.toContain(secret.id)
  expect(await told(security, [secret])).toEqual([secret.id])
  expect(await told(auditor, [last])).toContain(secret.id)
  const refused = await open(`?type=${LoginFailed.type}`)
  expect(refused.status).toBe(403)
  expect((await open('', as('END_USER'))).status).toBe(403)
})

test('[A-4.3.3] every role is told exactly the types of which it holds the permission that reads them', () => {
  const readable = (role: (typeof permissions)['event.read'][number]) =>
    eventCatalog
      .map(({ type }) => type)
      .filter((type) => permissions[readerOf(type)].some((each) => each === role))
  // The system administrator runs the site: no tickets, no failed sign-ins, no refusals.
  for (const closedTo of ['incident.ticket.', 'identity.security.login-', 'audit.access.refused'])
    expect(readable('SYSTEM_ADMIN').filter((type) => type.startsWith(closedTo))).toEqual([])
  expect(readable('MIDDLEWARE').filter((type) => type.startsWith('incident.'))).toEqual([])
  expect(readable('AUDIT_ADMIN').length).toBeGreaterThan(eventCatalog.length * 0.8)
})

test('[A-4.3.3] a caller of a unit is told of the unit, of its people, of the register and of who moves away, and of no other', async () => {
  const south = await opened('', script({ range: 'unit', unit: company.south.id }))
  const other = openedIn(company.north.id)
  const own = openedIn(company.south.id)
  const closing = closed(own.subject)
  await record(other, closed(other.subject), own, closing)
  const stranger = await joined(stage)
  const colleague = await joined(stage, { unitCode: 'SOUTH' })
  await deliverAll()
  const place = { unitCode: 'NORTH', departmentCode: 'FIN', positionCode: 'CLERK' }
  await ok(onPerson(stage, colleague, 'move', place))
  await deliverAll()
  const last = openedIn(company.south.id)
  await record(last)
  const heard = await told(south, [last])
  expect(heard).toEqual(expect.arrayContaining([own.id, closing.id]))
  const subjects = south.facts().map(({ subject }) => subject)
  expect(subjects).not.toContain(other.subject)
  expect(subjects).not.toContain(stranger.id)
  const moves = south.facts().filter(({ subject }) => subject === colleague.id)
  expect(moves.map(({ type }) => type)).toContain('identity.directory.person-changed.v1')
  const register = { ...unitChange(), subject: company.north.id }
  await record(register)
  await told(south, [register])
})

function unitChange(): Envelope {
  const unitId = company.north.id
  const data = { unitId, code: 'NORTH', name: '北方公司', active: true, version: 9 }
  return eventOf(stage, UnitChanged, unitId, { ...data, kind: 'USER_UNIT' })
}

test('a fact of many units concerns each of them, and one with something else in their place concerns none and stops nothing', async () => {
  const south = await opened('', script({ range: 'unit', unit: company.south.id }))
  const withData = (data: object): Envelope => ({ ...closed(), data })
  const many = withData({ unitIds: [company.north.id, company.south.id] })
  const odd = [{ unitId: 'south' }, { unitIds: company.south.id }, { unitId: null }, {}]
  const last = openedIn(company.south.id)
  await record(...odd.map(withData), withData({ unitIds: [company.north.id] }), many, last)
  expect(await told(south, [last])).toEqual([many.id, last.id])
})

test('[A-4.3.3] a unit is asked for by who reaches it: the company for any, a unit for itself', async () => {
  const { id } = company.south
  const whole = await opened(`?unitId=${id}`)
  const [own, other] = [openedIn(id), openedIn(company.north.id)]
  const last = openedIn(id)
  await record(own, other, last)
  expect(await told(whole, [last])).toEqual([own.id, last.id])
  const north = script({ range: 'unit', unit: company.north.id })
  expect((await open(`?unitId=${id}`, north)).status).toBe(403)
  expect((await open('', script({ range: 'unit', unit: null }))).status).toBe(403)
})

test('[A-2.1.4] once a caller is revoked the stream ends, and nothing recorded after that is told', async () => {
  const sub = randomUUID()
  const reader = await opened('', script({ sub, epoch: 3 }))
  const before = closed()
  await record(before)
  await told(reader, [before])
  await noteRevocation(stage.db.manager, sub, 4, stage.now)
  const after = closed()
  await record(after)
  expect(await reader.over).toBe('token-revoked')
  expect(ids(reader.facts())).toEqual([before.id])
  expect((await open('', script({ sub, epoch: 3 }))).status).toBe(401)
  const renewed = await open(`?after=${String(reader.lastId())}`, script({ sub, epoch: 4 }))
  expect(await told(renewed, [after])).toEqual([after.id])
})

test('[A-2.1.4] a session that ends takes its stream along, with the reason in the language of the reader', async () => {
  const [accountId, sid] = [randomUUID(), randomUUID()]
  await stage.db.transaction(async (tx) => {
    // No account: only the session is asked about.
    await tx.query('set local session_replication_role = replica')
    await tx.query(
      `insert into session (id, account_id, must_change, source_ip, started_at, refreshed_at, idle_seconds, idle_at,
                            ends_at, parameter_versions)
       values ($1, $2, false, '127.0.0.1', $3, $3, 600, $3, $3, '{}')`,
      [sid, accountId, stage.now],
    )
  })
  const headers = { ...as('KEY_USER', { sub: accountId, sid }), 'accept-language': 'zh-CN' }
  const reader = await opened('', headers)
  await stage.db.query(
    `update session set end_reason = 'signed-out', ended_at = $2 where id = $1`,
    [sid, stage.now],
  )
  expect(await reader.over).toBe('token-revoked')
  expect(reader.frames.at(-1)).toMatchObject({ data: { detail: '该会话已退出登录。' } })
})

test('a stream lives as long as its token', async () => {
  const exp = Math.floor(stage.now.getTime() / 1_000) + 200
  const reader = await opened('', script({ exp }))
  const before = stage.now
  stage.now = new Date(exp * 1_000)
  expect(await reader.over).toBe('token-expired')
  stage.now = before
})

test('one caller has four streams at most, and a fifth once one of them is closed', async () => {
  const headers = script({ sub: randomUUID() })
  const held = [await open('', headers), await open('', headers), await open('', headers)]
  expect((await open('', headers)).status).toBe(200)
  const fifth = await open('', headers)
  expect([fifth.status, fifth.headers['retry-after']]).toEqual([429, '5'])
  held[0]?.leave()
  await eventually(async () => {
    expect((await open('', headers)).status).toBe(200)
  })
})

test('who was away for long reads the ledger in parts, in order, however much has come', async () => {
  const { lastId } = await opened()
  const from = lastId()
  const count = 6_000
  await stage.db.transaction(async (tx) => {
    // No chain of hashes, which the triggers would ask for: only order and number matter.
    await tx.query('set local session_replication_role = replica')
    await tx.query(
      `insert into audit_record (seq, event_id, type, subject, actor, recorded_at, envelope, previous_hash, hash)
       select $1 + n, gen_random_uuid(), case when n % 3 = 0 then $3 else 'identity.security.locked.v1' end, 'x', 'x', now(),
              json_build_object('n', n)::text, ''::bytea, ''::bytea
         from generate_series(1, $2) as n`,
      [from, count, TicketClosed.type],
    )
    await tx.query('update audit_head set seq = $1', [from + count])
  })
  const reader = await open(`?after=${String(from)}`)
  await eventually(() => {
    expect(reader.lastId()).toBe(from + count)
  })
  const numbers = reader.facts().map((fact) => (fact as unknown as { n: number }).n)
  expect(numbers).toEqual(Array.from({ length: count / 3 }, (_, index) => (index + 1) * 3))
})

test('a position that there is not, and one whose facts have gone, are refused', async () => {
  const { lastId } = await opened()
  expect((await open(`?after=${String(lastId() + 1)}`)).status).toBe(400)
  expect((await open('', { ...script(), 'last-event-id': 'x' })).status).toBe(422)
  expect((await open('', { ...script(), 'last-event-id': '' })).status).toBe(200)
  await stage.db.transaction(async (tx) => {
    await tx.query('set local session_replication_role = replica')
    await tx.query('delete from audit_record where seq <= 5')
  })
  expect((await open('?after=4')).status).toBe(400)
  expect((await open('?after=5')).status).toBe(200)
})

test('it is not read by HEAD, which has no end either', async () => {
  const { statusCode } = await stage.app.inject({
    method: 'HEAD',
    url: '/v1/events',
    headers: script(),
  })
  expect(statusCode).toBe(405)
})

test('a service that stops ends its streams with the word to come back', async () => {
  const other = await identityStage()
  const address = await other.app.listen({ host: '127.0.0.1', port: 0 })
  const reader = await begun(await listen(`${address}/v1/events`, script()))
  await other.release()
  expect(await reader.over).toBe('closing')
})
