import { createHash, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Role } from '@erp-steward/contracts/permissions'
import { DAY } from '@erp-steward/test-kit/instants'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import { runTask } from '@erp-steward/test-kit/run-task'
import { saidOfWaits } from '@erp-steward/test-kit/said-of-waits'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { addAccount, identityStage } from '../account-stage.ts'
import {
  as,
  call,
  joined,
  ok,
  onPerson,
  put,
  refusal,
  responsibility,
  setRights,
  smallCompany,
  tasksOf,
  type PersonView,
} from '../directory-stage.ts'

interface Review {
  readonly id: string
  readonly kind: string
  readonly state: string
  readonly openedAt: string
  readonly dueAt: string
  readonly items: number
  readonly undecided: number
  readonly digest: string | null
}

interface Item {
  readonly id: string
  readonly grantId: string
  readonly personId: string
  readonly personName: string
  readonly unitId: string
  readonly name: string
  readonly moduleCode: string | null
  readonly decider: string
  readonly reviewerId: string | null
  readonly decision: string | null
}

let stage: TestService
let company: Awaited<ReturnType<typeof smallCompany>>
/** Leads NORTH; SOUTH has no leader. */
let leader: PersonView
let clerk: PersonView
let southern: PersonView
let keyUser: PersonView
let authority: PersonView

/** Noon of a Wednesday in China, with no holiday in the three weeks to come. */
const NOON = new Date('2026-11-04T04:00:00.000Z')

/** A caller who is the person, in the range of the role. */
const by = (person: PersonView, role: Role, unitId: string) =>
  as(role, {
    sub: person.accountId,
    person: person.id,
    ...(role === 'OM_AUTHORITY' ? {} : { unit: unitId, range: 'unit' as const }),
  })
const asLeader = () => by(leader, 'BUSINESS_OWNER', company.north.id)
const asAuthority = () => by(authority, 'OM_AUTHORITY', company.north.id)
const asKeyUser = () => by(keyUser, 'KEY_USER', company.north.id)
const asSecurity = () => as('SECURITY_ADMIN')

beforeAll(async () => {
  stage = await identityStage()
  stage.now = NOON
  company = await smallCompany(stage)
  await put(stage, '/v1/modules/GL', { name: '总账' })
  for (const [code, name] of [
    ['LEADER', '负责人'],
    ['KEY', '关键用户'],
    ['OM', '运维主管'],
  ] as const)
    await put(stage, `/v1/positions/${code}`, { name })
  await setRights(stage, 'LEADER', { roles: ['BUSINESS_OWNER'] })
  await setRights(stage, 'KEY', { roles: ['KEY_USER'] })
  await setRights(stage, 'OM', { roles: ['OM_AUTHORITY'], ebsRoles: ['UMX|FND_IREP_ADMIN'] })
  await setRights(stage, 'CLERK', {
    roles: ['END_USER'],
    responsibilities: [responsibility('SQLGL', 'GL_CLERK'), responsibility('SQLAP', 'AP_VIEW')],
  })
  leader = await joined(stage, { positionCode: 'LEADER' })
  keyUser = await joined(stage, { positionCode: 'KEY' })
  authority = await joined(stage, { positionCode: 'OM' })
  clerk = await joined(stage)
  southern = await joined(stage, { unitCode: 'SOUTH' })
})
afterAll(() => stage.release())

const get = <Body>(url: string, headers = as('AUDIT_ADMIN')) =>
  ok<Body>(call(stage, { method: 'GET', url, headers }))
const post = (url: string, payload: object, headers: Record<string, string>) =>
  call(stage, { method: 'POST', url, headers, payload })
const open = (kind: string, headers = asSecurity()) => post('/v1/access-reviews', { kind }, headers)
const readReview = (id: string, headers = as('AUDIT_ADMIN')) =>
  get<Review>(`/v1/access-reviews/${id}`, headers)
