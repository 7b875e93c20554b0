import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { ProposalDecided, ProposalMade } from '@erp-steward/contracts/platform-events'
import { said } from '@erp-steward/contracts/bilingual'
import { Problem } from '@erp-steward/contracts/problem'
import { nullable, Uuid } from '@erp-steward/contracts/values'
import type { App } from '@erp-steward/service-kit/app'
import { assertVersion, change } from '@erp-steward/service-kit/commit'
import { createApp } from '@erp-steward/service-kit/create-app'
import { defineProposal, ProposalView } from '@erp-steward/service-kit/proposal'
import { proposalRoutes, proposed } from '@erp-steward/service-kit/proposal-routes'
import { expireProposals, propose } from '@erp-steward/service-kit/proposals'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import { testAct } from '@erp-steward/test-kit/test-act'
import { testDatabase, type TestDatabase } from '@erp-steward/test-kit/test-database'
import { bearer, testKeys, type TestCaller } from '@erp-steward/test-kit/tokens'
import { pino } from 'pino'
import { Type } from 'typebox'

const SERVICE = 'incident-tiering'
const BASE = `/v1/proposals/${SERVICE}`
const START = new Date()
const FAR = Math.floor(START.getTime() / 1_000) + 400 * 86_400
const id = (last: string) => `0195f2a0-0000-7000-8000-0000000000${last}`
const [UNIT, OTHER_UNIT, GATE] = [id('b1'), id('b2'), id('a1')]
const [ANNA, BERT, CARL, DORA] = [id('c1'), id('c2'), id('c3'), id('c4')]

let database: TestDatabase
let app: App
let now = START

const openGate = defineProposal({
  kind: 'gate.open',
  title: { en: 'Open the gate', 'zh-CN': '打开闸门' },
  body: Type.Object({ gateId: Uuid, unitId: nullable(Uuid), personId: nullable(Uuid) }),
  decide: 'parameter.decide',
  subject: ({ gateId }) => gateId,
  concerns: (_tx, { unitId, personId }) =>
    Promise.resolve({
      personIds: personId === null ? [] : [personId],
      unitIds: unitId === null ? [] : [unitId],
    }),
  version: async (tx, { gateId }) => {
    const [gate]: { version: number }[] = await tx.query(
      'select version from gate where id = $1 for update',
      [gateId],
    )
    return gate?.version ?? 0
  },
  apply: async (tx, { gateId }) => {
    const [gate]: { is_stuck: boolean }[] = await tx
      .query(
        'update gate set times_opened = times_opened + 1, version = version + 1 where id = $1 returning is_stuck',
        [gateId],
      )
      .then(([rows]: [{ is_stuck: boolean }[]]) => rows)
    if (gate?.is_stuck === true)
      throw new Problem('ticket-state', said('The gate is stuck.', '闸门卡住了。'))
  },
})

beforeAll(async () => {
  database = await testDatabase({ name: SERVICE, entities: [], migrations: [] })
  const { db } = database
  await db.query(`
    create table person (id uuid primary key, unit_id uuid not null, active boolean not null,
      department_id uuid, roles text[] not null default '{}',
      account_status text not null default 'active');
    create table person_past (person_id uuid not null, unit_id uuid not null, department_id uuid,
      roles text[] not null, until timestamptz not null);
    create table gate (id uuid primary key, version integer not null, times_opened integer not null,
                       is_stuck boolean not null)`)
  const deps = { db, clock: () => now }
  app = await createApp({
    name: SERVICE,
    title: 'Gates',
    log: pino({ level: 'silent' }),
    tokens: { keyFor: testKeys, clock: () => now, internalToken: null },
    readiness: {},
  })
  app.post(
    '/v1/gates/:gateId/open',
    {
      config: { access: 'parameter.change', versioned: true },
      schema: {
        operationId: 'openGate',
        params: Type.Object({ gateId: Uuid }),
        body: Type.Object({ unitId: nullable(Uuid), personId: nullable(Uuid) }),
        response: { 202: ProposalView },
      },
    },
    (request, reply) =>
      change(deps, request, reply, async (tx, act, expected) => {
        const body = { ...request.params, ...request.body }
        assertVersion((await openGate.version?.(tx, body)) ?? 0, expected)
        const made = await propose(tx, SERVICE, openGate, { body, reason: 'A test.' }, act)
        return proposed(request, reply, SERVICE, openGate, made)
      }),
  )
  proposalRoutes(app, { ...deps, service: SERVICE, kinds: [openGate] })
  await app.ready()
})
afterAll(async () => {
  await app.close()
  await database.release()
})
beforeEach(async () => {
  now = START
  await database.db.query('truncate proposal, wait_alarm, outbox, person, gate')
  await database.db.query('insert into gate values ($1, 1, 0, false)', [GATE])
  await database.db.query(
    'insert into person values ($1, $4, true), ($2, $4, true), ($3, $5, true)',
    [ANNA, BERT, CARL, UNIT, OTHER_UNIT],
  )
  await database.db.query(`update person set roles = '{OM_AUTHORITY}' where id = $1`, [CARL])
})

