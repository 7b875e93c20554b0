import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import { testAct } from '@erp-steward/test-kit/test-act'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { disableAccount } from '../../src/accounts/disable-account.ts'
import { freezeAccount } from '../../src/accounts/freeze-account.ts'
import { lockAccount } from '../../src/accounts/lock-account.ts'
import { rolesOfAccount } from '../../src/accounts/roles-of-account.ts'
import { chinaDay, startOfChinaDay } from '../../src/people/rules/china-day.ts'
import { identityStage } from '../account-stage.ts'
import {
  as,
  call,
  countFacts,
  factsAbout,
  grantWaiting,
  join,
  joined,
  ok,
  onPerson,
  put,
  refusal,
  responsibility,
  setRights,
  smallCompany,
  tasksOf,
  workOff,
  type PersonView,
} from '../directory-stage.ts'

let stage: TestService
let company: Awaited<ReturnType<typeof smallCompany>>
const DAY_MS = 86_400_000

beforeAll(async () => {
  stage = await identityStage()
  company = await smallCompany(stage)
  await setRights(stage, 'CLERK', {
    roles: ['END_USER'],
    responsibilities: [responsibility('SQLGL', 'GL_CLERK'), responsibility('SQLAP', 'AP_VIEW')],
  })
  await setRights(stage, 'BUYER', {
    roles: ['KEY_USER'],
    responsibilities: [responsibility('PO', 'BUYER'), responsibility('SQLAP', 'AP_VIEW')],
    ebsRoles: ['UMX|BUYER'],
  })
})
afterAll(() => stage.release())

const accountOf = ({ accountId }: PersonView) =>
  ok<{ status: string; roles: string[]; version: number; disabledReason: string }>(
    call(stage, {
      method: 'GET',
      url: `/v1/accounts/${accountId}`,
      headers: as('SECURITY_ADMIN'),
    }),
  )

const epochOf = async ({ accountId }: PersonView) => {
  const [row]: { epoch: number }[] = await stage.db.query(
    'select epoch from account where id = $1',
    [accountId],
  )
  return row?.epoch
}

const kinds = async (userName: string) =>
  (await tasksOf(stage, userName)).map(({ kind, status }) => `${kind} ${status}`)

const dayFromNow = (days: number) => chinaDay(new Date(stage.now.getTime() + days * DAY_MS))

/** Runs the job of the leave date as the clockwork would. */
async function takeLeave(personId: string, leaveOn: string) {
  const task = stage.tasks.find(({ name }) => name === 'take-leave')
  if (task === undefined) throw new Error('there is no task take-leave')
  const act = testAct({ now: stage.now, actor: 'service:identity', role: 'SERVICE' })
  await stage.db.transaction((tx) => task.run(tx, { personId, leaveOn }, act))
}

test('[A-2.1.1][A-2.1.2] a joiner has an account with the roles of the position and the EBS calls for it', async () => {
  const person = await joined(stage, { email: 'zhang.san@example.cn' })
  expect(person.userName).toBe('ZHANG.SAN')
  expect(await accountOf(person)).toMatchObject({ status: 'active', roles: ['END_USER'] })
  expect(await factsAbout(stage, person.id)).toEqual([
    'identity.directory.person-changed.v1',
    'identity.grant.applied.v1',
    'identity.directory.standing-changed.v1',
  ])
  expect(await factsAbout(stage, person.accountId)).toEqual([
    'identity.account.created.v1',
    'identity.provisioning.queued.v1',
    'identity.provisioning.queued.v1',
    'identity.provisioning.queued.v1',
  ])
  const [create, grant] = await tasksOf(stage, person.userName)
  expect(create?.call).toEqual({
    procedure: 'FND_USER_PKG.CreateUser',
    arguments: {
      x_user_name: 'ZHANG.SAN',
      x_owner: 'CUST',
      x_start_date: chinaDay(stage.now),
      x_end_date: null,
      x_description: `张三 (${person.employeeNumber})`,
      x_password_date: null,
      x_password_lifespan_days: 90,
      x_email_address: 'zhang.san@example.cn',
    },
  })
  expect(grant?.call).toMatchObject({
    procedure: 'FND_USER_PKG.AddResp',
    arguments: { username: 'ZHANG.SAN', resp_app: 'SQLGL', resp_key: 'GL_CLERK' },
  })
})