const itemsOf = async (id: string, query = '', headers = as('AUDIT_ADMIN')) =>
  (await get<{ items: Item[] }>(`/v1/access-reviews/${id}/items?limit=200&${query}`, headers)).items
const word = (item: Item | undefined, decision: string, reason?: string) => ({
  itemId: item?.id ?? '',
  decision,
  ...(reason !== undefined && { reason }),
})
const decide = (id: string, decisions: object[], headers: Record<string, string>) =>
  post(`/v1/access-reviews/${id}/decisions`, { decisions }, headers)
const delegate = (id: string, payload: object, headers: Record<string, string>) =>
  post(`/v1/access-reviews/${id}/delegations`, { reason: 'on leave', ...payload }, headers)
const named = (items: readonly Item[], name: string, person: PersonView) =>
  items.find((item) => item.name.includes(name) && item.personId === person.id)
const holds = async ({ id }: PersonView) =>
  (
    await get<{ items: { name: string }[] }>(`/v1/persons/${id}/grants?state=in-force&limit=200`)
  ).items
    .map(({ name }) => name)
    .sort()
const factsOf = async (type: string) =>
  (await queuedEvents(stage.db)).filter((event) => event.type === `identity.grant.${type}.v1`)
/** Comes to the instant and lets the job run as often as it asks to. */
async function endAt(at: Date) {
  stage.now = at
  await runTask(stage, 'close-access-reviews')
}
const openOf = async (kind: string) =>
  (await get<{ items: Review[] }>(`/v1/access-reviews?state=open&kind=${kind}`)).items[0]
const due = ({ dueAt }: Review) => new Date(dueAt)

let review: Review

test('[A-4.3.3] a review holds each grant of the kind once, with who decides it, and ten working days to do so', async () => {
  const reviewer = await call(stage, {
    method: 'PUT',
    url: `/v1/access-reviewers/${company.north.id}/GL`,
    headers: asAuthority(),
    payload: { personId: keyUser.id, applications: ['SQLGL'] },
  })
  expect(reviewer.statusCode).toBe(201)
  review = await ok<Review>(open('business'))
  expect(review).toMatchObject({
    ...{ kind: 'business', state: 'open', openedAt: NOON.toISOString() },
    // From Wednesday noon, in working time: two weeks.
    dueAt: new Date(NOON.getTime() + 14 * DAY).toISOString(),
    ...{ items: 8, undecided: 8, certified: 0, digest: null },
  })
  const items = await itemsOf(review.id)
  expect(named(items, 'GL_CLERK', clerk)).toMatchObject({
    ...{ decider: 'unit', unitId: company.north.id, moduleCode: 'GL', reviewerId: keyUser.id },
  })
  expect(named(items, 'AP_VIEW', clerk)).toMatchObject({ decider: 'unit', reviewerId: null })
  // What leaders hold, and units without one, are for the company.
  expect(named(items, 'BUSINESS_OWNER', leader)).toMatchObject({ decider: 'company' })
  expect(named(items, 'END_USER', southern)).toMatchObject({ decider: 'company' })
  expect(items.some(({ personId }) => personId === authority.id)).toBe(false)
  expect(await factsOf('review-opened')).toMatchObject([
    { data: { reviewId: review.id, kind: 'business', items: 8, dueAt: review.dueAt } },
  ])
  expect(await refusal(open('business'))).toEqual([409, 'access-review-open'])
  expect(await refusal(open('business', as('OM_AUTHORITY')))).toEqual([403, 'permission-missing'])
})

test('[A-4.3.3] of two that open a review at once one does, and the other is told', async () => {
  const answers = await Promise.all([open('privileged'), open('privileged')])
  expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([201, 409])
  const privileged = await openOf('privileged')
  const items = await itemsOf(String(privileged?.id))
  expect(items.map(({ name, decider }) => [name, decider]).sort()).toEqual([
    ['OM_AUTHORITY', 'security'],
    ['UMX|FND_IREP_ADMIN', 'security'],
  ])
})

