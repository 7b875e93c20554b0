import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { queuedEvents } from '@erp-steward/test-kit/queued-events'
import { runTask } from '@erp-steward/test-kit/run-task'
import type { TestService } from '@erp-steward/test-kit/test-service'
import { AccountEntity } from '../../src/accounts/account.ts'
import { rolesOfAccount } from '../../src/accounts/roles-of-account.ts'
import {
  addAccount,
  claimsOf,
  identityStage,
  pass,
  setPassword,
  signedIn,
} from '../account-stage.ts'
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
  workOff,
  type PersonView,
} from '../directory-stage.ts'

interface Grant {
  readonly id: string
  readonly personId: string
  readonly kind: string
  readonly name: string
  readonly state: string
  readonly positionCode: string | null
  readonly positionVersion: number | null
  readonly ownerUnitId: string | null
  readonly approvedBy: string | null
  readonly startsAt: string
  readonly endedAt: string | null
  readonly endReason: string | null
  readonly version: number
}

let stage: TestService
let company: Awaited<ReturnType<typeof smallCompany>>

const clerk = {
  responsibilities: [responsibility('SQLGL', 'GL_CLERK'), responsibility('SQLAP', 'AP_VIEW')],
}

beforeAll(async () => {
  stage = await identityStage()
  company = await smallCompany(stage)
  await setRights(stage, 'CLERK', { roles: ['END_USER'], ...clerk })
  await setRights(stage, 'BUYER', { roles: ['KEY_USER'], ebsRoles: ['UMX|BUYER'] })
})
afterAll(() => stage.release())

const get = (url: string, headers = as('AUDIT_ADMIN')) =>
  call(stage, { method: 'GET', url, headers })

const listed = async (query: string) =>
  (await ok<{ items: Grant[] }>(get(`/v1/grants?limit=200&${query}`))).items

const names = (grants: readonly Grant[]) => grants.map(({ name }) => name).sort()

const end = (
  { id, version }: Grant,
  headers = as('SECURITY_ADMIN'),
  payload: object = { reason: 'no longer needed' },
) => call(stage, { method: 'POST', url: `/v1/grants/${id}/end`, headers, payload, version })

const rolesAt = async ({ accountId }: PersonView, at: Date) =>
  rolesOfAccount(
    stage.db.manager,
    await stage.db.manager.findOneByOrFail(AccountEntity, { id: accountId }),
    at,
  )

/** Gives what the person holds an end, as a grant for a time has. */
const limit = (person: PersonView, endsAt: Date, kind = 'role') =>
  stage.db.query(`update access_grant set ends_at = $2 where person_id = $1 and kind = $3`, [
    person.id,
    endsAt,
    kind,
  ])

test('[A-2.1.2][A-4.3.3] a joiner holds what the matrix gives, each with its version, beginning and owner', async () => {
  const person = await joined(stage)
  const grants = await listed(`personId=${person.id}`)
  expect(names(grants)).toEqual(['END_USER', 'SQLAP|AP_VIEW|STANDARD', 'SQLGL|GL_CLERK|STANDARD'])
  for (const grant of grants)
    expect(grant).toMatchObject({
      personId: person.id,
      source: 'position',
      positionCode: 'CLERK',
      positionVersion: 1,
      state: 'in-force',
      startsAt: stage.now.toISOString(),
      endsAt: null,
      ownerUnitId: company.north.id,
      approvedBy: null,
      sod: 'clear',
    })
  const own = await ok<{ items: Grant[] }>(get(`/v1/persons/${person.id}/grants?kind=role`))
  expect(names(own.items)).toEqual(['END_USER'])
})

test('[A-2.1.4] a mover holds nothing until the new set is approved, and what ended says why', async () => {
  const person = await joined(stage)
  const place = { unitCode: 'SOUTH', departmentCode: 'FIN', positionCode: 'BUYER' }
  pass(stage, 1_000)
  await ok(onPerson(stage, person, 'move', place))
  expect(await listed(`personId=${person.id}&state=in-force`)).toEqual([])
  for (const grant of await listed(`personId=${person.id}&state=ended`))
    expect(grant).toMatchObject({ endReason: 'moved', endedAt: stage.now.toISOString() })
  await grantWaiting(stage, person.id)
  const now = await listed(`personId=${person.id}&state=in-force`)
  expect(names(now)).toEqual(['KEY_USER', 'UMX|BUYER'])
  expect(now[0]).toMatchObject({ positionCode: 'BUYER', ownerUnitId: company.south.id })
  expect(now[0]?.approvedBy).not.toBeNull()
})

