import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { DAY } from '@erp-steward/test-kit/instants'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import { runTask } from '@erp-steward/test-kit/run-task'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { toldAttention } from '@erp-steward/test-kit/told-attention'
import { shippedRules } from '../../src/sod/rules/shipped-rules.ts'
import { identityStage, pass } from '../account-stage.ts'
import {
  approve,
  as,
  ask,
  call,
  grantWaiting,
  joined,
  ok,
  onPerson,
  put,
  refusal,
  responsibility,
  setRights,
  smallCompany,
  tasksOf,
  type ChangeView,
  type PersonView,
} from '../directory-stage.ts'

let stage: TestService
let company: Awaited<ReturnType<typeof smallCompany>>

const supplier = responsibility('SQLAP', 'AP_SUPPLIER')
const payment = responsibility('SQLAP', 'AP_PAYMENT')
const invoice = responsibility('SQLAP', 'AP_INVOICE')
const carriers = [
  { name: 'SQLAP|AP_SUPPLIER|STANDARD', duty: 'SUPPLIER-MAINTENANCE' },
  { name: 'SQLAP|AP_PAYMENT|STANDARD', duty: 'PAYMENT' },
].map((each) => ({ kind: 'ebs-responsibility', ...each }))

/** Two people of whom each is known: one asks, the other decides. */
const asks = { person: randomUUID() }
const decides = { person: randomUUID() }

const get = <Body>(url: string, headers = as('AUDIT_ADMIN')) =>
  ok<Body>(call(stage, { method: 'GET', url, headers }))
const post = (url: string, payload: object, headers = as('OM_AUTHORITY', asks)) =>
  call(stage, { method: 'POST', url, headers, payload })

interface Proposal {
  readonly id: string
  readonly version: number
  readonly body: { readonly ruleSetId: string }
}

const decide = ({ id }: Proposal, headers = as('SECURITY_ADMIN', decides)) =>
  call(stage, {
    method: 'POST',
    url: `/v1/proposals/identity/${id}/approve`,
    headers,
    version: 1,
    payload: {},
  })

const rulesOf = (members: object = {}) => ({
  duties: shippedRules.duties,
  pairs: shippedRules.pairs,
  carriers,
  reason: 'Duties of our responsibilities.',
  ...members,
})

const propose = (members: object = {}) => ok<Proposal>(post('/v1/sod/rule-sets', rulesOf(members)))

const exceptionFor = (personId: string, members: object = {}) => ({
  personId,
  first: 'SUPPLIER-MAINTENANCE',
  second: 'PAYMENT',
  ownerPersonId: owner.id,
  compensatingControl: 'The head of finance looks over all payments every week.',
  endsAt: new Date(stage.now.getTime() + 90 * DAY).toISOString(),
  reason: 'One person in this office.',
  ...members,
})

const except = async (personId: string, members: object = {}) =>
  ok(decide(await ok<Proposal>(post('/v1/sod/exceptions', exceptionFor(personId, members)))))

interface Violation {
  readonly id: string
  readonly personId: string
  readonly first: string
  readonly second: string
  readonly state: string
  readonly held: string[]
}

const violations = async (query: string) =>
  (await get<{ items: Violation[] }>(`/v1/sod/violations?limit=200&${query}`)).items

const factsOf = async (type: string) =>
  (await queuedEvents(stage.db)).filter((event) => event.type === `identity.grant.${type}.v1`)

const grantsOf = async ({ id }: PersonView) =>
  (await get<{ items: { name: string; sod: string }[] }>(`/v1/persons/${id}/grants?state=in-force`))
    .items

let owner: PersonView

beforeAll(async () => {
  stage = await identityStage()
  company = await smallCompany(stage)
  owner = await joined(stage)
})
afterAll(() => stage.release())

test('[A-2.1.2] the shipped rules are in force from the first day, in both languages, and forbid nobody anything yet', async () => {
  const { items } = await get<{ items: { id: string; number: number }[] }>(
    '/v1/sod/rule-sets?inForce=true',
  )
  expect(items).toMatchObject([{ number: 1, approvedBy: 'service:identity' }])
  const whole = await get<{ duties: object[]; pairs: object[]; carriers: object[] }>(
    `/v1/sod/rule-sets/${String(items[0]?.id)}`,
  )
  expect(whole.pairs).toHaveLength(15)
  expect(whole.duties).toContainEqual({
    code: 'SUPPLIER-MAINTENANCE',
    title: { en: 'Supplier maintenance', 'zh-CN': '供应商维护' },
  })
  expect(whole.carriers).toEqual([])
})