test('two people of one name get two user names', async () => {
  const first = await joined(stage, { email: 'li.si@example.cn', employeeNumber: 'A10001' })
  const second = await joined(stage, { email: 'li.si@example.com', employeeNumber: 'A10002' })
  expect([first.userName, second.userName]).toEqual(['LI.SI', 'LI.SI0002'])
})

test('a user name that EBS is delivered with, or that is taken, is refused and leaves no person', async () => {
  await joined(stage, { accountUserName: 'TAKEN' })
  for (const accountUserName of ['SYSADMIN', 'TAKEN'])
    expect(await refusal(join(stage, { employeeNumber: 'NOBODY', accountUserName }))).toEqual([
      409,
      'user-name-taken',
    ])
  const { items } = await ok<{ items: unknown[] }>(
    call(stage, {
      method: 'GET',
      url: '/v1/persons?employeeNumber=NOBODY',
      headers: as('SCRIPT'),
    }),
  )
  expect(items).toEqual([])
})

test('[A-1.2] a joiner without a known unit, department or position is refused', async () => {
  const members = [{ unitCode: 'X' }, { departmentCode: 'X' }, { positionCode: 'X' }]
  const codes = []
  for (const each of members) codes.push((await refusal(join(stage, each)))[1])
  expect(codes).toEqual(['unit-unknown', 'department-unknown', 'position-unknown'])
})

test('of ten joiners with one number one joins', async () => {
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => join(stage, { employeeNumber: 'RACE' })),
  )
  const statuses = answers.map(({ statusCode }) => statusCode).sort()
  expect(statuses).toEqual([201, ...Array<number>(9).fill(409)])
})

test('a repeated key answers the same joiner', async () => {
  const headers = { ...as('SCRIPT'), 'idempotency-key': randomUUID() }
  const once = await join(stage, { employeeNumber: 'ONCE' }, headers)
  const twice = await join(stage, { employeeNumber: 'ONCE' }, headers)
  expect(twice.statusCode).toBe(201)
  expect(twice.json()).toEqual(once.json())
})

test('[A-2.1.4] a mover loses the old set and every token at once, and gets the new one by approval', async () => {
  const person = await joined(stage)
  await workOff(stage)
  const before = await epochOf(person)
  const place = { unitCode: 'SOUTH', departmentCode: 'FIN', positionCode: 'BUYER' }
  const moved = await ok<PersonView>(onPerson(stage, person, 'move', place))
  expect(moved).toMatchObject({ unitCode: 'SOUTH', version: 2 })
  expect(await kinds(person.userName)).toEqual([
    'create-user done',
    'add-responsibility done',
    'add-responsibility done',
    'end-responsibility queued',
    'end-responsibility queued',
  ])
  expect(await epochOf(person)).toBe(Number(before) + 1)
  expect(await accountOf(person)).toMatchObject({ roles: [], rightsPending: true })
  await grantWaiting(stage, person.id)
  expect((await kinds(person.userName)).slice(5)).toEqual([
    'add-responsibility queued',
    'add-responsibility queued',
    'add-role queued',
  ])
  expect(await epochOf(person)).toBe(Number(before) + 2)
  expect(await accountOf(person)).toMatchObject({ roles: ['KEY_USER'], rightsPending: false })
  expect(await factsAbout(stage, person.accountId)).toEqual(
    expect.arrayContaining(['identity.account.revoked.v1', 'identity.account.roles-changed.v1']),
  )
})