test('[A-2.1.4] a leaver holds nothing, and comes back with nothing until it is approved', async () => {
  const person = await joined(stage)
  const left = await ok<PersonView>(onPerson(stage, person, 'leave', { kind: 'resignation' }))
  expect(await listed(`personId=${person.id}&state=in-force`)).toEqual([])
  expect(await listed(`personId=${person.id}&state=ended`)).toHaveLength(3)
  const place = { unitCode: 'NORTH', departmentCode: 'FIN', positionCode: 'CLERK' }
  await ok(onPerson(stage, left, 'rejoin', place))
  expect(await listed(`personId=${person.id}&state=in-force`)).toEqual([])
  await grantWaiting(stage, person.id)
  expect(await listed(`personId=${person.id}&state=in-force`)).toHaveLength(3)
})

test('[A-2.1.2] each approved set of a position is a version that stays, and holders get the difference', async () => {
  await put(stage, '/v1/positions/CASHIER', { name: '出纳' })
  const versions = async (query = '') =>
    (
      await ok<{ items: { version: number; roles: string[]; validTo: string | null }[] }>(
        get(`/v1/positions/CASHIER/versions${query}`),
      )
    ).items
  expect(await versions()).toEqual([])
  await setRights(stage, 'CASHIER', {
    roles: ['END_USER'],
    responsibilities: [responsibility('CE', 'CASH'), responsibility('SQLAP', 'AP_PAY')],
  })
  const first = stage.now
  const [one, two] = [
    await joined(stage, { positionCode: 'CASHIER' }),
    await joined(stage, { positionCode: 'CASHIER' }),
  ]
  await workOff(stage)
  pass(stage, 60_000)
  await setRights(stage, 'CASHIER', {
    roles: ['END_USER', 'KEY_USER'],
    responsibilities: [responsibility('CE', 'CASH')],
  })
  const both = await listed('positionCode=CASHIER&state=in-force')
  for (const { id, userName } of [one, two]) {
    const own = both.filter(({ personId }) => personId === id)
    expect(
      own.map(({ name, positionVersion }) => `${name} ${String(positionVersion)}`).sort(),
    ).toEqual(['CE|CASH|STANDARD 1', 'END_USER 1', 'KEY_USER 2'])
    const tasks = await tasksOf(stage, userName)
    expect(tasks.filter(({ status }) => status === 'queued').map(({ kind }) => kind)).toEqual([
      'end-responsibility',
    ])
  }
  const all = await versions()
  expect(all.map(({ version, roles }) => [version, roles])).toEqual([
    [1, ['END_USER']],
    [2, ['END_USER', 'KEY_USER']],
  ])
  expect(all.map(({ validTo }) => validTo)).toEqual([stage.now.toISOString(), null])
  const at = (instant: Date) => versions(`?at=${instant.toISOString()}`)
  expect((await at(first)).map(({ version }) => version)).toEqual([1])
  expect((await at(new Date(stage.now.getTime() - 1))).map(({ version }) => version)).toEqual([1])
  expect((await at(stage.now)).map(({ version }) => version)).toEqual([2])
  expect(await at(new Date(first.getTime() - 1))).toEqual([])
})

test('[A-4.3.3] a grant is out of force at the instant of its end, though nothing ran', async () => {
  const person = await joined(stage)
  const endsAt = new Date(stage.now.getTime() + 10_000)
  await limit(person, endsAt)
  const before = new Date(endsAt.getTime() - 1)
  expect((await rolesAt(person, before)).roles).toEqual(['END_USER'])
  expect((await rolesAt(person, before)).until).toEqual(endsAt)
  expect((await rolesAt(person, endsAt)).roles).toEqual([])
  pass(stage, 10_000)
  expect(await listed(`personId=${person.id}&state=in-force&kind=role`)).toEqual([])
  const [ended] = await listed(`personId=${person.id}&state=ended`)
  expect(ended).toMatchObject({ name: 'END_USER', endedAt: null })
})