test('[A-4.3.3] whose range is a unit sees that unit and its counts, and names of others are masked', async () => {
  expect(await readReview(review.id, asLeader())).toMatchObject({ items: 5 })
  const units = (await itemsOf(review.id, '', asLeader())).map(({ unitId }) => unitId)
  expect(new Set(units)).toEqual(new Set([company.north.id]))
  const [first] = await itemsOf(review.id, `personId=${clerk.id}`, asLeader())
  expect(first?.personName).toBe('张三')
  const [masked] = await itemsOf(review.id, `personId=${clerk.id}`, as('SYSTEM_ADMIN'))
  expect(masked?.personName).not.toBe('张三')
  expect(await itemsOf(review.id, 'moduleCode=GL&decision=none')).toHaveLength(1)
  expect(
    await refusal(
      call(stage, {
        method: 'GET',
        url: `/v1/access-reviews/${randomUUID()}`,
        headers: asLeader(),
      }),
    ),
  ).toEqual([404, 'not-found'])
})

test('[A-4.3.3] nobody decides what is for others or about himself, nor an item that is not there or twice', async () => {
  const items = await itemsOf(review.id)
  const certify = (item: Item | undefined) => [word(item, 'certify')]
  const role = named(items, 'END_USER', southern)
  const cases: [object[], Record<string, string>, [number, string]][] = [
    [certify(role), asLeader(), [403, 'permission-missing']],
    [certify(named(items, 'BUSINESS_OWNER', leader)), asLeader(), [403, 'permission-missing']],
    [certify(named(items, 'AP_VIEW', clerk)), asKeyUser(), [403, 'permission-missing']],
    [certify(named(items, 'AP_VIEW', clerk)), asAuthority(), [403, 'permission-missing']],
    [
      certify(named(items, 'AP_VIEW', clerk)),
      by(southern, 'BUSINESS_OWNER', company.south.id),
      [403, 'permission-missing'],
    ],
    [certify(role), by(southern, 'OM_AUTHORITY', company.south.id), [409, 'same-person']],
    [[{ itemId: randomUUID(), decision: 'certify' }], asLeader(), [404, 'not-found']],
    [[word(role, 'revoke')], asAuthority(), [422, 'validation-failed']],
    [[...certify(role), ...certify(role)], asAuthority(), [422, 'validation-failed']],
  ]
  for (const [decisions, headers, expected] of cases)
    expect(await refusal(decide(review.id, decisions, headers))).toEqual(expected)
  // All or none.
  const both = [...certify(named(items, 'AP_VIEW', clerk)), ...certify(role)]
  expect(await refusal(decide(review.id, both, asLeader()))).toEqual([403, 'permission-missing'])
  expect((await readReview(review.id)).undecided).toBe(8)
})

test('[A-4.3.3] what is certified stays, what is revoked ends at once here and in EBS, and a word is final', async () => {
  const items = await itemsOf(review.id)
  const view = named(items, 'AP_VIEW', clerk)
  const role = named(items, 'END_USER', clerk)
  const answer = await ok<{ items: Item[] }>(
    decide(review.id, [word(role, 'certify'), word(view, 'revoke', 'not needed')], asLeader()),
  )
  expect(answer.items).toHaveLength(2)
  expect(await holds(clerk)).toEqual(['END_USER', 'SQLGL|GL_CLERK|STANDARD'])
  const tasks = await tasksOf(stage, clerk.userName)
  expect(tasks.at(-1)).toMatchObject({ kind: 'end-responsibility' })
  expect(await factsOf('review-decided')).toMatchObject([
    { data: { reviewId: review.id, decidedBy: leader.accountId } },
  ])
  const ended = (await factsOf('ended')).at(-1)?.data
  expect(ended).toMatchObject({ grants: [{ grantId: view?.grantId, reason: 'review-revoked' }] })
  expect(await refusal(decide(review.id, [word(role, 'revoke', 'after all')], asLeader()))).toEqual(
    [409, 'access-review-decided'],
  )
})

