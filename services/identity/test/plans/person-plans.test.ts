import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { createPersonalData, holdPersonalData } from '@erp-steward/service-kit/personal-data'
import { runDueJobs } from '@erp-steward/test-kit/due-jobs'
import {
  TEST_PERSONAL_DATA_KEYS,
  TEST_PERSONAL_INDEX_KEY,
} from '@erp-steward/test-kit/personal-data'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { toldAttention } from '@erp-steward/test-kit/told-attention'
import { chinaDay, startOfChinaDay } from '../../src/people/rules/china-day.ts'
import { sealInClear } from '../../src/people/seal-in-clear.ts'
import { identityStage } from '../account-stage.ts'
import {
  as,
  call,
  factsAbout,
  joined,
  ok,
  onPerson,
  put,
  refusal,
  responsibility,
  setRights,
  smallCompany,
  type PersonView,
} from '../directory-stage.ts'

let stage: TestService
let company: Awaited<ReturnType<typeof smallCompany>>
/** A script that is registered: who is unknown on the day has no right to anything. */
const script = randomUUID()
const planner = () => as('SCRIPT', { sub: script })

beforeAll(async () => {
  stage = await identityStage()
  company = await smallCompany(stage)
  await setRights(stage, 'CLERK', {
    roles: ['END_USER'],
    responsibilities: [responsibility('SQLGL', 'GL_CLERK')],
  })
  await register(script)
  await put(stage, '/v1/departments/NORTH/LATER', { name: 'Later' })
})
afterAll(() => stage.release())

const register = (id: string) =>
  stage.db.query(
    `insert into client (id, name, role, status, created_at) values ($1, $2, 'SCRIPT', 'active', now())`,
    [id, id],
  )

interface Plan {
  readonly id: string
  readonly state: string
  readonly problem: string | null
  readonly problemMeaning: string | null
  readonly personId: string | null
  readonly version: number
}

/** The calendar date in China so many days from the clock of the stage. */
const day = (days: number) => chinaDay(new Date(stage.now.getTime() + days * 86_400_000))
const HERE = { unitCode: 'NORTH', departmentCode: 'FIN', positionCode: 'CLERK' }
const THERE = { unitCode: 'SOUTH', departmentCode: 'FIN', positionCode: 'BUYER' }

const post = (payload: object, headers: Record<string, string> = planner()) =>
  call(stage, { method: 'POST', url: '/v1/person-plans', headers, payload })
const plannedJoin = (members: object = {}, headers = planner()) =>
  post(
    {
      kind: 'join',
      effectiveOn: day(3),
      employeeNumber: `P${randomUUID().slice(0, 8)}`,
      name: '张三',
      ...HERE,
      ...members,
    },
    headers,
  )
const get = <Body>(url: string, headers: Record<string, string> = planner()) =>
  ok<Body>(call(stage, { method: 'GET', url, headers }))
const readPlan = (id: string) => get<Plan>(`/v1/person-plans/${id}`)
const withdraw = ({ id, version }: Plan, headers: Record<string, string> = planner()) =>
  call(stage, { method: 'POST', url: `/v1/person-plans/${id}/withdraw`, headers, version })
const people = async (employeeNumber: string) =>
  (await get<{ items: PersonView[] }>(`/v1/persons?employeeNumber=${employeeNumber}`)).items

/** Everything that is due at an instant is done. */
async function until(at: Date): Promise<void> {
  await runDueJobs(stage.db, 'identity', stage.tasks, at)
}

test('[A-1.2][A-2.1.3] a joiner of a later day is there from the start of that day in China, and not before', async () => {
  const effectiveOn = day(3)
  const plan = await ok<Plan>(plannedJoin({ employeeNumber: 'FUTURE1', effectiveOn }))
  expect(plan).toMatchObject({ state: 'planned', name: '张三', employeeNumber: 'FUTURE1' })
  expect(await people('FUTURE1')).toEqual([])
  const start = startOfChinaDay(effectiveOn)
  await until(new Date(start.getTime() - 1))
  expect(await people('FUTURE1')).toEqual([])
  await until(start)
  const [person] = await people('FUTURE1')
  expect(person).toMatchObject({ active: true, userName: 'FUTURE1', unitCode: 'NORTH' })
  expect(await readPlan(plan.id)).toMatchObject({ state: 'done', personId: person?.id })
  expect(await factsAbout(stage, plan.id)).toEqual(
    Array(2).fill('identity.directory.person-planned.v1'),
  )
  await until(start)
  expect((await people('FUTURE1')).length).toBe(1)
})

