import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { AccessRefused } from '@erp-steward/contracts/platform-events'
import { eventually } from '@erp-steward/test-kit/eventually'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { create, send } from '@erp-steward/test-kit/requests'
import { after } from '@erp-steward/test-kit/instants'
import { OTHER_UNIT, UNIT } from '@erp-steward/test-kit/tell-of-company'
import { caller } from '@erp-steward/test-kit/tokens'
import {
  act,
  authority,
  clock,
  clocks,
  endUser,
  factsOf,
  fault,
  fillDirectory,
  incidentStage,
  keyUser,
  MONDAY,
  nominate,
  open,
  read,
  systemAdmin,
  timeline,
} from '../incident-stage.ts'

let stage: TestService
let people: Record<'user' | 'stranger' | 'first' | 'second', string>

beforeAll(async () => {
  stage = await incidentStage()
  people = await fillDirectory(stage, 'user', 'stranger', 'first', 'second')
  await nominate(stage, people.first, { tier: 'L1' })
  await nominate(stage, people.second, { tier: 'L2' })
})
afterAll(() => stage.release())
beforeEach(() => {
  stage.now = MONDAY
})

const tickets = async () =>
  Number((await stage.db.query<[{ count: string }]>('select count(*) from ticket'))[0].count)

describe('the same creation twice', () => {
  test('with one key gets the same answer and makes one ticket', async () => {
    const headers = { ...endUser(people.user), 'idempotency-key': randomUUID() }
    const user = { ...headers, ...caller({ roles: ['END_USER'], sub: 'wang', unit: UNIT }) }
    const before = await tickets()
    const first = await create(stage, '/v1/tickets', user, fault)
    const second = await create(stage, '/v1/tickets', user, fault)
    expect(second.statusCode).toBe(201)
    expect(second.json()).toEqual(first.json())
    expect(second.headers).toMatchObject({
      etag: first.headers.etag,
      location: first.headers.location,
      'idempotency-replayed': 'true',
    })
    expect(await tickets()).toBe(before + 1)
  })

  test('with one key at the same time makes one ticket', async () => {
    const headers = {
      ...caller({ roles: ['END_USER'], sub: 'li', unit: UNIT }),
      'idempotency-key': 'q',
    }
    const before = await tickets()
    const answers = await Promise.all(
      [1, 2, 3, 4].map(() => create(stage, '/v1/tickets', headers, fault)),
    )
    expect(new Set(answers.map((answer) => answer.json<{ id: string }>().id)).size).toBe(1)
    expect(await tickets()).toBe(before + 1)
  })

  test('with one key and another body is refused', async () => {
    const headers = {
      ...caller({ roles: ['END_USER'], sub: 'zhao', unit: UNIT }),
      'idempotency-key': 'q',
    }
    await create(stage, '/v1/tickets', headers, fault)
    const other = await create(stage, '/v1/tickets', headers, { ...fault, title: 'AP is slow' })
    expect(other.json()).toMatchObject({ status: 422, code: 'idempotency-key-reused' })
  })

  test('of two callers with one key makes two tickets', async () => {
    const ids = new Set<string>()
    for (const sub of ['one', 'two']) {
      const headers = {
        ...caller({ roles: ['END_USER'], sub, unit: UNIT }),
        'idempotency-key': 'same',
      }
      ids.add((await create(stage, '/v1/tickets', headers, fault)).json<{ id: string }>().id)
    }
    expect(ids.size).toBe(2)
  })

  test('that was refused may be repeated with the same key', async () => {
    const headers = {
      ...caller({ roles: ['END_USER'], sub: 'sun', unit: UNIT }),
      'idempotency-key': 'again',
    }
    const unknown = { ...fault, moduleCode: 'XX' }
    expect((await create(stage, '/v1/tickets', headers, unknown)).statusCode).toBe(422)
    expect((await create(stage, '/v1/tickets', headers, fault)).statusCode).toBe(201)
  })

  test('without a key is refused', async () => {
    const answer = await send(stage, 'POST', '/v1/tickets', endUser(people.user), fault)
    expect(answer.json()).toMatchObject({ status: 400, code: 'idempotency-key-missing' })
  })
})