test('[A-4.3.3] who is named by module decides that module', async () => {
  const gl = named(await itemsOf(review.id, '', asKeyUser()), 'GL_CLERK', clerk)
  const [decided] = (
    await ok<{ items: Item[] }>(decide(review.id, [word(gl, 'certify')], asKeyUser()))
  ).items
  expect(decided).toMatchObject({ decision: 'certified', decidedBy: keyUser.accountId })
})

test('[A-4.3.3] what one answers for is delegated to somebody who can review, but not what that person holds', async () => {
  const stranger = await joined(stage)
  expect(await refusal(delegate(review.id, { personId: stranger.id }, asLeader()))).toEqual([
    422,
    'reviewer-unfit',
  ])
  expect(await refusal(delegate(review.id, { personId: leader.id }, asLeader()))).toEqual([
    409,
    'same-person',
  ])
  const given = await ok(delegate(review.id, { personId: keyUser.id }, asAuthority()))
  // What the southern clerk holds, and the leader.
  expect(given).toEqual({ personId: keyUser.id, items: 4 })
  expect(await ok(delegate(review.id, { personId: leader.id }, asKeyUser()))).toMatchObject({
    items: 0,
  })
  const seen = await itemsOf(review.id, `reviewerId=${keyUser.id}&decision=none`, asKeyUser())
  expect(seen.map(({ decider }) => decider)).toEqual(Array(4).fill('company'))
  await ok(decide(review.id, [word(named(seen, 'BUSINESS_OWNER', leader), 'certify')], asKeyUser()))
  expect(await factsOf('review-delegated')).toMatchObject([
    { data: { personId: keyUser.id, items: 4, reason: 'on leave' } },
    { data: { items: 0 } },
  ])
})

test('[A-4.3.3] a part that nobody can decide is an alarm until somebody can', async () => {
  await runTask(stage, 'watch-waits')
  const said = async () =>
    (await saidOfWaits(stage.db, 'access-review.decide'))
      .filter(({ subject }) => subject !== review.id)
      .map((each) => each.said)
  // There is no security administrator for what is privileged.
  expect(await said()).toEqual(['undecidable'])
  await addAccount(stage, { administratorRole: 'SECURITY_ADMIN' }).then(async ({ id }) => {
    const { id: person } = await joined(stage, { withAccount: false })
    await stage.db.query('update account set person_id = $2 where id = $1', [id, person])
    await stage.db.query(
      `insert into standing (person_id, account_status, roles, version) values ($1, 'active', '{SECURITY_ADMIN}', 1)
       on conflict (person_id) do update set account_status = 'active', roles = '{SECURITY_ADMIN}'`,
      [person],
    )
  })
  await runTask(stage, 'watch-waits')
  expect(await said()).toEqual(['undecidable', 'decidable'])
})