test('[A-2.1.3][A-2.1.4] a mover keeps the old place until the day, and loses its rights then', async () => {
  const person = await joined(stage)
  const effectiveOn = day(5)
  const move = { kind: 'move', effectiveOn, personId: person.id, ...THERE }
  const plan = await ok<Plan>(post(move))
  expect(await refusal(post(move))).toEqual([409, 'plan-state'])
  const start = startOfChinaDay(effectiveOn)
  await until(new Date(start.getTime() - 1))
  const read = () => get<PersonView & { positionCode: string }>(`/v1/persons/${person.id}`)
  expect(await read()).toMatchObject({ unitCode: 'NORTH', positionCode: 'CLERK' })
  await until(start)
  expect(await read()).toMatchObject({ unitCode: 'SOUTH', positionCode: 'BUYER' })
  expect(await readPlan(plan.id)).toMatchObject({ state: 'done', personId: person.id })
})

test('[A-2.1.3] a plan that is taken back does nothing, and one that was done is not taken back', async () => {
  const plan = await ok<Plan>(plannedJoin({ employeeNumber: 'FUTURE2' }))
  expect(await refusal(withdraw({ ...plan, version: 7 }))).toEqual([412, 'version-stale'])
  const withdrawn = await ok<Plan>(withdraw(plan))
  expect(withdrawn).toMatchObject({ state: 'withdrawn' })
  expect(await refusal(withdraw(withdrawn))).toEqual([409, 'plan-state'])
  await until(startOfChinaDay(day(30)))
  expect(await people('FUTURE2')).toEqual([])
  const done = await ok<Plan>(plannedJoin())
  await until(startOfChinaDay(day(30)))
  expect(await refusal(withdraw(await readPlan(done.id)))).toEqual([409, 'plan-state'])
})

test('the day and the withdrawal at the same moment: one of the two happens', async () => {
  const employeeNumber = 'FUTURE3'
  const plan = await ok<Plan>(plannedJoin({ employeeNumber }))
  const [answer] = await Promise.all([withdraw(plan), until(startOfChinaDay(day(30)))])
  const isThere = (await people(employeeNumber)).length === 1
  const { state } = await readPlan(plan.id)
  expect([state, isThere]).toEqual(
    answer.statusCode === 200 ? ['withdrawn', false] : ['done', true],
  )
})

test('[A-2.1.4] what the rules of the day refuse has failed with the reason, and leaves nothing', async () => {
  const taken = await ok<Plan>(plannedJoin({ employeeNumber: 'FUTURE4' }))
  await joined(stage, { employeeNumber: 'FUTURE4' })
  const person = await joined(stage)
  const leaver = await ok<Plan>(
    post({ kind: 'move', effectiveOn: day(4), personId: person.id, ...THERE }),
  )
  await ok(onPerson(stage, person, 'leave', { kind: 'dismissal' }))
  const gone = randomUUID()
  await register(gone)
  const orphan = await ok<Plan>(
    plannedJoin({ employeeNumber: 'FUTURE5' }, as('SCRIPT', { sub: gone })),
  )
  await stage.db.query(`update client set status = 'disabled' where id = $1`, [gone])
  await until(startOfChinaDay(day(30)))
  expect((await readPlan(taken.id)).problem).toBe('employee-number-taken')
  expect((await readPlan(leaver.id)).problem).toBe('person-left')
  expect((await readPlan(leaver.id)).problemMeaning).toBe(
    'The person has left. Let the person rejoin first.',
  )
  const chinese = await get<Plan>(`/v1/person-plans/${leaver.id}`, {
    ...planner(),
    'accept-language': 'zh-CN',
  })
  expect(chinese.problemMeaning).toBe('人员已离职。请先为该人员办理重新入职。')
  expect(await readPlan(orphan.id)).toMatchObject({
    state: 'failed',
    problem: 'permission-missing',
    personId: null,
  })
  expect(await people('FUTURE5')).toEqual([])
})