describe('changes', () => {
  test.each([
    ['without If-Match', undefined, 428, 'precondition-required'],
    ['with a stale tag', '"7"', 412, 'version-stale'],
    ['with a tag that is none of ours', 'W/"1"', 412, 'version-stale'],
  ])('%s are refused', async (_what, match, status, code) => {
    const ticket = await open(stage, endUser(people.user))
    const headers = { ...keyUser(people.first), ...(match !== undefined && { 'if-match': match }) }
    const answer = await send(stage, 'POST', `/v1/tickets/${ticket.id}/acknowledge`, headers)
    expect(answer.json()).toMatchObject({ status, code })
    expect(await read(stage, ticket.id)).toMatchObject({ state: 'open', version: 1 })
  })

  test('two at once under one version: one wins', async () => {
    const ticket = await open(stage, endUser(people.user), { priority: 'P2' })
    // Both have read the first version.
    const headers = [people.first, people.second].map((person) => {
      return { ...keyUser(person), 'if-match': '"1"' }
    })
    const answers = await Promise.all(
      headers.map((each) => send(stage, 'POST', `/v1/tickets/${ticket.id}/acknowledge`, each)),
    )
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, 412])
    expect(await factsOf(stage, ticket.id, 'ticket.acknowledged')).toHaveLength(1)
    expect(
      (await clocks(stage, ticket.id, 'tier')).filter((each) => each.stoppedAt === null),
    ).toHaveLength(1)
  })

  test('of a ticket that is not there are refused', async () => {
    for (const verb of ['acknowledge', 'escalate', 'notes', 'resolve', 'confirm'] as const) {
      const payload = {
        acknowledge: undefined,
        escalate: { analysis: 'x' },
        notes: { note: 'x' },
        resolve: { resolution: 'x' },
        confirm: { accepted: true, comment: null },
      }[verb]
      const headers = { 'if-match': '"1"', ...keyUser(people.first) }
      const url = `/v1/tickets/${randomUUID()}/${verb}`
      expect((await send(stage, 'POST', url, headers, payload)).json()).toMatchObject({
        status: 404,
        code: 'ticket-not-found',
      })
    }
  })
})

describe('whom a ticket concerns', () => {
  test('a caller whose range is one unit opens no ticket of another', async () => {
    const answer = await create(stage, '/v1/tickets', endUser(people.user), {
      ...fault,
      unitId: OTHER_UNIT,
    })
    expect(answer.json()).toMatchObject({ status: 403, code: 'outside-unit' })
    // The evidence is written beside the answer, which does not wait for it.
    await eventually(async () => {
      const refusals = (await queuedEvents(stage.db)).filter(
        ({ type }) => type === AccessRefused.type,
      )
      expect(refusals.map(({ data }) => data)).toContainEqual(
        expect.objectContaining({ operation: 'openTicket', code: 'outside-unit' }),
      )
    })
  })

  test('a caller of another unit does not see it, on any path', async () => {
    const ticket = await open(stage, endUser(people.user))
    const stranger = endUser(people.stranger, OTHER_UNIT)
    for (const path of ['', '/timeline', '/clocks'])
      expect(
        (await send(stage, 'GET', `/v1/tickets/${ticket.id}${path}`, stranger)).json(),
      ).toMatchObject({ status: 404, code: 'ticket-not-found' })
    const list = await send(stage, 'GET', `/v1/tickets?unitId=${UNIT}`, stranger)
    expect(list.json()).toEqual({ items: [], next: null })
  })

  test('a range of one unit without a unit sees nothing rather than everything', async () => {
    const nowhere = caller({ roles: ['SCRIPT'], kind: 'client', range: 'unit' })
    expect((await send(stage, 'GET', '/v1/tickets', nowhere)).json()).toMatchObject({
      status: 403,
      code: 'outside-unit',
    })
  })

  test('L2 of another unit sees what it serves', async () => {
    const ticket = await open(stage, endUser(people.user))
    const second = keyUser(people.second, OTHER_UNIT)
    expect((await send(stage, 'GET', `/v1/tickets/${ticket.id}`, second)).statusCode).toBe(200)
    const list = await send(stage, 'GET', '/v1/tickets', second)
    expect(list.json<{ items: object[] }>().items).toContainEqual(expect.objectContaining(ticket))
  })

  test('a client has no person to report for, and its act is its own', async () => {
    const script = caller({ roles: ['SCRIPT'], kind: 'client', sub: 'icm-watch', sid: null })
    const ticket = await open(stage, script)
    expect(ticket.reporterPersonId).toBeNull()
    const answer = await send(stage, 'GET', `/v1/tickets/${ticket.id}/timeline`, authority())
    expect(answer.json()).toMatchObject({ items: [{ actor: 'icm-watch', kind: 'opened' }] })
  })
})