test('[A-4.3.3] a token does not outlive the first of its roles', async () => {
  const account = await addAccount(stage)
  await setPassword(stage, account)
  const person = { id: String(account.personId) } as PersonView
  await limit(person, new Date(stage.now.getTime() + 60_000))
  const { accessToken } = await signedIn(stage, account)
  const { iat, exp, roles } = claimsOf(accessToken)
  expect([Number(exp) - Number(iat), roles]).toEqual([60, ['END_USER']])
  pass(stage, 60_000)
  expect(claimsOf((await signedIn(stage, account)).accessToken).roles).toEqual([])
})

test('[A-2.1.4] an end that has come is told once, reaches EBS, and voids tokens where it was a role', async () => {
  const person = await joined(stage)
  await workOff(stage)
  const endsAt = new Date(stage.now.getTime() + 5_000)
  await limit(person, endsAt)
  await limit(person, endsAt, 'ebs-responsibility')
  pass(stage, 4_999)
  await runTask(stage, 'expire-grants')
  expect(await listed(`personId=${person.id}&state=in-force`)).toHaveLength(3)
  pass(stage, 60_000)
  await Promise.all([runTask(stage, 'expire-grants'), runTask(stage, 'expire-grants')])
  const told = (await queuedEvents(stage.db)).filter(
    ({ type, subject }) => type === 'identity.grant.ended.v1' && subject === person.id,
  )
  expect(told).toHaveLength(1)
  for (const grant of await listed(`personId=${person.id}`))
    expect(grant).toMatchObject({ endReason: 'expired', endedAt: endsAt.toISOString() })
  const queued = (await tasksOf(stage, person.userName)).filter(({ status }) => status === 'queued')
  expect(queued.map(({ kind }) => kind)).toEqual(['end-responsibility', 'end-responsibility'])
})

test('[A-2.1.4][A-4.3.3] the security administrator ends one grant, at once, here and in EBS', async () => {
  const person = await joined(stage)
  await workOff(stage)
  const grants = await listed(`personId=${person.id}`)
  const role = grants.find(({ kind }) => kind === 'role')
  const ledger = grants.find(({ name }) => name.startsWith('SQLGL'))
  if (role === undefined || ledger === undefined) throw new Error('no grants')
  expect(await ok(end(ledger))).toMatchObject({ state: 'ended', endReason: 'no longer needed' })
  const tasks = await tasksOf(stage, person.userName)
  expect(tasks.at(-1)).toMatchObject({ kind: 'end-responsibility', status: 'queued' })
  expect((await rolesAt(person, stage.now)).roles).toEqual(['END_USER'])
  await ok(end(role))
  expect((await rolesAt(person, stage.now)).roles).toEqual([])
  expect(await refusal(end({ ...role, version: 2 }))).toEqual([409, 'grant-ended'])
  // What was ended for one does not come back when the position gets more.
  await put(stage, '/v1/positions/CLERK', { name: '会计' })
  const more = [...clerk.responsibilities, responsibility('FA', 'ASSETS')]
  await setRights(stage, 'CLERK', { roles: ['END_USER'], responsibilities: more })
  expect(names(await listed(`personId=${person.id}&state=in-force`))).toEqual([
    'FA|ASSETS|STANDARD',
    'SQLAP|AP_VIEW|STANDARD',
  ])
})

test('of two who end one grant at once one does', async () => {
  const [grant] = await listed(`personId=${(await joined(stage)).id}&kind=role`)
  if (grant === undefined) throw new Error('no grant')
  const answers = await Promise.all([end(grant), end(grant)])
  expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, 412])
})

test('an end and a move at once leave nothing in force and no grant ended twice', async () => {
  const person = await joined(stage)
  const [grant] = await listed(`personId=${person.id}&kind=role`)
  if (grant === undefined) throw new Error('no grant')
  const place = { unitCode: 'SOUTH', departmentCode: 'FIN', positionCode: 'BUYER' }
  await Promise.all([end(grant), onPerson(stage, person, 'move', place)])
  expect(await listed(`personId=${person.id}&state=in-force`)).toEqual([])
  const ended = (await queuedEvents(stage.db))
    .filter(({ type, subject }) => type === 'identity.grant.ended.v1' && subject === person.id)
    .flatMap(({ data }) => (data as { grants: { grantId: string }[] }).grants)
    .map(({ grantId }) => grantId)
  expect(new Set(ended).size).toBe(ended.length)
})