test('a move to where the person is changes nothing', async () => {
  const person = await joined(stage)
  const before = await countFacts(stage)
  const place = { unitCode: 'NORTH', departmentCode: 'FIN', positionCode: 'CLERK' }
  const same = await ok<PersonView>(onPerson(stage, person, 'move', place))
  expect(same.version).toBe(person.version)
  expect(await countFacts(stage)).toBe(before)
})

test('a new name reaches EBS; an address is taken away with the constant of EBS', async () => {
  const person = await joined(stage, { email: 'wang@example.cn' })
  const changed = await call(stage, {
    method: 'PATCH',
    url: `/v1/persons/${person.id}`,
    headers: as('SCRIPT'),
    version: 1,
    payload: { name: '王五', email: null },
  })
  expect(changed.json()).toMatchObject({ name: '王五', email: null, version: 2 })
  const update = (await tasksOf(stage, person.userName)).at(-1)
  expect(update).toMatchObject({
    kind: 'update-user',
    call: { arguments: { x_email_address: '*NULL*' } },
    expected: { emailAddress: null },
  })
})

test('[A-2.1.4] a leaver of today is out at once: account, tokens and EBS in one commit', async () => {
  const person = await joined(stage)
  await workOff(stage)
  const left = await ok<PersonView>(onPerson(stage, person, 'leave', { kind: 'resignation' }))
  expect(left).toMatchObject({ active: false, leftOn: chinaDay(stage.now) })
  expect(await accountOf(person)).toMatchObject({ status: 'disabled', roles: [] })
  expect(await epochOf(person)).toBe(1)
  expect((await kinds(person.userName)).slice(3)).toEqual([
    'end-date-user queued',
    'end-responsibility queued',
    'end-responsibility queued',
  ])
  const events = await queuedEvents(stage.db)
  const disabled = events.find(
    ({ subject, type }) => subject === person.accountId && type === 'identity.account.disabled.v1',
  )
  const lagSeconds = Math.floor(
    (stage.now.getTime() - startOfChinaDay(chinaDay(stage.now)).getTime()) / 1_000,
  )
  expect(disabled?.data).toMatchObject({
    leave: { lagSeconds, targetSeconds: 86_400, withinTarget: true, parameterVersion: 0 },
  })
})

test('[A-2.1.3][A-2.1.4] a late notice shows its lag and that the target was missed', async () => {
  const person = await joined(stage)
  const leaveOn = dayFromNow(-3)
  await ok(onPerson(stage, person, 'leave', { kind: 'retirement', leaveOn }))
  const events = await queuedEvents(stage.db)
  const noticed = events.find(
    ({ subject, type }) => subject === person.id && type === 'identity.directory.leave-noticed.v1',
  )
  const lagSeconds = Math.floor((stage.now.getTime() - startOfChinaDay(leaveOn).getTime()) / 1_000)
  expect(noticed?.data).toMatchObject({ leaveOn, lagSeconds })
  const disabled = events.find(
    ({ subject, type }) => subject === person.accountId && type === 'identity.account.disabled.v1',
  )
  expect(disabled?.data).toMatchObject({ leave: { lagSeconds, withinTarget: false } })
})

test('[A-2.1.4] a leaver whose user EBS never got is taken out of the queue', async () => {
  const person = await joined(stage)
  await ok(onPerson(stage, person, 'leave', { kind: 'resignation' }))
  expect(await kinds(person.userName)).toEqual([
    'create-user superseded',
    'add-responsibility superseded',
    'add-responsibility superseded',
  ])
})