const as = (claims: TestCaller) => bearer({ exp: FAR, ...claims })
const anna = as({ roles: ['SECURITY_ADMIN'], person: ANNA, sub: id('d1') })
const carl = as({ roles: ['OM_AUTHORITY'], person: CARL, unit: OTHER_UNIT })

const ask = (
  { unitId = null, personId = null }: { unitId?: string | null; personId?: string | null } = {},
  caller = anna,
  version = 1,
) =>
  app.inject({
    method: 'POST',
    url: `/v1/gates/${GATE}/open`,
    headers: { ...caller, 'if-match': `"${String(version)}"`, 'accept-language': 'zh-CN' },
    payload: { unitId, personId },
  })
const asked = async (...more: Parameters<typeof ask>) => {
  const answer = await ask(...more)
  expect(answer.statusCode).toBe(202)
  return answer.json<ProposalView>()
}
const decide = (
  verb: 'approve' | 'reject' | 'withdraw',
  proposalId: string,
  caller = carl,
  ifMatch = '"1"',
) =>
  app.inject({
    method: 'POST',
    url: `${BASE}/${proposalId}/${verb}`,
    headers: { ...caller, 'if-match': ifMatch, 'content-type': 'application/json' },
    payload: verb === 'reject' ? { reason: 'No.' } : 'null',
  })
const read = (url: string, caller = carl) => app.inject({ method: 'GET', url, headers: caller })
const timesOpened = async () => {
  const [gate]: { times_opened: number }[] = await database.db.query(
    'select times_opened from gate',
  )
  return gate?.times_opened
}
const codeOf = async (answer: ReturnType<typeof ask>) => {
  const { statusCode, json } = await answer
  return statusCode < 300 ? statusCode : json<{ code: string }>().code
}

test('a proposal is no effect; the approval of a second person is, with both facts', async () => {
  const answer = await ask()
  expect(answer.statusCode).toBe(202)
  const proposal = answer.json<ProposalView>()
  expect(answer.headers).toMatchObject({ location: `${BASE}/${proposal.id}`, etag: '"1"' })
  expect(proposal).toMatchObject({
    ...{ kind: 'gate.open', title: '打开闸门', subject: GATE, state: 'pending', version: 1 },
    ...{ proposedByPersonId: ANNA, decide: 'parameter.decide', decidedBy: null },
  })
  expect(await timesOpened()).toBe(0)
  const approved = await decide('approve', proposal.id)
  expect([approved.statusCode, approved.headers.etag]).toEqual([200, '"2"'])
  expect(approved.json()).toMatchObject({ state: 'approved', decidedByPersonId: CARL, version: 2 })
  expect(await timesOpened()).toBe(1)
  const facts = await queuedEvents(database.db)
  expect(facts.map(({ type, actingrole }) => [type, actingrole])).toEqual([
    [ProposalMade.type, 'SECURITY_ADMIN'],
    [ProposalDecided.type, 'OM_AUTHORITY'],
  ])
})

test('[A-2.4.4][B-6.2] an account of nobody proposes nothing, for its holder could approve it by another account', async () => {
  for (const nobody of [
    as({ roles: ['SECURITY_ADMIN'] }),
    as({ roles: ['SECURITY_ADMIN'], kind: 'client', controllers: [] }),
  ])
    expect(await codeOf(ask({}, nobody))).toBe('administrator-unnamed')
  expect((await ask({}, as({ roles: ['SECURITY_ADMIN'], person: ANNA }))).statusCode).toBe(202)
})