const failedPlans = () => toldAttention(stage, { kind: 'person-plan-failed' })
const retry = ({ id, version }: Plan, headers: Record<string, string> = planner()) =>
  call(stage, { method: 'POST', url: `/v1/person-plans/${id}/retry`, headers, version })
const open = (active: boolean) =>
  stage.db.query(`update department set active = $1 where code = 'LATER'`, [active])

/** A plan that failed because its department was closed on the day. */
async function failedPlan(members: object = {}) {
  await open(true)
  const place = { unitCode: 'NORTH', departmentCode: 'LATER', positionCode: 'CLERK' }
  const plan = await ok<Plan>(plannedJoin({ ...place, ...members }))
  await open(false)
  await until(startOfChinaDay(day(30)))
  const failed = await readPlan(plan.id)
  expect(failed).toMatchObject({ state: 'failed', problem: 'department-unknown' })
  return failed
}

test('[A-2.1.3] a plan that failed wants a human until it is retried with success; a move is graver than a joiner', async () => {
  await stage.db.query(`update person_plan set state = 'withdrawn' where state = 'failed'`)
  const employeeNumber = 'AGAIN1'
  const failed = await failedPlan({ employeeNumber })
  expect(await failedPlans()).toMatchObject([
    { subject: failed.id, name: 'join', severity: 'warning', mending: 'retryPersonPlan' },
  ])
  const unitId = company.south.id
  expect(await toldAttention(stage, { kind: 'person-plan-failed', unitId })).toEqual([])
  expect(JSON.stringify(await failedPlans())).not.toContain(employeeNumber)

  const again = await ok<Plan>(retry(failed))
  expect(again).toMatchObject({ state: 'planned', problem: null })
  expect(await failedPlans()).toEqual([])
  await until(stage.now)
  const refused = await readPlan(failed.id)
  expect(refused).toMatchObject({ state: 'failed', problem: 'department-unknown' })

  await open(true)
  await ok(retry(refused))
  await until(stage.now)
  expect(await readPlan(failed.id)).toMatchObject({ state: 'done' })
  expect(await people(employeeNumber)).toHaveLength(1)
  expect(await failedPlans()).toEqual([])

  await stage.db.query(`update person_plan set state = 'failed', kind = 'move' where id = $1`, [
    failed.id,
  ])
  expect(await failedPlans()).toMatchObject([{ severity: 'critical' }])
  await stage.db.query(`update person_plan set state = 'done', kind = 'join' where id = $1`, [
    failed.id,
  ])
})

test('[A-2.1.3] a failed plan is taken back when it is done otherwise, and only one that failed is retried', async () => {
  const failed = await failedPlan()
  expect(await ok<Plan>(withdraw(failed))).toMatchObject({ state: 'withdrawn' })
  expect(await failedPlans()).toEqual([])
  expect(await refusal(retry(await readPlan(failed.id)))).toEqual([409, 'plan-state'])
  const waiting = await ok<Plan>(plannedJoin())
  expect(await refusal(retry(waiting))).toEqual([409, 'plan-state'])
  await ok(withdraw(waiting))
})

test('[A-2.1.3] a plan that is retried twice at the same moment takes effect once', async () => {
  const failed = await failedPlan({ employeeNumber: 'AGAIN2' })
  await open(true)
  const answers = await Promise.all([retry(failed), retry(failed), retry(failed)])
  expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, 412, 412])
  await until(stage.now)
  expect(await people('AGAIN2')).toHaveLength(1)
})

test('[A-2.1.4] a retry is no way around who may: it acts as the planner of then, and nobody retries his own move', async () => {
  const gone = randomUUID()
  await register(gone)
  const person = await joined(stage)
  await open(true)
  const move = { kind: 'move', effectiveOn: day(4), personId: person.id, ...HERE }
  const plan = await ok<Plan>(
    post({ ...move, departmentCode: 'LATER' }, as('SCRIPT', { sub: gone })),
  )
  await stage.db.query(`update client set status = 'disabled' where id = $1`, [gone])
  await until(startOfChinaDay(day(30)))
  const failed = await readPlan(plan.id)
  expect(failed).toMatchObject({ state: 'failed', problem: 'permission-missing' })
  const self = as('SCRIPT', { sub: script, controllers: [person.id] })
  expect(await refusal(retry(failed, self))).toEqual([409, 'same-person'])
  const south = as('SCRIPT', { sub: script, range: 'unit', unit: company.south.id })
  expect(await refusal(retry(failed, south))).toEqual([404, 'not-found'])
  expect(await refusal(retry(failed, as('KEY_USER')))).toEqual([403, 'permission-missing'])
  // Another plan of that day has the say by now.
  const other = await ok<Plan>(post(move))
  expect(await refusal(retry(failed))).toEqual([409, 'plan-state'])
  await ok(withdraw(other))
  await ok(retry(failed))
  await until(stage.now)
  expect(await readPlan(failed.id)).toMatchObject({
    state: 'failed',
    problem: 'permission-missing',
  })
})