test('[A-2.1.4] a leave of the future takes effect on its date by a job, and once', async () => {
  const person = await joined(stage)
  const leaveOn = dayFromNow(10)
  const noticed = await ok<PersonView>(
    onPerson(stage, person, 'leave', { kind: 'contract-end', leaveOn }),
  )
  expect(noticed).toMatchObject({ active: true, leaveOn, leftOn: null })
  const [job]: { run_at: Date }[] = await stage.db.query(
    `select run_at from identity_jobs.jobs where key = $1`,
    [`take-leave:${person.id}`],
  )
  expect(job?.run_at).toEqual(startOfChinaDay(leaveOn))
  expect(await accountOf(person)).toMatchObject({ status: 'active' })
  await takeLeave(person.id, leaveOn)
  expect(await accountOf(person)).toMatchObject({ status: 'disabled' })
  const before = await countFacts(stage)
  await takeLeave(person.id, leaveOn)
  expect(await countFacts(stage)).toBe(before)
})

test('[A-2.1.3] a notice that was withdrawn or changed finds nothing to do on its first date', async () => {
  const person = await joined(stage)
  const leaveOn = dayFromNow(5)
  const noticed = await ok<PersonView>(
    onPerson(stage, person, 'leave', { kind: 'resignation', leaveOn }),
  )
  const later = await ok<PersonView>(
    onPerson(stage, noticed, 'leave', { kind: 'resignation', leaveOn: dayFromNow(9) }),
  )
  await takeLeave(person.id, leaveOn)
  expect(await accountOf(person)).toMatchObject({ status: 'active' })
  const stayed = await ok<PersonView>(onPerson(stage, later, 'withdraw-leave'))
  await takeLeave(person.id, dayFromNow(9))
  expect(await accountOf(person)).toMatchObject({ status: 'active' })
  expect(await refusal(onPerson(stage, stayed, 'withdraw-leave'))).toEqual([
    409,
    'no-leave-noticed',
  ])
})

test('[A-2.1.4] a dismissal takes effect at once whatever date is named', async () => {
  const person = await joined(stage)
  const left = await ok<PersonView>(
    onPerson(stage, person, 'leave', { kind: 'dismissal', leaveOn: dayFromNow(30) }),
  )
  expect(left).toMatchObject({ active: false, leftOn: chinaDay(stage.now) })
  const events = await queuedEvents(stage.db)
  const disabled = events.find(
    ({ subject, type }) => subject === person.accountId && type === 'identity.account.disabled.v1',
  )
  expect(disabled?.data).toMatchObject({
    leave: { lagSeconds: 0, targetSeconds: 0, withinTarget: true },
  })
})

test('who has left cannot move, leave again or join under the number; rejoining opens the account, approval its rights', async () => {
  const person = await joined(stage)
  await workOff(stage)
  const left = await ok<PersonView>(onPerson(stage, person, 'leave', { kind: 'resignation' }))
  const place = { unitCode: 'NORTH', departmentCode: 'IT', positionCode: 'BUYER' }
  expect(await refusal(onPerson(stage, left, 'move', place))).toEqual([409, 'person-left'])
  expect(await refusal(onPerson(stage, left, 'leave', { kind: 'dismissal' }))).toEqual([
    409,
    'person-left',
  ])
  const { employeeNumber } = person
  expect(await refusal(join(stage, { employeeNumber }))).toEqual([409, 'employee-number-taken'])
  const back = await ok<PersonView>(onPerson(stage, left, 'rejoin', place))
  expect(back).toMatchObject({ active: true, leftOn: null, accountId: person.accountId })
  expect(await accountOf(person)).toMatchObject({ status: 'active', roles: [] })
  await grantWaiting(stage, person.id)
  expect(await accountOf(person)).toMatchObject({ status: 'active', roles: ['KEY_USER'] })
  const returned = (await kinds(person.userName)).slice(-5)
  expect(returned).toEqual([
    'enable-user queued',
    'update-user queued',
    'add-responsibility queued',
    'add-responsibility queued',
    'add-role queued',
  ])
  expect(await refusal(onPerson(stage, back, 'rejoin', place))).toEqual([409, 'person-active'])
})