test('[A-4.3.3] nobody ends a grant of his own, and only the security administrator any', async () => {
  const person = await joined(stage)
  const [grant] = await listed(`personId=${person.id}&kind=role`)
  if (grant === undefined) throw new Error('no grant')
  const own = as('SECURITY_ADMIN', { sub: randomUUID(), person: person.id })
  expect(await refusal(end(grant, own))).toEqual([409, 'same-person'])
  for (const role of ['SYSTEM_ADMIN', 'OM_AUTHORITY', 'SCRIPT'] as const)
    expect(await refusal(end(grant, as(role)))).toEqual([403, 'permission-missing'])
})

test('[A-4.3.3] who answers for a unit sees what its people hold, and nobody else', async () => {
  const person = await joined(stage)
  const of = (unit: string) => as('BUSINESS_OWNER', { sub: randomUUID(), unit, range: 'unit' })
  const url = `/v1/persons/${person.id}/grants`
  expect((await ok<{ items: Grant[] }>(get(url, of(company.north.id)))).items).not.toEqual([])
  expect(await refusal(get(url, of(company.south.id)))).toEqual([404, 'not-found'])
  const [grant] = await listed(`personId=${person.id}`)
  expect(await refusal(get(`/v1/grants/${String(grant?.id)}`, of(company.south.id)))).toEqual([
    404,
    'not-found',
  ])
  expect(await refusal(get(url, as('END_USER')))).toEqual([403, 'permission-missing'])
})

test('the list is paged without a gap, and finds what ends before a day', async () => {
  const person = await joined(stage)
  const whole = await listed(`personId=${person.id}`)
  const paged: Grant[] = []
  let cursor = ''
  do {
    const { items, next } = await ok<{ items: Grant[]; next: string | null }>(
      get(`/v1/grants?personId=${person.id}&limit=1${cursor}`),
    )
    paged.push(...items)
    cursor = next === null ? '' : `&cursor=${next}`
  } while (cursor !== '')
  expect(paged).toEqual(whole)
  await limit(person, new Date(stage.now.getTime() + 86_400_000))
  const before = (ms: number) =>
    listed(`personId=${person.id}&endsBefore=${new Date(stage.now.getTime() + ms).toISOString()}`)
  expect(names(await before(86_400_001))).toEqual(['END_USER'])
  expect(await before(86_400_000)).toEqual([])
})

test('[A-2.1.2] no grant is without an end and an owner', async () => {
  await expect(
    stage.db.query('update access_grant set owner_unit_id = null where ends_at is null'),
  ).rejects.toThrow('access_grant_owner_check')
})

test('an account that was disabled and enabled holds its position anew, once', async () => {
  const person = await joined(stage, { positionCode: 'BUYER' })
  const subject = { accountId: person.accountId }
  await ok(approve(stage, await ask(stage, { kind: 'disable-account', ...subject })))
  expect(await listed(`personId=${person.id}&state=in-force`)).toEqual([])
  await ok(approve(stage, await ask(stage, { kind: 'enable-account', ...subject })))
  expect(names(await listed(`personId=${person.id}&state=in-force`))).toEqual([
    'KEY_USER',
    'UMX|BUYER',
  ])
})

test('[A-2.1.2] people of before the register of grants hold what their position gave them', async () => {
  const people = await identityStage()
  await smallCompany(people)
  await setRights(people, 'CLERK', { roles: ['END_USER'], ...clerk })
  const [one, gone, moved] = [await joined(people), await joined(people), await joined(people)]
  await ok(onPerson(people, gone, 'leave', { kind: 'resignation' }))
  const place = { unitCode: 'SOUTH', departmentCode: 'FIN', positionCode: 'CLERK' }
  await ok(onPerson(people, moved, 'move', place))
  const isThere = async () => {
    const [row]: { there: boolean }[] = await people.db.query(
      `select to_regclass('access_grant') is not null as there`,
    )
    return row?.there === true
  }
  while (await isThere()) await people.db.undoLastMigration()
  await people.db.runMigrations()
  const held: { personId: string; name: string; version: number }[] = await people.db.query(
    `select person_id as "personId", name, position_version as version from access_grant order by name`,
  )
  const versions: unknown[] = await people.db.query(
    `select version, approved_by is not null as approved from position_version`,
  )
  await people.release()
  expect(held).toEqual(
    ['END_USER', 'SQLAP|AP_VIEW|STANDARD', 'SQLGL|GL_CLERK|STANDARD'].map((name) => ({
      personId: one.id,
      name,
      version: 1,
    })),
  )
  expect(versions).toEqual([{ version: 1, approved: true }])
})