describe('roles', () => {
  test.each([
    ['POST', '/v1/tickets', ['AUDIT_ADMIN', 'SECURITY_ADMIN', 'MIDDLEWARE', 'MONITORING_AGENT']],
    ['GET', '/v1/tickets', ['SYSTEM_ADMIN', 'SECURITY_ADMIN', 'MONITORING_AGENT']],
    ['POST', `/v1/tickets/${randomUUID()}/acknowledge`, ['END_USER', 'SYSTEM_ADMIN', 'SCRIPT']],
    ['POST', `/v1/tickets/${randomUUID()}/confirm`, ['SYSTEM_ADMIN', 'SCRIPT', 'AUDIT_ADMIN']],
    ['GET', '/v1/notifications', ['KEY_USER', 'END_USER', 'SECURITY_ADMIN']],
    ['POST', '/v1/webhooks', ['OM_AUTHORITY', 'SECURITY_ADMIN', 'AUDIT_ADMIN']],
  ] as const)('[A-4.2.4] %s %s is refused to %j', async (method, url, roles) => {
    for (const role of roles)
      expect((await send(stage, method, url, caller({ roles: [role] }))).json()).toMatchObject({
        status: 403,
        code: 'permission-missing',
      })
  })

  test('without a token nothing is answered', async () => {
    for (const url of ['/v1/tickets', '/v1/key-users', '/v1/notifications', '/v1/webhooks'])
      expect((await send(stage, 'GET', url, {})).json()).toMatchObject({
        status: 401,
        code: 'unauthenticated',
      })
  })
})