test.each(['freeze', 'disable'] as const)(
  '[A-2.1.8] an account shut before its person left stays shut when the person rejoins: %s',
  async (how) => {
    const person = await joined(stage)
    const { accountId } = person
    await stage.db.transaction(async (tx) => {
      const held = await lockAccount(tx, accountId)
      if (held === null) throw new Error('there is no account')
      const act = testAct({ now: stage.now })
      if (how === 'freeze') await freezeAccount(tx, held, 'stolen laptop', act)
      else {
        const end = { reason: 'lent to others', endDate: dayFromNow(0), leave: null }
        await disableAccount(tx, held, end, act)
      }
    })
    const left = await ok<PersonView>(onPerson(stage, person, 'leave', { kind: 'resignation' }))
    const place = { unitCode: 'NORTH', departmentCode: 'IT', positionCode: 'BUYER' }
    const back = await ok<PersonView>(onPerson(stage, left, 'rejoin', place))
    expect(back).toMatchObject({ active: true, accountId })
    expect(await accountOf(person)).toMatchObject({ status: 'disabled' })
    const after = (await kinds(person.userName)).filter((task) => task.startsWith('enable-user'))
    expect(after).toEqual([])
  },
)

test('of ten leaves at once one takes effect', async () => {
  const person = await joined(stage)
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => onPerson(stage, person, 'leave', { kind: 'resignation' })),
  )
  const statuses = answers.map(({ statusCode }) => statusCode).sort()
  expect(statuses).toEqual([200, ...Array<number>(9).fill(412)])
  const facts = await factsAbout(stage, person.accountId)
  expect(facts.filter((type) => type === 'identity.account.disabled.v1')).toHaveLength(1)
})

test('a caller of a unit neither sees nor changes people of another', async () => {
  const person = await joined(stage)
  const headers = as('SCRIPT', { range: 'unit', unit: company.south.id })
  const read = call(stage, { method: 'GET', url: `/v1/persons/${person.id}`, headers })
  expect(await refusal(read)).toEqual([404, 'not-found'])
  const leave = onPerson(stage, person, 'leave', { kind: 'dismissal' }, headers)
  expect(await refusal(leave)).toEqual([404, 'not-found'])
  expect(await refusal(join(stage, {}, headers))).toEqual([403, 'outside-unit'])
  const { items } = await ok<{ items: PersonView[] }>(
    call(stage, { method: 'GET', url: '/v1/persons?limit=200', headers }),
  )
  expect(items.every(({ unitCode }) => unitCode === 'SOUTH')).toBe(true)
})

test.each(['SYSTEM_ADMIN', 'SECURITY_ADMIN', 'KEY_USER', 'END_USER'] as const)(
  '%s may not take people in',
  async (role) => {
    expect(await refusal(join(stage, {}, as(role)))).toEqual([403, 'permission-missing'])
  },
)

test.each([
  ['a date that does not exist', { kind: 'resignation', leaveOn: '2026-02-30' }],
  ['an unknown kind', { kind: 'vacation' }],
  ['no kind', {}],
])('%s is refused as a leave', async (_what, payload) => {
  const person = await joined(stage)
  expect(await refusal(onPerson(stage, person, 'leave', payload))).toEqual([
    422,
    'validation-failed',
  ])
})

test('[A-2.1.2] only the position gives roles, and company-wide ones see every unit', async () => {
  await put(stage, '/v1/positions/CHIEF', { name: 'Chief' })
  const person = await joined(stage, { positionCode: 'CHIEF' })
  const account = { administratorRole: null, personId: person.id }
  expect(await rolesOfAccount(stage.db.manager, account, stage.now)).toEqual({
    roles: [],
    unitId: company.north.id,
    range: 'unit',
    until: null,
  })
  await setRights(stage, 'CHIEF', { roles: ['OM_AUTHORITY', 'END_USER'] })
  expect(await rolesOfAccount(stage.db.manager, account, stage.now)).toEqual({
    roles: ['OM_AUTHORITY', 'END_USER'],
    unitId: company.north.id,
    range: 'company',
    until: null,
  })
})