test('[A-2.4.4][B-6.2] what an account of nobody proposed before is decided by nobody, and only taken back', async () => {
  const { id: proposalId } = await asked()
  await database.db.query('update proposal set proposed_by_person = null')
  expect(await codeOf(decide('approve', proposalId))).toBe('administrator-unnamed')
  expect(await codeOf(decide('reject', proposalId))).toBe('administrator-unnamed')
  expect(await timesOpened()).toBe(0)
  expect(await codeOf(decide('withdraw', proposalId, anna))).toBe(200)
})

test.each<[string, TestCaller, string]>([
  ['who proposed, by another account', { roles: ['SYSTEM_ADMIN'], person: ANNA }, 'same-person'],
  ['the account that proposed', { roles: ['SYSTEM_ADMIN'], sub: id('d1') }, 'same-person'],
  ['the person it is about', { roles: ['OM_AUTHORITY'], person: DORA }, 'same-person'],
  ['a colleague', { roles: ['OM_AUTHORITY'], person: id('c9'), unit: UNIT }, 'concerned'],
  [
    'who moved away since',
    { roles: ['OM_AUTHORITY'], person: BERT, unit: OTHER_UNIT },
    'concerned',
  ],
  [
    'a client, whoever stands behind it',
    { roles: ['OM_AUTHORITY'], kind: 'client', controllers: [CARL] },
    'same-person',
  ],
  ['an account that names nobody', { roles: ['SYSTEM_ADMIN'] }, 'same-person'],
  ['another security administrator', { roles: ['SECURITY_ADMIN'] }, 'permission-missing'],
  [
    'a leader',
    { roles: ['BUSINESS_OWNER'], unit: OTHER_UNIT, range: 'unit' },
    'permission-missing',
  ],
  [
    'somebody whose range is a unit',
    { roles: ['OM_AUTHORITY'], unit: OTHER_UNIT, range: 'unit' },
    'outside-unit',
  ],
  ['a role that reads nothing here', { roles: ['SCRIPT'] }, 'permission-missing'],
])('%s neither approves nor rejects', async (_, claims, code) => {
  const { id: proposalId } = await asked({ unitId: UNIT, personId: DORA })
  const caller = as({ sub: id('d7'), ...claims })
  expect(await codeOf(decide('approve', proposalId, caller))).toBe(code)
  expect(await codeOf(decide('reject', proposalId, caller))).toBe(code)
  expect(await timesOpened()).toBe(0)
  expect((await read(`${BASE}/${proposalId}`)).json()).toMatchObject({ state: 'pending' })
})

test('of five who approve at once one does, and the effect is there once', async () => {
  const { id: proposalId } = await asked()
  const answers = await Promise.all(
    [1, 2, 3, 4, 5].map(() => codeOf(decide('approve', proposalId))),
  )
  expect(answers.sort()).toEqual([200, ...Array<string>(4).fill('proposal-decided')])
  expect(await timesOpened()).toBe(1)
})

test('of two who propose the same at once one is told of the other, and again afterwards', async () => {
  const answers = await Promise.all([ask(), ask({}, as({ roles: ['SECURITY_ADMIN'] }))])
  expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([202, 409])
  const [{ items }] = [(await read(BASE)).json<{ items: ProposalView[] }>()]
  expect(items).toHaveLength(1)
  expect((await ask()).json()).toMatchObject({
    code: 'proposal-pending',
    proposalId: items[0]?.id,
  })
})

test('what changed since it was proposed is not changed by an old approval', async () => {
  const { id: proposalId } = await asked()
  await database.db.query('update gate set version = 2')
  expect(await codeOf(decide('approve', proposalId))).toBe('proposal-stale')
  expect(await timesOpened()).toBe(0)
  expect(await codeOf(decide('reject', proposalId))).toBe(200)
  expect(await codeOf(ask({}, anna, 2))).toBe(202)
})

test('an effect that is refused leaves the proposal pending', async () => {
  const { id: proposalId } = await asked()
  await database.db.query('update gate set is_stuck = true')
  expect(await codeOf(decide('approve', proposalId))).toBe('ticket-state')
  await database.db.query('update gate set is_stuck = false')
  expect(await codeOf(decide('approve', proposalId))).toBe(200)
  expect(await timesOpened()).toBe(1)
})