test('[A-2.1.2] other rules take two people, and what contradicts itself is named', async () => {
  const wrong = rulesOf({
    pairs: [
      { first: 'PAYMENT', second: 'PAYMENT' },
      { first: 'PAYMENT', second: 'NOBODY' },
      { first: 'NOBODY', second: 'PAYMENT' },
    ],
  })
  const answer = await post('/v1/sod/rule-sets', wrong)
  expect(answer.json()).toMatchObject({
    status: 422,
    code: 'sod-rules-inconsistent',
    errors: [
      { pointer: '#/pairs/0' },
      { pointer: '#/pairs/1' },
      { pointer: '#/pairs/2' },
      { pointer: '#/pairs/2' },
    ],
  })
  const made = await propose()
  expect(await refusal(post('/v1/sod/rule-sets', rulesOf()))).toEqual([409, 'proposal-pending'])
  expect(await refusal(decide(made, as('SECURITY_ADMIN', asks)))).toEqual([409, 'same-person'])
  expect(await refusal(decide(made, as('OM_AUTHORITY', decides)))).toEqual([
    403,
    'permission-missing',
  ])
  const before = await get<{ items: object[] }>('/v1/sod/rule-sets?inForce=true')
  expect(before.items).toMatchObject([{ number: 1 }])
  const answers = await Promise.all([decide(made), decide(made)])
  expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, 409])
  const after = await get<{ items: object[] }>('/v1/sod/rule-sets?inForce=true')
  expect(after.items).toMatchObject([{ number: 2, id: made.body.ruleSetId }])
  expect(await factsOf('sod-rules-changed')).toHaveLength(1)
})

test('[A-2.1.2] a check tells what a position or a grant would add, and changes nothing', async () => {
  await put(stage, '/v1/positions/PAYER', { name: '出纳' })
  await setRights(stage, 'PAYER', { roles: ['END_USER'], responsibilities: [payment] })
  const person = await joined(stage, { positionCode: 'PAYER' })
  const check = async (body: object) =>
    (await ok<{ items: object[] }>(post('/v1/sod/checks', body))).items
  const [{ kind, name } = { kind: '', name: '' }] = carriers
  const grants = [{ kind, name }]
  expect(await check({ personId: person.id })).toEqual([])
  expect(await check({ personId: null, positionCode: 'PAYER' })).toEqual([])
  expect(await check({ personId: person.id, grants })).toEqual([
    {
      personId: person.id,
      first: 'PAYMENT',
      second: 'SUPPLIER-MAINTENANCE',
      held: ['SQLAP|AP_PAYMENT|STANDARD', 'SQLAP|AP_SUPPLIER|STANDARD'],
      exceptionId: null,
    },
  ])
  expect(await check({ personId: null, positionCode: 'PAYER', grants })).toHaveLength(1)
  expect(await grantsOf(person)).toHaveLength(2)
})

test('[A-2.1.2] rights that would join incompatible duties are refused to the holders, and it is told', async () => {
  const person = await joined(stage, { positionCode: 'PAYER' })
  const before = (await factsOf('sod-violation-blocked')).length
  const change = await ask(stage, {
    kind: 'set-position-roles',
    positionCode: 'PAYER',
    roles: ['END_USER'],
    responsibilities: [payment, supplier],
    ebsRoles: [],
  })
  const answer = await approve(stage, change)
  expect(answer.json()).toMatchObject({ status: 409, code: 'sod-violation' })
  const told = answer.json<{ violations: Violation[] }>().violations
  expect(told).toContainEqual(
    expect.objectContaining({
      personId: person.id,
      first: 'PAYMENT',
      second: 'SUPPLIER-MAINTENANCE',
    }),
  )
  expect(await grantsOf(person)).toHaveLength(2)
  const { items } = await get<{ items: object[] }>('/v1/positions/PAYER/versions')
  expect(items).toHaveLength(1)
  const blocked = await factsOf('sod-violation-blocked')
  expect(blocked).toHaveLength(before + 1)
  expect(blocked.at(-1)?.data).toMatchObject({ operation: 'approveAccountChange' })
  const { status } = await get<ChangeView>(`/v1/account-changes/${change.id}`)
  expect(status).toBe('pending')
  await ok(
    call(stage, {
      method: 'POST',
      url: `/v1/account-changes/${change.id}/reject`,
      headers: as('SECURITY_ADMIN'),
      version: 1,
      payload: { reason: 'incompatible' },
    }),
  )
})