describe('what does not fit', () => {
  const post = (payload: unknown) =>
    create(stage, '/v1/tickets', endUser(people.user), payload as Record<string, unknown>)

  test.each([
    ['a number for the title', { title: 7 }, '#/title'],
    ['null for the title', { title: null }, '#/title'],
    ['an empty title', { title: '' }, '#/title'],
    ['a title of 201 characters', { title: 'x'.repeat(201) }, '#/title'],
    ['a line break in the title', { title: 'a\nb' }, '#/title'],
    ['NUL in the title', { title: 'a\u0000b' }, '#/title'],
    ['NUL in the description', { description: 'a\u0000b' }, '#/description'],
    ['a description of 10,001 characters', { description: 'x'.repeat(10_001) }, '#/description'],
    ['an unknown category', { category: 'party' }, '#/category'],
    ['an unknown priority', { priority: 'P0' }, '#/priority'],
    ['a unit that is no UUID', { unitId: 'U1' }, '#/unitId'],
    ['a unit as URN', { unitId: `urn:uuid:${UNIT}` }, '#/unitId'],
    ['a unit in capitals', { unitId: UNIT.toUpperCase() }, '#/unitId'],
    ['a module in small letters', { moduleCode: 'gl' }, '#/moduleCode'],
    ['an unknown member', { surprise: 1 }, '#/surprise'],
    ['a missing member', { unitId: undefined }, '#/unitId'],
  ])('%s is refused by pointer', async (_what, changes, pointer) => {
    const answer = await post({ ...fault, ...changes })
    expect(answer.json()).toMatchObject({ status: 422, code: 'validation-failed' })
    const [first] = answer.json<{ errors: { pointer: string }[] }>().errors
    expect(first?.pointer).toBe(pointer)
  })

  test('a title of 200 characters and a description of 10,000 fit', async () => {
    const long = { title: 'x'.repeat(200), description: 'y'.repeat(10_000) }
    expect((await post({ ...fault, ...long })).statusCode).toBe(201)
  })

  test('half a character is refused', async () => {
    expect((await post({ ...fault, title: 'a\ud800', description: '\udc00' })).statusCode).toBe(422)
  })

  test.each([
    ['a unit', { unitId: randomUUID() }, 'unit-unknown'],
    ['a module', { moduleCode: 'XX' }, 'module-unknown'],
  ])('%s that nobody knows is refused', async (_what, changes, code) => {
    const answer = await create(stage, '/v1/tickets', authority(), { ...fault, ...changes })
    expect(answer.json()).toMatchObject({ status: 422, code })
  })

  test.each([
    ['malformed JSON', '{"title":', 400, 'malformed-request'],
    ['no body', '', 400, 'malformed-request'],
    ['a list', '[]', 422, 'validation-failed'],
    [
      'a body of more than a megabyte',
      `{"title":"${'x'.repeat(1_100_000)}"}`,
      413,
      'body-too-large',
    ],
    ['a prototype', '{"__proto__":{"title":"x"}}', 400, 'malformed-request'],
  ])('%s is a problem document', async (_what, payload, status, code) => {
    const headers = { 'content-type': 'application/json', ...endUser(people.user) }
    const answer = await create(stage, '/v1/tickets', headers, payload)
    expect(answer.headers['content-type']).toMatch('application/problem+json')
    expect(answer.json()).toMatchObject({ status, code })
  })

  test('another content type is refused', async () => {
    const headers = { 'content-type': 'application/xml', ...endUser(people.user) }
    expect((await create(stage, '/v1/tickets', headers, '<ticket/>')).json()).toMatchObject({
      status: 415,
      code: 'media-type-unsupported',
    })
  })

  test.each([
    ['an id that is none', '/v1/tickets/7'],
    ['an id as URN', `/v1/tickets/urn:uuid:${randomUUID()}`],
    ['a state that is none', '/v1/tickets?state=lost'],
    ['a limit of 0', '/v1/tickets?limit=0'],
    ['a limit of 201', '/v1/tickets?limit=201'],
    ['a unit that is none', '/v1/tickets?unitId=U1'],
    ['a cursor in letters that none has', '/v1/tickets?cursor=%F0%9F%98%80'],
  ])('%s is refused', async (_what, url) => {
    expect((await send(stage, 'GET', url, authority())).json()).toMatchObject({
      status: 422,
      code: 'validation-failed',
    })
  })

  const cursor = (key: unknown) => Buffer.from(JSON.stringify(key)).toString('base64url')
  test.each([
    ['noise', 'bm9pc2U', 'validation-failed'],
    ['no list', cursor({}), 'validation-failed'],
    ['one member too few', cursor(['2026-03-09T02:00:00.000Z'])],
    ['no instant', cursor(['yesterday', randomUUID()])],
    ['a day that no month has', cursor(['2026-02-30T02:00:00.000Z', randomUUID()])],
    ['a year before the first', cursor(['-000001-01-01T00:00:00.000Z', randomUUID()])],
    ['no id', cursor(['2026-03-09T02:00:00.000Z', "' or 1=1"])],
    ['NUL', cursor(['2026-03-09T02:00:00.000Z', '\u0000'])],
  ])('a cursor of %s is refused', async (_what, text, code = 'cursor-unusable') => {
    for (const [url, headers] of [
      ['/v1/tickets', authority()],
      ['/v1/notifications', authority()],
      ['/v1/key-users', authority()],
      ['/v1/webhooks', systemAdmin()],
    ] as const)
      expect((await send(stage, 'GET', `${url}?cursor=${text}`, headers)).json()).toMatchObject({
        code,
        errors: [{ parameter: 'cursor' }],
      })
  })

  test('a problem is told in Chinese to who prefers it', async () => {
    const headers = { 'accept-language': 'zh-CN,zh;q=0.9', ...authority() }
    const answer = await send(stage, 'GET', `/v1/tickets/${randomUUID()}`, headers)
    expect(answer.json()).toMatchObject({ title: '工单不存在' })
  })

  test('so is each fault of a request', async () => {
    const headers = { 'accept-language': 'zh-CN', ...authority() }
    const duty = { personId: people.user, tier: 'L2', kind: 'IT', unitId: UNIT, moduleCode: 'GL' }
    const answer = await create(stage, '/v1/key-users', headers, duty)
    expect(answer.json()).toMatchObject({
      code: 'validation-failed',
      errors: [
        { pointer: '#/unitId', detail: 'L1 须指明单位；L2 和 L3 服务于所有单位。' },
        { pointer: '#/moduleCode', detail: 'IT 技术关键用户没有模块。' },
      ],
    })
  })
})