test('what was rejected or withdrawn is over; only who proposed takes it back', async () => {
  const first = await asked()
  expect(await codeOf(decide('withdraw', first.id))).toBe('not-concerned')
  expect(await codeOf(decide('withdraw', first.id, anna))).toBe(200)
  expect(await codeOf(decide('approve', first.id, carl, '"2"'))).toBe('proposal-decided')
  const second = await asked()
  expect(await codeOf(decide('reject', second.id))).toBe(200)
  expect(await codeOf(decide('approve', second.id, carl, '"2"'))).toBe('proposal-decided')
  expect(await timesOpened()).toBe(0)
})

test('a decision needs the version that was read', async () => {
  const { id: proposalId } = await asked()
  expect(await codeOf(decide('approve', proposalId, carl, '"2"'))).toBe('version-stale')
  const bare = await app.inject({
    method: 'POST',
    url: `${BASE}/${proposalId}/approve`,
    headers: { ...carl, 'content-type': 'application/json' },
    payload: 'null',
  })
  expect(bare.statusCode).toBe(428)
  expect(await codeOf(decide('approve', id('ff')))).toBe('not-found')
})

test('one whose time is over is not approved, is stated as expired, and makes way', async () => {
  const { id: proposalId, expiresAt } = await asked()
  const end = new Date(expiresAt)
  now = new Date(end.getTime() - 1)
  await database.db.transaction((tx) => expireProposals(SERVICE).run(tx, {}, testAct({ now })))
  expect((await read(`${BASE}/${proposalId}`)).json()).toMatchObject({ state: 'pending' })
  now = end
  expect(await codeOf(decide('approve', proposalId))).toBe('proposal-decided')
  expect(await codeOf(ask())).toBe(202)
  const facts = await queuedEvents(database.db)
  expect(facts.map(({ data }) => (data as { decision?: string }).decision)).toEqual([
    undefined,
    'expired',
    undefined,
  ])
  now = new Date(end.getTime() + 7 * 86_400_000)
  await database.db.transaction((tx) => expireProposals(SERVICE).run(tx, {}, testAct({ now })))
  const { items } = (await read(`${BASE}?state=expired`)).json<{ items: ProposalView[] }>()
  expect(items).toMatchObject([{ decidedBy: null }, { decidedBy: null }])
})

test('a leader reads what concerns the own unit, and what others wait for page by page', async () => {
  const { id: proposalId } = await asked({ unitId: UNIT })
  const leaderOf = (unit: string) => as({ roles: ['BUSINESS_OWNER'], unit, range: 'unit' })
  expect((await read(`${BASE}/${proposalId}`, leaderOf(UNIT))).statusCode).toBe(200)
  expect(await codeOf(read(`${BASE}/${proposalId}`, leaderOf(OTHER_UNIT)))).toBe('outside-unit')
  const listed = async (caller: { authorization: string }) =>
    (await read(BASE, caller)).json<{ items: unknown[] }>().items.length
  expect(await listed(leaderOf(UNIT))).toBe(1)
  expect(await listed(leaderOf(OTHER_UNIT))).toBe(0)
  await decide('reject', proposalId)
  now = new Date(START.getTime() + 1_000)
  await asked()
  const first = (await read(`${BASE}?limit=1`)).json<{ items: ProposalView[]; next: string }>()
  expect(first.items[0]?.id).toBe(proposalId)
  const second = (await read(`${BASE}?limit=1&cursor=${first.next}`)).json<unknown>()
  expect(second).toMatchObject({ items: [{ state: 'pending' }], next: null })
})

test('what nobody can decide is read with the proposal and among the alarms, which whoever sees the company reads', async () => {
  await database.db.query(`update person set account_status = 'frozen' where id = $1`, [CARL])
  const proposal = await asked()
  expect(proposal.undecidableSince).toBe(now.toISOString())
  expect((await read(`${BASE}/${proposal.id}`)).json()).toMatchObject({
    undecidableSince: now.toISOString(),
  })
  expect((await read(`${BASE}/alarms`)).json()).toEqual({
    items: [
      {
        ...{ kind: 'gate.open', subject: proposal.id, alarm: 'undecidable' },
        raisedAt: now.toISOString(),
      },
    ],
  })
  const leader = as({ roles: ['BUSINESS_OWNER'], unit: UNIT, range: 'unit' })
  expect(await codeOf(read(`${BASE}/alarms`, leader))).toBe('outside-unit')
  await decide('reject', proposal.id)
  expect((await read(`${BASE}/${proposal.id}`)).json()).toMatchObject({ undecidableSince: null })
})