test('[A-2.1.2] rights that join no incompatible duties are checked as clear', async () => {
  const person = await joined(stage, { positionCode: 'PAYER' })
  await setRights(stage, 'PAYER', { roles: ['END_USER'], responsibilities: [payment, invoice] })
  const grants = await grantsOf(person)
  expect(grants.map(({ name, sod }) => `${name} ${sod}`).sort()).toEqual([
    'END_USER clear',
    'SQLAP|AP_INVOICE|STANDARD clear',
    'SQLAP|AP_PAYMENT|STANDARD clear',
  ])
})

test('[A-2.1.2] a joiner into a position that joins them gets an account without rights, until an exception covers it', async () => {
  await put(stage, '/v1/positions/SOLO', { name: '独岗财务' })
  await setRights(stage, 'SOLO', { roles: ['END_USER'], responsibilities: [payment, supplier] })
  const before = (await factsOf('sod-violation-blocked')).length
  const person = await joined(stage, { positionCode: 'SOLO' })
  expect(await grantsOf(person)).toEqual([])
  expect((await tasksOf(stage, person.userName)).map(({ kind }) => kind)).toEqual(['create-user'])
  expect(await factsOf('sod-violation-blocked')).toHaveLength(before + 1)
  await expect(grantWaiting(stage, person.id)).rejects.toThrow('sod-violation')
  await except(person.id)
  await grantWaiting(stage, person.id)
  const grants = await grantsOf(person)
  expect(grants.map(({ sod }) => sod)).toEqual(['excepted', 'excepted', 'excepted'])
})

test('[A-2.1.2] so does everybody of a list, and the others of it have theirs', async () => {
  pass(stage, 1_000)
  const rows = [
    ['L1', 'SOLO'],
    ['L2', 'PAYER'],
    ['L3', 'SOLO'],
  ].map(
    ([number, position]) =>
      `${String(number)},Person ${String(number)},NORTH,FIN,${String(position)}`,
  )
  const answer = await stage.app.inject({
    method: 'POST',
    url: '/v1/imports/persons?mode=all-or-none',
    headers: { ...as('SCRIPT'), 'content-type': 'text/csv' },
    payload: ['employeeNumber,name,unitCode,departmentCode,positionCode', ...rows].join('\n'),
  })
  expect(answer.statusCode).toBe(200)
  const held: { code: string; rights: number }[] = await stage.db.query(
    `select position.code, count(access_grant.id)::int as rights
       from person join position on position.id = person.position_id
       left join access_grant on access_grant.person_id = person.id
      where person.created_at = $1 group by person.id, position.code order by 1`,
    [stage.now],
  )
  expect(held).toEqual([
    { code: 'PAYER', rights: 3 },
    { code: 'SOLO', rights: 0 },
    { code: 'SOLO', rights: 0 },
  ])
})

test('[A-2.1.2] an exception has an end within 90 days, another owner, and a pair that is forbidden', async () => {
  const person = await joined(stage)
  const asked = (members: object) =>
    refusal(post('/v1/sod/exceptions', exceptionFor(person.id, members)))
  const at = (ms: number) => new Date(stage.now.getTime() + ms).toISOString()
  expect(await asked({ endsAt: at(90 * DAY + 1) })).toEqual([422, 'validation-failed'])
  expect(await asked({ endsAt: at(0) })).toEqual([422, 'validation-failed'])
  expect(await asked({ ownerPersonId: person.id })).toEqual([409, 'same-person'])
  expect(await asked({ second: 'RECEIPT' })).toEqual([422, 'sod-pair-unknown'])
  const made = await ok<Proposal>(post('/v1/sod/exceptions', exceptionFor(person.id)))
  const own = as('SECURITY_ADMIN', { sub: randomUUID(), person: person.id })
  expect(await refusal(decide(made, own))).toEqual([409, 'same-person'])
})