test('what can be refused today is refused today', async () => {
  await joined(stage, { employeeNumber: 'HERE1' })
  const person = await joined(stage)
  expect(await refusal(plannedJoin({ effectiveOn: day(0) }))).toEqual([422, 'validation-failed'])
  expect(await refusal(plannedJoin({ employeeNumber: 'here1' }))).toEqual([
    409,
    'employee-number-taken',
  ])
  expect(await refusal(plannedJoin({ unitCode: 'NOWHERE' }))).toEqual([422, 'unit-unknown'])
  const move = { kind: 'move', effectiveOn: day(1), personId: person.id, ...THERE }
  expect(await refusal(post({ ...move, personId: randomUUID() }))).toEqual([404, 'not-found'])
  const self = as('SCRIPT', { sub: script, controllers: [person.id] })
  expect(await refusal(post(move, self))).toEqual([409, 'same-person'])
  for (const role of ['SYSTEM_ADMIN', 'KEY_USER', 'END_USER'] as const)
    expect(await refusal(post(move, as(role)))).toEqual([403, 'permission-missing'])
})

test('a unit plans for itself and sees what comes to it', async () => {
  const south = as('SCRIPT', { sub: script, range: 'unit', unit: company.south.id })
  expect(await refusal(plannedJoin({}, south))).toEqual([403, 'outside-unit'])
  const theirs = await joined(stage)
  const move = { kind: 'move', effectiveOn: day(9), personId: theirs.id, ...THERE }
  expect(await refusal(post(move, south))).toEqual([404, 'not-found'])
  const north = await ok<Plan>(plannedJoin())
  const own = await ok<Plan>(plannedJoin(THERE, south))
  const { items } = await get<{ items: Plan[] }>('/v1/person-plans?state=planned', south)
  expect(items.map(({ id }) => id)).toEqual([own.id])
  const url = `/v1/person-plans/${north.id}`
  expect(await refusal(call(stage, { method: 'GET', url, headers: south }))).toEqual([
    404,
    'not-found',
  ])
  expect(await refusal(withdraw(north, south))).toEqual([404, 'not-found'])
})

test('[A-4.3.1] who will join lies sealed', async () => {
  await ok(plannedJoin({ name: 'Quirinius', employeeNumber: 'XQ77' }))
  const clear: unknown[] = await stage.db.query(
    `select from person_plan p where p::text ~* 'quirinius|xq77'
     union all select from outbox where payload::text ~* 'quirinius|xq77'
     union all select from idempotency_key k where k::text ~* 'quirinius|xq77'`,
  )
  expect(clear).toEqual([])
})

test('[A-4.3.1] plans follow a new key, so that the old one can go', async () => {
  const plan = await ok<Plan>(plannedJoin({ name: 'Quirinius' }))
  const key = Buffer.alloc(32, 9).toString('base64')
  const both = createPersonalData(`${key},${TEST_PERSONAL_DATA_KEYS}`, TEST_PERSONAL_INDEX_KEY)
  holdPersonalData(stage.db, both)
  await sealInClear(stage.db, stage.now)
  const after: { sealed: string }[] = await stage.db.query('select sealed from person_plan')
  expect(after.filter(({ sealed }) => !sealed.startsWith(`${both.sealingKeyId}.`))).toEqual([])
  holdPersonalData(stage.serviceDb, createPersonalData(key, TEST_PERSONAL_INDEX_KEY))
  expect(await readPlan(plan.id)).toMatchObject({ name: 'Quirinius' })
})