test('tickets come in pages, newest first, each once, also those of one instant', async () => {
  const before = await tickets()
  stage.now = after(MONDAY, 1)
  for (let n = 0; n < 3; n += 1) await open(stage, endUser(people.user))
  stage.now = after(MONDAY, 2)
  for (let n = 0; n < 2; n += 1) await open(stage, endUser(people.user), { priority: 'P4' })
  const seen: { id: string; openedAt: string }[] = []
  let next: string | null = null
  do {
    const query: string = next === null ? '' : `&cursor=${next}`
    const answer = await send(stage, 'GET', `/v1/tickets?limit=2${query}`, authority())
    const page: { items: typeof seen; next: string | null } = answer.json()
    seen.push(...page.items)
    next = page.next
  } while (next !== null)
  expect(new Set(seen.map(({ id }) => id)).size).toBe(before + 5)
  expect(seen.map(({ openedAt }) => openedAt)).toEqual(
    seen
      .map(({ openedAt }) => openedAt)
      .toSorted()
      .toReversed(),
  )
  const p4 = await send(stage, 'GET', '/v1/tickets?priority=P4&state=open&tier=L1', authority())
  expect(p4.json<{ items: unknown[] }>().items).toHaveLength(2)
})

test('what happens at one instant keeps its order in the timeline', async () => {
  const ticket = await open(stage, endUser(people.user))
  await act(stage, ticket, 'acknowledge', keyUser(people.first))
  await act(stage, ticket, 'notes', keyUser(people.first), { note: 'Looking.' })
  await act(stage, ticket, 'escalate', keyUser(people.first), { analysis: 'Not mine.' })
  expect(await timeline(stage, ticket.id)).toEqual([
    'opened',
    'acknowledged',
    'progress-noted',
    'escalated',
  ])
  expect(await clock(stage, ticket.id, 'tier')).toMatchObject({ tier: 'L2' })
  const chinese = { ...authority(), 'accept-language': 'zh-CN' }
  const told = await send(stage, 'GET', `/v1/tickets/${ticket.id}/timeline`, chinese)
  // What people wrote stays as they wrote it.
  expect(told.json<{ items: { text: string }[] }>().items.map(({ text }) => text)).toEqual([
    'GL is slow',
    '已由 L1 受理。',
    'Looking.',
    '转 L2：Not mine.',
  ])
})