test('[A-2.1.2] when an exception ends, the nightly look tells who holds both all the same, once', async () => {
  const person = await joined(stage, { positionCode: 'SOLO' })
  await except(person.id, { endsAt: new Date(stage.now.getTime() + DAY).toISOString() })
  await grantWaiting(stage, person.id)
  await runTask(stage, 'find-sod-violations')
  const found = async (type: string) =>
    (await factsOf(type)).filter(({ subject }) => subject === person.id).length
  expect(await violations(`personId=${person.id}`)).toMatchObject([{ state: 'excepted' }])
  expect(await found('sod-violation-found')).toBe(0)
  pass(stage, DAY - 1)
  expect(await violations(`personId=${person.id}&state=open`)).toEqual([])
  const wanting = async () => {
    const told = await toldAttention(stage, { kind: 'sod-violated' })
    const [violation] = await violations(`personId=${person.id}`)
    return told.filter(({ subject }) => subject === violation?.id)
  }
  expect(await wanting()).toEqual([])
  pass(stage, 1)
  expect(await wanting()).toMatchObject([
    { name: 'PAYMENT × SUPPLIER-MAINTENANCE', unitIds: [company.north.id], severity: 'warning' },
  ])
  expect(await violations(`personId=${person.id}&state=open`)).toMatchObject([
    { first: 'PAYMENT', second: 'SUPPLIER-MAINTENANCE' },
  ])
  await Promise.all([runTask(stage, 'find-sod-violations'), runTask(stage, 'find-sod-violations')])
  expect(await found('sod-violation-found')).toBe(1)
  // Another exception ends what was told, at once; its end tells it anew.
  await except(person.id, { endsAt: new Date(stage.now.getTime() + DAY).toISOString() })
  expect(await found('sod-violation-ended')).toBe(1)
  pass(stage, DAY)
  await runTask(stage, 'find-sod-violations')
  expect(await found('sod-violation-found')).toBe(2)
  const unit = (id: string) => as('BUSINESS_OWNER', { sub: randomUUID(), unit: id, range: 'unit' })
  const url = `/v1/sod/violations?personId=${person.id}`
  expect((await get<{ items: object[] }>(url, unit(company.north.id))).items).toHaveLength(1)
  expect((await get<{ items: object[] }>(url, unit(company.south.id))).items).toEqual([])
  const { version } = await get<PersonView>(`/v1/persons/${person.id}`, as('SCRIPT'))
  await ok(onPerson(stage, { id: person.id, version }, 'leave', { kind: 'resignation' }))
  await runTask(stage, 'find-sod-violations')
  expect(await violations(`personId=${person.id}`)).toMatchObject([{ state: 'ended' }])
  expect(await found('sod-violation-ended')).toBe(2)
})

test('[A-2.1.2] a simulation tells who would violate other rules, and the rules that take effect look everybody over', async () => {
  const person = await joined(stage, { positionCode: 'PAYER' })
  const rules = {
    duties: shippedRules.duties,
    pairs: shippedRules.pairs,
    carriers: [
      ...carriers,
      { kind: 'ebs-responsibility', name: 'SQLAP|AP_INVOICE|STANDARD', duty: 'INVOICE-ENTRY' },
    ],
  }
  const simulate = (body: object) =>
    ok<{ added: number; gone: number; items: Violation[] }>(
      post('/v1/sod/simulations', body, as('OM_AUTHORITY')),
    )
  const told = await simulate({ rules })
  expect(told.items).toContainEqual(
    expect.objectContaining({ personId: person.id, first: 'INVOICE-ENTRY', second: 'PAYMENT' }),
  )
  expect(told.gone).toBe(0)
  expect(await violations(`personId=${person.id}`)).toEqual([])
  const nothing = await simulate({ rules: { ...rules, carriers: [] } })
  expect([nothing.added, nothing.items]).toEqual([0, []])
  expect(nothing.gone).toBeGreaterThan(0)
  const made = await propose(rules)
  expect((await simulate({ ruleSetId: made.body.ruleSetId })).added).toBe(told.added)
  await ok(decide(made))
  expect(await violations(`personId=${person.id}`)).toMatchObject([
    { first: 'INVOICE-ENTRY', second: 'PAYMENT', state: 'open' },
  ])
  // What the rules left behind does not stand in the way of rights that add nothing to it.
  await setRights(stage, 'PAYER', {
    roles: ['END_USER', 'KEY_USER'],
    responsibilities: [payment, invoice],
  })
  expect((await grantsOf(person)).map(({ name }) => name)).toContain('KEY_USER')
})