test('[A-4.3.3][A-2.1.4] what nobody certified is revoked at the deadline, not before, with a receipt that anybody can compute', async () => {
  await ok(
    onPerson(stage, southern, 'move', {
      unitCode: 'SOUTH',
      departmentCode: 'FIN',
      positionCode: 'BUYER',
    }),
  )
  const before = await holds(keyUser)
  expect(before).toEqual(['KEY_USER'])
  await endAt(new Date(due(review).getTime() - 1))
  expect((await readReview(review.id)).state).toBe('open')
  expect(await holds(keyUser)).toEqual(before)
  stage.now = due(review)
  const [left] = await itemsOf(review.id, 'decision=none')
  expect(await refusal(decide(review.id, [word(left, 'certify')], asLeader()))).toEqual([
    409,
    'access-review-state',
  ])
  expect(
    await refusal(
      call(stage, {
        method: 'GET',
        url: `/v1/access-reviews/${review.id}/export`,
        headers: asAuthority(),
      }),
    ),
  ).toEqual([409, 'access-review-state'])
  await endAt(due(review))
  await endAt(due(review))
  const closed = await readReview(review.id)
  expect(closed).toMatchObject({
    ...{ state: 'closed', closedAt: review.dueAt, items: 8 },
    ...{ certified: 3, revoked: 1, lapsed: 1, gone: 3, undecided: 0 },
  })
  expect(await holds(keyUser)).toEqual([])
  const lapsed = (await factsOf('review-lapsed')).map(({ data }) => data)
  expect(lapsed).toHaveLength(2)
  expect(lapsed).toContainEqual(
    expect.objectContaining({ reviewId: review.id, personId: keyUser.id }),
  )
  // What is privileged was opened at the same time.
  expect(lapsed).toContainEqual(expect.objectContaining({ personId: authority.id }))
  const exported = await call(stage, {
    method: 'GET',
    url: `/v1/access-reviews/${review.id}/export`,
    headers: as('AUDIT_ADMIN'),
  })
  expect(exported.body.trimEnd().split('\n')).toHaveLength(9)
  expect(createHash('sha256').update(exported.body).digest('hex')).toBe(closed.digest)
  const stated = (await factsOf('review-closed')).find(({ subject }) => subject === review.id)
  expect(stated?.data).toMatchObject({ digest: closed.digest, lapsed: 1, closedAt: review.dueAt })
})

test('[A-4.3.3] reviews open by themselves a period after the last one, and none while one is open', async () => {
  expect(await openOf('business')).toBeUndefined()
  // Three months in China after the day of the last, at its midnight.
  stage.now = new Date('2027-02-03T15:59:59.999Z')
  await runTask(stage, 'open-access-reviews')
  expect(await openOf('business')).toBeUndefined()
  stage.now = new Date('2027-02-03T16:00:00.000Z')
  await runTask(stage, 'open-access-reviews')
  await runTask(stage, 'open-access-reviews')
  const next = await openOf('business')
  expect(next).toMatchObject({ openedAt: stage.now.toISOString(), openedBy: 'service:identity' })
  expect(await factsOf('review-opened')).toHaveLength(3)
})

test('[A-4.3.3] a review in which everything is decided ends before its deadline', async () => {
  const next = await openOf('business')
  if (next === undefined) throw new Error('there is no review')
  const items = await itemsOf(next.id)
  const unit = items.filter(({ decider }) => decider === 'unit')
  const others = items.filter(({ decider }) => decider === 'company')
  expect(unit.length + others.length).toBe(next.items)
  if (unit.length > 0)
    await ok(
      decide(
        next.id,
        unit.map((item) => word(item, 'certify')),
        asLeader(),
      ),
    )
  if (others.length > 0)
    await ok(
      decide(
        next.id,
        others.map((item) => word(item, 'certify')),
        as('OM_AUTHORITY'),
      ),
    )
  await runTask(stage, 'close-access-reviews')
  expect(await readReview(next.id)).toMatchObject({ state: 'closed', certified: next.items })
})

test('[A-4.3.3] of many people the job ends what lapsed in parts, each once', async () => {
  const many = await Promise.all(Array.from({ length: 120 }, () => addAccount(stage)))
  stage.now = new Date(stage.now.getTime() + DAY)
  const next = await ok<Review>(open('business'))
  expect(next.items).toBeGreaterThanOrEqual(120)
  await endAt(due(next))
  expect((await readReview(next.id)).state).toBe('open')
  await runTask(stage, 'close-access-reviews')
  const closed = await readReview(next.id)
  expect(closed).toMatchObject({ state: 'closed', undecided: 0, lapsed: next.items })
  const [held]: [{ count: number }] = await stage.db.query(
    `select count(*)::int as count from access_grant where person_id = any($1) and ended_at is null`,
    [many.map(({ personId }) => personId)],
  )
  expect(held.count).toBe(0)
})
